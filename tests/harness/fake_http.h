/* A transport of HTTP that does what a case says, in a simulated world (world.h).
 *
 *     static const char *const answer[] = {"=200", "Content-Type: text/plain", "", "+some ", "+bytes", ".",
 * NULL}; fake.scripts[0] = answer;                     of the first exchange that begins
 *     CHECK_EQ_STR(RUN_HTTP(weft_call(asks)), "…");
 *
 * One line is done each time when nothing else can go on:
 *
 *     =200            an answer begins
 *     Name: value     a header of it
 *     (empty)         these were its headers
 *     +text           a part of its body, again until it is taken
 *     ~text           the same with a zero byte for each further ~
 *     *1000           a part of so many x
 *     .               its end
 *     !words          the exchange fails, with the system's name ECONNRESET
 *     <               takes up to 4 bytes of the request's body, waiting until there are some
 *     ?               some of the request was sent
 *     @               time passes until the next timer of the core's
 *     _               nothing ever comes again
 *
 * It defines what weft would take from its host, so a program has either.
 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include "world.h"

#include "../../core/http_transport.h"

enum { FAKE_EXCHANGES = 8, FAKE_LARGEST = 300000 };

typedef struct fake_exchange {
    weft__exchange *exchange; /* NULL: it has ended, or was abandoned */
    const char *const *next;
    bool refused, starved;
} fake_exchange;

static struct fake {
    const char *const *scripts[FAKE_EXCHANGES]; /* settings; each run ends with all of them cleared */
    bool refuses_to_start;

    fake_exchange exchanges[FAKE_EXCHANGES];
    unsigned begun, ended, abandoned, resumed, pools;
    char sent[4096]; /* of bodies that came in parts, "|" after each end */
} fake;

#ifndef FAKE_ABILITIES
#define FAKE_ABILITIES .uploads = true, .progress = true, .relative = false
#endif
const weft__http_abilities weft__http_can = {FAKE_ABILITIES};

void *weft__http_pool_open(weft_loop *loop, const weft__http_settings *settings, const weft_error **error) {
    (void)loop;
    (void)settings;
    void *pool = weft_allocate(1);
    fake.pools += pool != NULL;
    if (pool == NULL)
        *error = &weft_error_out_of_memory;
    return pool;
}

void weft__http_pool_close(void *pool) {
    fake.pools--;
    weft_free(pool);
}

const weft_error *weft__http_start(weft__exchange *self) {
    if (fake.refuses_to_start)
        return weft_error_new(WEFT_HTTP, "it cannot begin");
    if (!CHECK(fake.begun < FAKE_EXCHANGES && fake.scripts[fake.begun] != NULL))
        return &weft_error_out_of_memory;
    fake_exchange *exchange = &fake.exchanges[fake.begun];
    *exchange = (fake_exchange){self, fake.scripts[fake.begun], false, false};
    self->transfer = exchange;
    fake.begun++;
    return NULL;
}

void weft__http_resume(weft__exchange *self) {
    fake_exchange *exchange = self->transfer;
    CHECK(exchange->exchange == self && exchange->refused);
    exchange->refused = false;
    fake.resumed++;
}

void weft__http_upload_resume(weft__exchange *self) {
    fake_exchange *exchange = self->transfer;
    CHECK(exchange->exchange == self && exchange->starved);
    exchange->starved = false;
}

void weft__http_abandon(weft__exchange *self) {
    fake_exchange *exchange = self->transfer;
    CHECK(exchange->exchange == self);
    exchange->exchange = NULL;
    fake.abandoned++;
}

static void fake_gone(fake_exchange *self) {
    self->exchange = NULL;
    fake.ended++;
}

static void fake_verdict(fake_exchange *self, weft__http_verdict verdict) {
    if (verdict == WEFT__HTTP_STOP)
        fake_gone(self);
    else if (verdict == WEFT__HTTP_REFUSED)
        self->refused = true;
    else
        self->next++;
}

static void fake_upload(fake_exchange *self) {
    char buffer[5] = "";
    ptrdiff_t size = weft__http_upload(self->exchange, buffer, 4);
    if (size == WEFT__HTTP_NOT_YET) {
        self->starved = true;
        return;
    }
    world_add(fake.sent, sizeof fake.sent, "", size == 0 ? "|" : buffer);
    self->next++;
}

static void fake_field(fake_exchange *self, const char *line) {
    const char *colon = strchr(line, ':');
    fake_verdict(
        self, weft__http_field(self->exchange, line, (size_t)(colon - line), colon + 2, strlen(colon + 2)));
}

static void fake_step(fake_exchange *self) {
    static char many[FAKE_LARGEST];
    const char *line = *self->next;
    weft__exchange *exchange = self->exchange;
    switch (line[0]) {
    case '=':
        self->next++;
        weft__http_status(exchange, atoi(line + 1), 11);
        break;
    case '\0':
        fake_verdict(self, weft__http_head(exchange, NULL));
        break;
    case '+':
        fake_verdict(self, weft__http_bytes(exchange, line + 1, strlen(line + 1)));
        break;
    case '~':
        snprintf(many, sizeof many, "%s", line + 1);
        for (char *at = many; (at = strchr(at, '~')) != NULL;)
            *at++ = '\0';
        fake_verdict(self, weft__http_bytes(exchange, many, strlen(line + 1)));
        break;
    case '*':
        memset(many, 'x', sizeof many);
        fake_verdict(self, weft__http_bytes(exchange, many, (size_t)atoi(line + 1)));
        break;
    case '.':
        fake_gone(self);
        weft__http_end(exchange);
        break;
    case '!':
        fake_gone(self);
        weft__http_failed(exchange, weft__error_named(WEFT_HTTP, "ECONNRESET", "%s", line + 1));
        break;
    case '<':
        fake_upload(self);
        break;
    case '?':
        self->next++;
        weft__http_sent(exchange);
        break;
    case '@':
        self->next++;
        world.simulation.clock = fmax(world.simulation.clock, world.simulation.deadline);
        break;
    default:
        fake_field(self, line);
    }
}

/* The world outside does one thing. False if it has none to do. */
static bool fake_outside(void) {
    for (unsigned i = 0; i < fake.begun; i++) {
        fake_exchange *self = &fake.exchanges[i];
        if (self->exchange == NULL || self->refused || self->starved || strcmp(*self->next, "_") == 0)
            continue;
        weft_loop *loop = weft__current;
        weft__current = NULL; /* the core must not rely on it */
        fake_step(self);
        weft__current = loop;
        return true;
    }
    return false;
}

/* As RUN does, with the outside. */
WEFT__UNUSED static bool fake_open(void) {
    fake.begun = fake.ended = fake.abandoned = fake.resumed = 0;
    fake.sent[0] = '\0';
    return world_open();
}

WEFT__UNUSED static const char *fake_finish(weft_coroutine *coroutine) {
    weft_task *main = world_start(coroutine);
    while (world_turn() == WEFT_TURN_IDLE)
        if (!fake_outside())
            break;
    CHECK(weft_task_done(main));
    world_outcome(main);
    world_close();
    CHECK_EQ_INT(fake.pools, 0);
    CHECK_EQ_INT(fake.begun, fake.ended + fake.abandoned);
    memset(fake.scripts, 0, sizeof fake.scripts);
    fake.refuses_to_start = false;
    return world.outcome;
}

#define RUN_HTTP(coroutine) (fake_open() ? fake_finish(coroutine) : world_without_memory())

#endif
