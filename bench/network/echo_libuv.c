/* An echo server on raw libuv: a read callback that writes what it got. Prints its port. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef struct pending {
    uv_write_t request;
    char bytes[];
} pending;

static char shared[65536];

static void check(const char *what, int code) {
    if (code >= 0)
        return;
    fprintf(stderr, "echo_libuv: %s: %s\n", what, uv_strerror(code));
    exit(1);
}

static void on_close(uv_handle_t *handle) {
    free(handle);
}

static void on_written(uv_write_t *request, int status) {
    if (status < 0 && !uv_is_closing((uv_handle_t *)request->handle))
        uv_close((uv_handle_t *)request->handle, on_close);
    free(request);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(shared, sizeof shared);
}

static void write_later(uv_stream_t *stream, const char *bytes, size_t count) {
    pending *self = malloc(sizeof *self + count);
    check("write", self == NULL ? UV_ENOMEM : 0);
    memcpy(self->bytes, bytes, count);
    uv_buf_t buffer = uv_buf_init(self->bytes, (unsigned)count);
    check("write", uv_write(&self->request, stream, &buffer, 1, on_written));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    if (count < 0) {
        uv_close((uv_handle_t *)stream, on_close);
        return;
    }
    uv_buf_t bytes = uv_buf_init(buffer->base, (unsigned)count);
    int sent = uv_try_write(stream, &bytes, 1);
    if (sent < 0)
        sent = 0;
    if (sent < count)
        write_later(stream, buffer->base + sent, (size_t)(count - sent));
}

static void on_connection(uv_stream_t *listener, int status) {
    check("listen", status);
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    check("socket", tcp == NULL ? UV_ENOMEM : uv_tcp_init(listener->loop, tcp));
    check("accept", uv_accept(listener, (uv_stream_t *)tcp));
    uv_tcp_nodelay(tcp, 1);
    check("read", uv_read_start((uv_stream_t *)tcp, give_buffer, on_read));
}

int main(void) {
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    int length = sizeof address;
    check("address", uv_ip4_addr("127.0.0.1", 0, &address));
    check("socket", uv_tcp_init(loop, &listener));
    check("bind", uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0));
    check("listen", uv_listen((uv_stream_t *)&listener, 1024, on_connection));
    check("address", uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length));
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
