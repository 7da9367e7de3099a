#ifndef WEFT_NATIVE_STREAM_WIRE_H
#define WEFT_NATIVE_STREAM_WIRE_H

/* What the files of streams offer each other and what stands close to them: HTTP's server, WebSockets. */

#include "stream.h"

/* stream.c: something that was written has gone, or failed: a stream that lingers may end. */
void weft__stream_written(weft_stream *stream);
bool weft__stream_is_sound(const weft_stream *stream);
size_t weft__wire_address(const uv_handle_t *handle, bool peer, char *buffer, size_t size);

/* stream_input.c */
void weft__stream_stop(weft_stream *stream); /* libuv reads no more */
void weft__input_drop(weft_stream *stream);
void weft__input_consume(weft_stream *stream, size_t size);
void weft__input_put_back(weft_stream *stream, const char *data, size_t size); /* before all that is in it */
static inline size_t weft__input_size(const weft_stream *stream) {
    return stream->input_end - stream->input_start;
}

/* stream_write.c: those who wait for output look at it again; one begins and ends to wait until no more than
 * so much is unwritten. */
void weft__writers_wake(weft_stream *stream);
void weft__writer_enter(weft_stream *stream, weft__writer *writer, size_t until);
void weft__writer_leave(weft__writer *writer);

/* listener.c: a stream that it counted is closed. */
void weft__listener_count_out(weft_listener *listener);

/* tcp.c */
weft_coroutine *weft__find_host(const char *host);     /* weft_addresses *, not by a thread if in numbers */
const weft_error *weft__refuse_path(const char *path); /* of a Unix socket; owned, or NULL */

/* What has come, or libuv's code, in other ways than by libuv's stream. */
void weft__stream_came(weft_stream *stream, ssize_t count, const char *data);

/* stream_file.c: a file under a stream, which has the descriptor from then on. False without memory. */
typedef struct weft__stream_file weft__stream_file;
bool weft__stream_file_open(weft_stream *stream, int descriptor);
void weft__stream_file_read(weft_stream *stream);
int weft__stream_file_write(weft_stream *stream, const char *data, size_t size); /* 0 or libuv's code */
void weft__stream_file_close(weft_stream *stream);

#endif
