#ifndef WEFT_STREAM_H
#define WEFT_STREAM_H

/*
 * Streams: TCP and Unix sockets, and whatever else carries bytes both ways, such as TLS (weft/tls.h), a
 * process's pipes (weft/process.h), a terminal (weft/tty.h). asyncio's streams, reader and writer in one.
 *
 *     weft_await_to(self->stream, weft_tcp_connect("example.org", 80));
 *     weft_with(self->stream) {
 *         weft_await(weft_stream_printf(self->stream, "GET / HTTP/1.0\r\n\r\n"));
 *         weft_for_await(self->line, weft_stream_lines(self->stream)) {
 *             puts(self->line);
 *             weft_free(self->line);
 *         }
 *     }
 *
 * A stream is of the loop in which it was opened. Who takes it out of the await that opened it closes it: by
 * weft_with, which flushes it first, or aborts it if an error leaves the block; or by weft_stream_close. What
 * nobody took, or nobody closed, is closed with the loop.
 *
 * One task at a time may read, and any number may write. A read that is cancelled loses nothing: the next one
 * gets what had come. Closing a stream raises InvalidState in the tasks that wait in it. After that it must
 * not be used any more, just as freed memory must not.
 *
 * Errors are those of the system: "cannot connect to 127.0.0.1 port 80: connection refused (ECONNREFUSED)",
 * a WEFT_SYSTEM with the name in error->system.
 */

#include <weft/base.h>
#include <weft/bytes.h>
#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* --- Opening --- */

/*
 * Connects. Its value: a weft_stream *, the taker's. A name is looked up in a thread; its addresses are tried
 * in turn, a new one every quarter of a second while none has answered, and IPv6 and IPv4 take turns (happy
 * eyeballs, RFC 8305). Cancelling it stops all of that. asyncio.open_connection
 */
weft_coroutine *weft_tcp_connect(const char *host, int port);

/* Connects to a socket in the file system. Its value: a weft_stream *, the taker's. open_unix_connection */
weft_coroutine *weft_unix_connect(const char *path);

/* --- Listening --- */

/* What else can be said of a listener; zero is as usual. */
typedef struct weft_listen_options {
    int backlog;               /* connections that the system keeps until they are accepted; 0: 511 */
    bool reuse_port;           /* others, in other threads or processes, listen there, too: SO_REUSEPORT */
    bool ipv6_only;            /* not IPv4, where the host is an IPv6 address such as "::" */
    unsigned connection_limit; /* of its connections that are open at once, beyond which they wait in the
                                  backlog; 0: no limit */
} weft_listen_options;

/*
 * Listens. Its value: a weft_listener *, the taker's. NULL for the host: all addresses of this machine; of a
 * name the first address. Port 0: one that is free, see weft_listener_port. NULL for the options: all as
 * usual. asyncio.start_server
 */
weft_coroutine *weft_tcp_listen(const char *host, int port, const weft_listen_options *options);

/*
 * Listens on a socket in the file system, which goes when the listener is closed. A socket there that nobody
 * listens on any more is replaced; any other file is not. asyncio.start_unix_server
 */
weft_coroutine *weft_unix_listen(const char *path, const weft_listen_options *options);

/* The port of a TCP listener; 0 of another. */
int weft_listener_port(const weft_listener *listener);

/* "127.0.0.1:80", "[::1]:80", or a path, as much as fits into `size` bytes with the closing zero. Returns the
 * length of the whole. */
size_t weft_listener_address(const weft_listener *listener, char *buffer, size_t size);

/*
 * The next connection: a weft_stream *, the taker's. Any number of tasks may wait for one. Cancelling it
 * loses no connection. Without a free file descriptor the system's connections are closed (as libuv does),
 * and it goes on to wait.
 */
weft_coroutine *weft_listener_accept(weft_listener *listener);

/* What serves one connection: it returns a coroutine, which uses the stream and need not close it. */
typedef weft_coroutine *weft_stream_handler(weft_stream *stream, void *argument);

/*
 * Accepts connections and runs a task for each, whose stream is flushed and closed at its end, or aborted if
 * it failed. An error of one is reported and ends only that one. Runs until it is cancelled or the listener
 * is closed: then the connections are cancelled, and it ends when they have; after a close without an error.
 * asyncio.Server.serve_forever
 */
weft_coroutine *weft_listener_serve(weft_listener *listener, weft_stream_handler *handler, void *argument);

/* No more connections; those that nobody took are closed. NULL is allowed. */
void weft_listener_close(weft_listener *listener);

/* --- Reading --- */

