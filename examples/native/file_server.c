/* A file server, HTTP/1.1: with a port and a directory it serves
 * until Ctrl-C (try curl), with a certificate and its key by TLS;
 * without them it serves a directory of its own, from which it
 * downloads what is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/file.h>
#include <weft/http_server.h>
#include <weft/tls.h>
#include <weft/weft.h>

/* What browsers want to know of a file. */
static const char *type_of(const char *path) {
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {".css", "text/css"},
        {".js", "text/javascript"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".wasm", "application/wasm"},
    };
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending != NULL && i < sizeof types / sizeof *types; i++) {
        if (strcmp(ending, types[i][0]) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}

/* --- One request --- */

struct send_file {
    weft_frame frame;
    weft_request *request;
    const char *path;
    weft_file *file;
    weft_file_status status;
    weft_bytes *chunk;
    char length[24];
};

weft_async(send_file) {
    weft_begin(send_file);
    weft_await(weft_file_stat(self->path, &self->status));
    if (self->status.kind != WEFT_FILE_REGULAR) /* to open a named pipe would wait for its other end */
        weft_raise(WEFT_LOOKUP, "no regular file");
    weft_await_to(self->file, weft_file_open(self->path, "r"));
    weft_with(self->file) {
        weft_await(weft_file_fstat(self->file, &self->status));
        snprintf(self->length, sizeof self->length, "%llu", (unsigned long long)self->status.size);
        weft_error_release(weft_respond_header(self->request, "Content-Length", self->length));
        weft_await(weft_respond_begin(self->request, 200, type_of(self->path)));
        if (strcmp(weft_request_method(self->request), "HEAD") != 0) {
            weft_for_await (self->chunk, weft_file_chunks(self->file)) {
                weft_await(weft_respond_write(self->request, self->chunk->data, self->chunk->size));
                weft_free(self->chunk);
                self->chunk = NULL;
            }
        }
    }
    weft_drop();
    weft_free(self->chunk);
    weft_end();
}

struct answer {
    weft_frame frame;
    const char *root; /* a real path */
    weft_request *request;
    char *wanted, *path;
    const weft_error *error;
};

/* Whether it lies below the root, once links and dots are resolved. */
static bool is_below(const char *path, const char *root) {
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || root[length - 1] == '/');
}

static char *join(const char *root, const char *path) {
    size_t size = strlen(root) + strlen(path) + sizeof "index.html";
    char *joined = malloc(size);
    if (joined != NULL)
        snprintf(joined, size, "%s%s%s", root, path, path[strlen(path) - 1] == '/' ? "index.html" : "");
    return joined;
}

weft_async(answer) {
    weft_begin(answer);
    if (strcmp(weft_request_method(self->request), "GET") != 0 &&
        strcmp(weft_request_method(self->request), "HEAD") != 0) {
        weft_error_release(weft_respond_header(self->request, "Allow", "GET, HEAD"));
        weft_await(weft_respond_text(self->request, 405, "only GET and HEAD\n"));
        weft_return_none();
    }
    self->wanted = join(self->root, weft_request_path(self->request));
    if (self->wanted == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    weft_try {
        weft_await_to(self->path, weft_file_real_path(self->wanted));
        if (!is_below(self->path, self->root))
            weft_raise(WEFT_LOOKUP, "outside of what is served");
        weft_await(weft_call(send_file, .request = self->request, .path = self->path));
    }
    weft_catch(self->error) {
        if (weft_request_answered(self->request))
            weft_reraise;
        weft_await(weft_respond_text(self->request, 404, "not found\n"));
    }
    weft_drop();
    free(self->wanted);
    weft_free(self->path);
    weft_end();
}

static weft_coroutine *handle(weft_request *request, void *root) {
    return weft_call(answer, .request = request, .root = root);
}

/* --- The program --- */

struct download {
    weft_frame frame;
    weft_http *client;
    const char *url;
    weft_http_response *response;
};

weft_async(download) {
    weft_begin(download);
    weft_await_to(self->response, weft_http_get(self->client, self->url));
    weft_with(self->response) {
        printf("%s: %d, %s", self->url, weft_http_status(self->response), weft_http_text(self->response));
    }
    weft_end();
}

/* Its own directory, with one file. */
struct demonstrate {
    weft_frame frame;
    char *root, *real;
    char file[300], base[40];
    weft_http_server *server;
    weft_http *client;
};

weft_async(demonstrate) {
    weft_begin(demonstrate);
    weft_await_to(self->root, weft_directory_create_temporary("served-"));
    weft_try {
        weft_await_to(self->real, weft_file_real_path(self->root));
        snprintf(self->file, sizeof self->file, "%s/hello.txt", self->root);
        weft_await(weft_file_write_all(self->file, "hello, file\n", 12));
        weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, self->real, NULL));
        weft_with(self->server) {
            snprintf(self->base, sizeof self->base, "http://127.0.0.1:%d/",
                     weft_http_server_port(self->server));
            self->client = weft_http_open(&(weft_http_options){.base_url = self->base});
            weft_with(self->client) {
                weft_await(weft_call(download, .client = self->client, .url = "hello.txt"));
                weft_await(weft_call(download, .client = self->client, .url = "nothing.txt"));
                weft_await(weft_call(download, .client = self->client, .url = "%2e%2e/%2e%2e/etc/passwd"));
            }
        }
    }
    weft_finally {
        weft_await(weft_directory_remove_all(self->root));
    }
    weft_drop();
    weft_free(self->root);
    weft_free(self->real);
    weft_end();
}

struct serve {
    weft_frame frame;
    int port;
    const char *directory;
    const char *certificate, *key; /* files in PEM; NULL: without TLS */
    char *real;
    weft_tls_context *tls;
    weft_http_server *server;
};

weft_async(serve) {
    weft_begin(serve);
    weft_await_to(self->real, weft_file_real_path(self->directory));
    if (self->certificate != NULL)
        weft_await_to(self->tls, weft_tls_server(self->certificate, self->key, NULL));
    weft_await_to(self->server, weft_http_serve("127.0.0.1", self->port, handle, self->real,
                                                &(weft_http_server_options){.tls = self->tls}));
    weft_with(self->server) {
        printf("serves %s at port %d\n", self->directory, self->port);
        fflush(stdout);
        weft_await(weft_http_server_wait(self->server));
    }
    weft_drop();
    weft_free(self->real);
    weft_tls_context_close(self->tls);
    weft_end();
}

int main(int count, char **arguments) {
    if (count == 3 || count == 5)
        return weft_main(weft_call(serve, .port = atoi(arguments[1]), .directory = arguments[2],
                                   .certificate = count == 5 ? arguments[3] : NULL,
                                   .key = count == 5 ? arguments[4] : NULL));
    return weft_main(weft_call(demonstrate));
}
