/* Downloads many documents, a few at a time, each within a time:
 * from a server that the program starts itself or, in a page,
 * from the page's own. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, documents, 10, 1, 10);     /* Documents */
WEFT_PARAM(int, permits, 3, 1, 10);        /* At a time */
WEFT_PARAM(double, latency, 0.1, 0, 1);    /* Latency, s */
WEFT_PARAM(double, seconds, 5.0, 0.1, 10); /* For each, s */

struct progress {
    int done, failed;
    size_t bytes;
};

struct download {
    weft_frame frame;
    weft_http *client;
    weft_semaphore *semaphore;
    struct progress *progress;
    int number;
    char url[32];
    weft_http_response *response;
    const weft_error *error;
};

weft_async(download) {
    weft_begin(download);
    snprintf(self->url, sizeof self->url, "data/%d.txt", self->number);
    weft_with(self->semaphore) {
        weft_try {
            weft_with(weft_timeout(seconds)) {
                weft_await(weft_sleep(latency * (1 + self->number % 3))); /* so slow is this network */
                weft_await_to(self->response, weft_http_get(self->client, self->url));
            }
            weft_with(self->response) {
                weft_await(weft_http_raise_for_status(self->response));
                self->progress->bytes += weft_http_body(self->response)->size;
            }
        }
        weft_catch(self->error) {
            bool silent = self->error->message[0] == '\0'; /* as a timeout is */
            fprintf(stderr, "%s: %s\n", self->url,
                    silent ? weft_error_name(self->error->code) : self->error->message);
            self->progress->failed++;
        }
    }
    printf("%d of %d\n", ++self->progress->done, documents);
    weft_end();
}

struct download_all {
    weft_frame frame;
    const char *base;
    weft_http *client;
    weft_semaphore semaphore;
    struct progress progress;
    weft_group group;
};

weft_async(download_all) {
    weft_begin(download_all);
    weft_semaphore_init(&self->semaphore, (uint32_t)permits);
    self->client = weft_http_open(&(weft_http_options){.base_url = self->base});
    weft_with(self->client) {
        weft_with_as(self->group, weft_task_group()) {
            for (int i = 1; i <= documents; i++)
                weft_group_create_task(&self->group, weft_call(download, .client = self->client,
                                                               .semaphore = &self->semaphore,
                                                               .progress = &self->progress, .number = i));
        }
    }
    printf("%zu bytes, %d failed\n", self->progress.bytes, self->progress.failed);
    weft_end();
}

#ifdef __wasm__
/* URLs are relative to the page's. */
int main(void) {
    return weft_main(weft_call(download_all));
}
#else

/* --- The server --- */

#include <weft/http_server.h>

struct answer {
    weft_frame frame;
    weft_request *request;
    char name[16];
};

weft_async(answer) {
    weft_begin(answer);
    if (sscanf(weft_request_path(self->request), "/data/%15[a-z0-9].txt", self->name) == 1)
        weft_await(weft_respond_printf(self->request, 200, "data from %s\n", self->name));
    else
        weft_await(weft_respond_text(self->request, 404, "not found\n"));
    weft_end();
}

static weft_coroutine *handle(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(answer, .request = request);
}

struct program {
    weft_frame frame;
    weft_http_server *server;
    char base[40];
};

weft_async(program) {
    weft_begin(program);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, NULL));
    weft_with(self->server) {
        snprintf(self->base, sizeof self->base, "http://127.0.0.1:%d/", weft_http_server_port(self->server));
        weft_await(weft_call(download_all, .base = self->base));
    }
    weft_end();
}

int main(int count, char **arguments) {
    if (count == 2) /* the server's URL */
        return weft_main(weft_call(download_all, .base = arguments[1]));
    return weft_main(weft_call(program));
}
#endif
