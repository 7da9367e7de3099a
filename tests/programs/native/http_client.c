/*
 * An HTTP client that tests/node/http.test.mjs tells what to do: each argument is an instruction, done one
 * after the other, and the result a line of output.
 *
 *     client NAME=VALUE…          opens a client, in place of the loop's own: base_url, ca_file, proxy,
 * insecure, http1, redirects, connections, of_a_server, connect, idle, total, limit get URL NAME=VALUE…
 * status, version, URL, body: method, body, type, header, secret, idle, total, limit head URL NAME=VALUE… the
 * same without the body, which is broken off fetch URL                   the body lines URL · chunks URL ·
 * reads URL      as they come; sizes alone of the last two slow URL                    reads only when the
 * server must have been kept from sending many COUNT URL              so many at once; how many came parts
 * COUNT SIZE URL        a body in so many parts cancel URL                  cancelled after 0, 1, 2, … turns,
 * until one comes to its end cancel_lines URL            the same of a body that is read in lines timeout
 * SECONDS URL         under a weft_timeout beside URL OTHER            which is answered once a task has
 * slept some times and got the other forget URL leaves a response open files                       how many
 * file descriptors are open, once the client is closed
 */

#define _POSIX_C_SOURCE 200809L

#include <weft/bytes.h>
#include <weft/weft.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { HEADERS_MOST = 8 };

struct instruction {
    char *words[16];
    int count;
};

static struct instruction split(char *text) {
    struct instruction instruction = {{NULL}, 0};
    for (char *word = strtok(text, " "); word != NULL && instruction.count < 16; word = strtok(NULL, " "))
        instruction.words[instruction.count++] = word;
    return instruction;
}

static const char *word_of(const struct instruction *self, const char *name) {
    size_t length = strlen(name);
    for (int i = 1; i < self->count; i++)
        if (strncmp(self->words[i], name, length) == 0 && self->words[i][length] == '=')
            return self->words[i] + length + 1;
    return NULL;
}

static double number_of(const struct instruction *self, const char *name) {
    const char *word = word_of(self, name);
    return word == NULL ? 0 : atof(word);
}

static bool is(const struct instruction *self, const char *name) {
    return strcmp(self->words[0], name) == 0;
}

static weft_http_options options_of(const struct instruction *self) {
    return (weft_http_options){.base_url = word_of(self, "base_url"),
                               .ca_file = word_of(self, "ca_file"),
                               .proxy = word_of(self, "proxy"),
                               .insecure = word_of(self, "insecure") != NULL,
                               .http1 = word_of(self, "http1") != NULL,
                               .max_redirects = (int)number_of(self, "redirects"),
                               .max_connections = (int)number_of(self, "connections"),
                               .max_connections_of_a_server = (int)number_of(self, "of_a_server"),
                               .connect_timeout = number_of(self, "connect"),
                               .idle_timeout = number_of(self, "idle"),
                               .timeout = number_of(self, "total"),
                               .limit = (size_t)number_of(self, "limit")};
}

/* Waits in the middle of names and values are written as _ */
static weft_http_request request_of(const struct instruction *self, weft_http_field *headers) {
    const char *body = word_of(self, "body"), *header = word_of(self, "header");
    const char *secret = word_of(self, "secret");
    int count = 0;
    if (header != NULL)
        headers[count++] = (weft_http_field){"X-Asked", header};
    if (secret != NULL) {
        headers[count++] = (weft_http_field){"authorization", secret};
        headers[count++] = (weft_http_field){"Cookie", secret};
    }
    headers[count] = (weft_http_field){NULL, NULL};
    return (weft_http_request){.method = word_of(self, "method"),
                               .url = self->words[1],
                               .headers = headers,
                               .content_type = word_of(self, "type"),
                               .body = body,
                               .size = body == NULL ? 0 : strlen(body),
                               .idle_timeout = number_of(self, "idle"),
                               .timeout = number_of(self, "total"),
                               .limit = (size_t)number_of(self, "limit"),
                               .stream = is(self, "head")};
}