/*
 * Reads what is there, as soon as anything is: 1 to `size` bytes. Its value: how many; 0 at the end. The
 * buffer is filled while the task waits, so it must live until then: in the coroutine's structure.
 * StreamReader.read(n)
 */
weft_coroutine *weft_stream_read(weft_stream *stream, void *buffer, size_t size);

/*
 * Fills the buffer. Its value: `size`. IncompleteRead if the stream ends before, with what there was in the
 * buffer. StreamReader.readexactly
 */
weft_coroutine *weft_stream_read_exactly(weft_stream *stream, void *buffer, size_t size);

/*
 * One line: a char *, the taker's, freed with weft_free; without its "\n" or "\r\n"; NULL at the end. A last
 * line need not end in "\n". LimitExceeded if it is longer than the stream's limit, and InvalidArgument if
 * there is a zero in it. Then what has come of it is dropped, and the next read goes on behind that: with the
 * next line, or with the rest of this one if it had not come yet, as in asyncio. StreamReader.readline
 */
weft_coroutine *weft_stream_readline(weft_stream *stream);

/*
 * All up to and with a separator, a string that is not empty: a weft_bytes *, the taker's. It is copied.
 * IncompleteRead if the stream ends before it, LimitExceeded if more than the stream's limit comes before it;
 * then what has come can still be read. StreamReader.readuntil
 */
weft_coroutine *weft_stream_read_until(weft_stream *stream, const char *separator);

/* All up to the end: a weft_bytes *, the taker's. LimitExceeded if it is more than `limit` bytes; then what
 * has come can still be read. StreamReader.read(-1) */
weft_coroutine *weft_stream_read_all(weft_stream *stream, size_t limit);

/* A generator of the lines: each a char *, the taker's, as weft_stream_readline gives it. async for */
weft_coroutine *weft_stream_lines(weft_stream *stream);

/* A generator of all that comes, as it comes: each a weft_bytes *, the taker's, of up to 64 KiB. */
weft_coroutine *weft_stream_chunks(weft_stream *stream);

/*
 * The longest line in bytes, and how much is read ahead of the program; 64 KiB if it is not set. Then the
 * sender must wait. Zero has no effect.
 */
void weft_stream_set_limit(weft_stream *stream, size_t bytes);

/* --- Writing --- */

/*
 * Writes. The bytes are taken at the call, so they may be in a local variable: what the system does not take
 * at once is copied and follows in the background. The await raises what went wrong, and waits while more
 * than 64 KiB are unwritten, until a quarter of that is. Cancelling it takes nothing back. writer.write and
 * drain
 */
weft_coroutine *weft_stream_write(weft_stream *stream, const void *data, size_t size);

/* Writes text formatted as by printf, in the same way. */
weft_coroutine *weft_stream_printf(weft_stream *stream, const char *format, ...) WEFT__PRINTF(2, 3);

/* Waits until the system has taken all that was written. */
weft_coroutine *weft_stream_flush(weft_stream *stream);

/* Ends the writing, after what was written: the peer reads the end. Reading can go on. writer.write_eof */
weft_coroutine *weft_stream_shutdown(weft_stream *stream);

/* --- Its end, and what is known of it --- */

/*
 * Closes it. What was written is still sent in the background, while the loop runs: flush it first, or use
 * weft_with, if the program ends soon. NULL is allowed. writer.close
 */
void weft_stream_close(weft_stream *stream);

/* Closes it at once and drops what is not sent: the peer of a TCP stream gets a reset, so that it does not
 * take a part for the whole. NULL is allowed. transport.abort */
void weft_stream_abort(weft_stream *stream);

/* Who is at the other end and at this one: "127.0.0.1:80", "[::1]:80", a path, "" if it has no address. As
 * much as fits into `size` bytes with the closing zero; returns the length of the whole. get_extra_info */
size_t weft_stream_peer(const weft_stream *stream, char *buffer, size_t size);
size_t weft_stream_local(const weft_stream *stream, char *buffer, size_t size);

/*
 * Of TCP. No delay is the default, as it is asyncio's: small writes are sent at once. Keepalive asks a silent
 * peer every so often whether it is still there, first after `seconds`; 0 ends that. An error, the caller's
 * to release, or NULL.
 */
const weft_error *weft_stream_set_nodelay(weft_stream *stream, bool nodelay);
const weft_error *weft_stream_set_keepalive(weft_stream *stream, unsigned seconds);

/* Bytes that were written and that the system has not taken yet. get_write_buffer_size */
size_t weft_stream_unwritten(const weft_stream *stream);

WEFT_END_DECLARATIONS

#endif
