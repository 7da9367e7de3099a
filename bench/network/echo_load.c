/*
 * Load for an echo server: so many connections, each of which sends a message, waits until it has come back,
 * and sends the next. Prints a line of JSON. The server's CPU time and memory are read from its process.
 *
 *     echo_load PORT PID CONNECTIONS SECONDS BYTES
 */
#define _POSIX_C_SOURCE 200809L

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef struct connection {
    uv_tcp_t tcp;
    uv_connect_t connect;
    size_t back; /* bytes of the message that have come back */
} connection;

enum { CONNECTING = 64, LARGEST = 65536 }; /* at a time; bytes of a message */

static uv_loop_t loop;
static struct sockaddr_in address;
static connection *connections;
static int wanted, begun, open_now, pid;
static size_t size;
static char message[LARGEST];
static bool busy; /* messages go round */
static unsigned long echoes;
static double idle_bytes, bytes_before;

static void stop(const char *what, const char *words) {
    fprintf(stderr, "echo_load: %s: %s\n", what, words);
    exit(1);
}

static void check(const char *what, int code) {
    if (code < 0)
        stop(what, uv_strerror(code));
}

/* --- The server's process --- */

static double resident_bytes(void) {
    char path[64];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        stop(path, "cannot be read");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void) {
    char path[64], text[1024];
    unsigned long user, system;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    size_t length = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    const char *behind_name = strrchr(text, ')');
    if (behind_name == NULL ||
        sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        stop(path, "cannot be read");
    fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* --- Messages --- */

static void on_written(uv_write_t *request, int status) {
    check("write", status);
    free(request);
}

static void send_message(connection *self) {
    uv_buf_t bytes = uv_buf_init(message, (unsigned)size);
    int sent = uv_try_write((uv_stream_t *)&self->tcp, &bytes, 1);
    if (sent == (int)size)
        return;
    if (sent > 0)
        bytes = uv_buf_init(message + sent, (unsigned)size - (unsigned)sent);
    uv_write_t *request = malloc(sizeof *request);
    check("write",
          request == NULL ? UV_ENOMEM : uv_write(request, (uv_stream_t *)&self->tcp, &bytes, 1, on_written));
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    static char bytes[LARGEST];
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void all_open(void);

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    connection *self = stream->data;
    (void)buffer;
    check("read", (int)count);
    self->back += (size_t)count;
    if (self->back < size)
        return;
    self->back = 0;
    echoes++;
    if (busy)
        send_message(self);
    else if (echoes == (unsigned long)wanted) /* each has had its first */
        all_open();
}

/* --- Connecting --- */

static void connect_next(void);

static void on_connect(uv_connect_t *request, int status) {
    connection *self = request->data;
    check("connect", status);
    check("read", uv_read_start((uv_stream_t *)&self->tcp, give_buffer, on_read));
    open_now++;
    send_message(self);
    connect_next();
}

static void connect_next(void) {
    if (begun == wanted)
        return;
    connection *self = &connections[begun++];
    check("socket", uv_tcp_init(&loop, &self->tcp));
    uv_tcp_nodelay(&self->tcp, 1);
    self->tcp.data = self->connect.data = self;
    check("connect",
          uv_tcp_connect(&self->connect, &self->tcp, (const struct sockaddr *)&address, on_connect));
}

/* --- The measurement --- */

static uv_timer_t timer;
static double seconds, cpu_before, clock_before;

static double now(void) {
    return (double)uv_hrtime() * 1e-9;
}

static void end(uv_timer_t *unused) {
    (void)unused;
    double wall = now() - clock_before, cpu = cpu_seconds() - cpu_before;
    printf("{\"connections\": %d, \"echoes\": %lu, \"seconds\": %.3f, \"rate\": %.0f, \"cpu\": %.0f, "
           "\"idle\": %.0f}\n",
           wanted, echoes, wall, (double)echoes / wall, cpu / (double)echoes * 1e9, idle_bytes);
    fflush(stdout);
    exit(0);
}

static void measure(uv_timer_t *unused) {
    (void)unused;
    echoes = 0;
    cpu_before = cpu_seconds();
    clock_before = now();
    uv_timer_start(&timer, end, (uint64_t)(seconds * 1e3), 0);
}

static void warm_up(uv_timer_t *unused) {
    (void)unused;
    idle_bytes = (resident_bytes() - bytes_before) / wanted;
    busy = true;
    for (int i = 0; i < wanted; i++)
        send_message(&connections[i]);
    uv_timer_start(&timer, measure, (uint64_t)(seconds * 200), 0);
}

/* The connections are idle for a moment, in which a server gives back what it can. */
static void all_open(void) {
    uv_timer_start(&timer, warm_up, 500, 0);
}

int main(int count, char **arguments) {
    if (count != 6)
        stop("usage", "echo_load PORT PID CONNECTIONS SECONDS BYTES");
    pid = atoi(arguments[2]);
    wanted = atoi(arguments[3]);
    seconds = atof(arguments[4]);
    size = (size_t)atol(arguments[5]);
    if (wanted < 1 || size < 1 || size > LARGEST)
        stop("usage", "at least one connection, and at most 65536 bytes");
    memset(message, 'x', size);
    connections = calloc((size_t)wanted, sizeof *connections);
    check("memory", connections == NULL ? UV_ENOMEM : 0);
    check("loop", uv_loop_init(&loop));
    check("timer", uv_timer_init(&loop, &timer));
    check("address", uv_ip4_addr("127.0.0.1", atoi(arguments[1]), &address));
    bytes_before = resident_bytes();
    for (int i = 0; i < CONNECTING; i++)
        connect_next();
    return uv_run(&loop, UV_RUN_DEFAULT);
}