static int open_files(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* --- Coroutines, one a kind of instruction --- */

struct get {
    weft_frame frame;
    weft_http *client;
    const struct instruction *instruction;
    weft_http_field headers[HEADERS_MOST];
    weft_http_response *response;
};

static void print_response(const weft_http_response *response) {
    printf("%d %d %s", weft_http_status(response), weft_http_version(response), weft_http_url(response));
    for (const weft_http_field *field = weft_http_headers(response); field->name != NULL; field++)
        if (strncmp(field->name, "x-", 2) == 0 || strncmp(field->name, "X-", 2) == 0 ||
            strncmp(field->name, "Set-Cookie", 10) == 0)
            printf(" %s=%s", field->name, field->value);
    const weft_bytes *body = weft_http_body(response);
    if (body != NULL && body->size > 300)
        printf(" (%zu)\n", body->size);
    else
        printf(" <%s>\n", body == NULL ? "" : body->data);
}

static weft_coroutine *send(struct get *self) {
    const weft_http_request request = request_of(self->instruction, self->headers);
    return weft_http_send(self->client, &request);
}

static weft_async(get) {
    weft_begin(get);
    weft_await_to(self->response, send(self));
    print_response(self->response);
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}

struct streams {
    weft_frame frame;
    weft_http *client;
    const char *how, *url;
    weft_http_response *response;
    char *line;
    weft_bytes *chunk;
    char buffer[1000];
    int got, i;
    size_t total;
    bool quiet;
};

static weft_async(streams) {
    weft_begin(streams);
    weft_await_to(self->response,
                  weft_http_send(self->client, &(weft_http_request){.url = self->url, .stream = true}));
    weft_with(self->response) {
        if (strcmp(self->how, "slow") == 0)
            weft_await(weft_sleep(0.3));
        if (strcmp(self->how, "lines") == 0) {
            weft_for_await (self->line, weft_http_lines(self->response)) {
                if (!self->quiet)
                    printf("[%s] ", self->line);
                weft_free(self->line);
            }
        } else if (strcmp(self->how, "reads") == 0) {
            do {
                weft_await_to(self->got, weft_http_read(self->response, self->buffer, sizeof self->buffer));
                self->total += (size_t)self->got;
            } while (self->got > 0);
        } else {
            weft_for_await (self->chunk, weft_http_chunks(self->response)) {
                self->total += self->chunk->size;
                weft_free(self->chunk);
                if (strcmp(self->how, "slow") == 0)
                    weft_await(weft_sleep(0.001));
            }
        }
    }
    if (!self->quiet)
        printf("%zu\n", self->total);
    weft_end();
}

struct one_of_many {
    weft_frame frame;
    weft_http *client;
    weft_semaphore *permits;
    const char *url;
    int *came;
    weft_http_response *response;
};

static weft_async(one_of_many) {
    weft_begin(one_of_many);
    weft_with(self->permits) {
        weft_await_to(self->response, weft_http_get(self->client, self->url));
        *self->came += weft_http_status(self->response) == 200;
    }
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}

struct many {
    weft_frame frame;
    weft_http *client;
    int count, permits, i, came;
    const char *url;
    weft_semaphore semaphore;
    weft_group group;
};

static weft_async(many) {
    weft_begin(many);
    weft_semaphore_init(&self->semaphore, (uint32_t)self->permits);
    weft_with_as(self->group, weft_task_group()) {
        for (self->i = 0; self->i < self->count; self->i++)
            weft_group_create_task(&self->group,
                                   weft_call(one_of_many, .client = self->client, .url = self->url,
                                             .permits = &self->semaphore, .came = &self->came));
    }
    printf("%d came\n", self->came);
    weft_end();
}

struct parts {
    weft_frame frame;
    int i, count;
    size_t size;
    weft_bytes *part;
};

static weft_async(parts) {
    weft_begin(parts);
    for (self->i = 0; self->i < self->count; self->i++) {
        weft_await(weft_sleep(0.001));
        self->part = weft__bytes_new(NULL, self->size);
        if (self->part != NULL)
            memset(self->part->data, 'a' + self->i % 26, self->size);
        weft_yield(weft_owned_pointer(self->part, weft_free));
    }
    weft_end();
}

struct uploads {
    weft_frame frame;
    weft_http *client;
    int count;
    size_t size;
    const char *url, *method;
    weft_http_response *response;
};

static weft_async(uploads) {
    weft_begin(uploads);
    weft_await_to(
        self->response,
        weft_http_send(self->client, &(weft_http_request){.url = self->url,
                                                          .method = self->method,
                                                          .chunks = weft_call(parts, .count = self->count,
                                                                              .size = self->size)}));
    print_response(self->response);
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}

/* Turns of the loop with a look at the sockets between them, until the transfer ends by itself. */
struct cancels {
    weft_frame frame;
    weft_http *client;
    const char *how, *url;
    int turns, i, cancelled;
    weft_task *task;
    const weft_error *error;
    bool ended;
};

static weft_async(cancels) {
    weft_begin(cancels);
    while (!self->ended) {
        self->task = weft_create_task(
            weft_call(streams, .client = self->client, .how = self->how, .url = self->url, .quiet = true));
        for (self->i = 0; self->i < self->turns && !weft_task_done(self->task); self->i++)
            weft_await(weft_sleep(self->i % 8 == 7 ? 0.0005 : 0));
        self->ended = weft_task_done(self->task);
        self->turns += self->turns < 40 ? 1 : 1 + self->turns / 10;
        weft_cancel(self->task);
        weft_try {
            weft_await(self->task);
        }
        weft_catch_code(WEFT_CANCELLED, self->error) {
            self->cancelled++;
        }
        weft_release(self->task);
    }
    printf("%s, then it came to its end\n", self->cancelled > 2 ? "cancelled" : "hardly cancelled");
    weft_end();
}

struct limited {
    weft_frame frame;
    weft_http *client;
    const char *url;
    double seconds;
};

static weft_async(limited) {
    weft_begin(limited);
    weft_with(weft_timeout(self->seconds)) {
        weft_await(weft_http_get(self->client, self->url));
    }
    printf("in time\n");
    weft_end();
}

struct releases {
    weft_frame frame;
    weft_http *client;
    const char *url;
    int *count;
};

static weft_async(releases) {
    weft_begin(releases);
    for (; *self->count < 10; ++*self->count)
        weft_await(weft_sleep(0.001));
    weft_await(weft_http_get(self->client, self->url));
    weft_end();
}

struct beside {
    weft_frame frame;
    weft_http *client;
    const char *held, *release;
    int count;
    weft_task *task;
};

static weft_async(beside) {
    weft_begin(beside);
    self->task = weft_create_task(
        weft_call(releases, .client = self->client, .url = self->release, .count = &self->count));
    weft_await(weft_http_get(self->client, self->held));
    weft_await(self->task);
    printf("%d sleeps ended meanwhile\n", self->count);
    weft_end();
}

struct forgets {
    weft_frame frame;
    weft_http *client;
    const char *url;
    weft_http_response *response;
};

static weft_async(forgets) {
    weft_begin(forgets);
    weft_await_to(self->response,
                  weft_http_send(self->client, &(weft_http_request){.url = self->url, .stream = true}));
    printf("%d\n", weft_http_status(self->response));
    weft_end();
}

struct fetches {
    weft_frame frame;
    const char *url;
    char *text;
};

static weft_async(fetches) {
    weft_begin(fetches);
    weft_await_to(self->text, weft_fetch(self->url));
    printf("%s\n", self->text);
    weft_free(self->text);
    weft_end();
}

/* --- All of them --- */

static weft_coroutine *coroutine_of(const struct instruction *self, weft_http *client) {
    const char *last = self->words[self->count - 1];
    if (is(self, "get") || is(self, "head"))
        return weft_call(get, .client = client, .instruction = self);
    if (is(self, "fetch"))
        return weft_call(fetches, .url = last);
    if (is(self, "many"))
        return weft_call(many, .client = client, .count = atoi(self->words[1]),
                         .permits = atoi(self->words[2]), .url = last);
    if (is(self, "parts"))
        return weft_call(uploads, .client = client, .method = self->words[1], .count = atoi(self->words[2]),
                         .size = (size_t)atoi(self->words[3]), .url = last);
    if (is(self, "cancel"))
        return weft_call(cancels, .client = client, .how = "chunks", .url = last);
    if (is(self, "cancel_lines"))
        return weft_call(cancels, .client = client, .how = "lines", .url = last);
    if (is(self, "timeout"))
        return weft_call(limited, .client = client, .seconds = atof(self->words[1]), .url = last);
    if (is(self, "beside"))
        return weft_call(beside, .client = client, .held = self->words[1], .release = last);
    if (is(self, "forget"))
        return weft_call(forgets, .client = client, .url = last);
    return weft_call(streams, .client = client, .how = self->words[0], .url = last);
}

struct program {
    weft_frame frame;
    int count, i, files;
    char **arguments;
    struct instruction instruction;
    weft_http *client;
    const weft_error *error;
};

static void print_error(const weft_error *error) {
    char words[1024];
    weft_error_print(error, words, sizeof words);
    words[strcspn(words, "\n")] = '\0';
    printf("%s [%s]\n", words, error->system == NULL ? "-" : error->system);
}

static void limit_files(int most) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)most;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static weft_async(program) {
    weft_begin(program);
    self->files = open_files();
    for (self->i = 0; self->i < self->count; self->i++) {
        self->instruction = split(self->arguments[self->i]);
        if (is(&self->instruction, "client")) {
            const weft_http_options options = options_of(&self->instruction);
            weft_http_close(self->client);
            self->client = weft_http_open(&options);
            continue;
        }
        if (is(&self->instruction, "files")) {
            weft_http_close(self->client);
            self->client = NULL;
            weft_await(weft_sleep(0.02)); /* libuv closes what it was told to */
            printf("%d more files\n", open_files() - self->files);
            continue;
        }
        if (is(&self->instruction, "limit_files")) {
            limit_files(self->files + atoi(self->instruction.words[1]));
            continue;
        }
        weft_try {
            weft_await(coroutine_of(&self->instruction, self->client));
        }
        weft_catch(self->error) {
            print_error(self->error);
        }
        fflush(stdout);
    }
    weft_drop();
    weft_http_close(self->client);
    weft_end();
}

int main(int argc, char **argv) {
    return weft_main(weft_call(program, .count = argc - 1, .arguments = argv + 1));
}
