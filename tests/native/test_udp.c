/* UDP sockets, over the loopback. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "weft_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <weft/udp.h>
#include <weft/uv.h>
#include <weft/weft.h>

/* Runs it to its end; it must leave no descriptor behind. */
static void run(weft_coroutine *(*make)(void)) {
    int before = open_descriptors();
    const weft_error *error = NULL;
    weft_value value;
    char words[256] = "";
    if (weft_run(make(), &value, &error)) {
        weft_value_free(&value);
    } else {
        weft_error_print(error, words, sizeof words);
        weft_error_release(error);
    }
    CHECK_EQ_STR(words, "");
    CHECK_EQ_INT(open_descriptors(), before);
}

static int port_of(const weft_udp *socket) {
    weft_address address;
    return CHECK(weft_udp_local(socket, &address)) ? address.port : 0;
}

static bool is(const weft_datagram *datagram, const char *text) {
    return datagram->size == strlen(text) && strcmp(datagram->data, text) == 0;
}

/* Two sockets, which most cases begin with. */
typedef struct pair {
    weft_udp *a, *b;
    int port; /* of b */
    weft_datagram *datagram;
} pair;

/* What `run` calls to begin a program. */
#define CALLED(name)                           \
    static weft_coroutine *call_##name(void) { \
        return weft_call(name);                \
    }

/* --- Sending and receiving --- */

struct exchange {
    weft_frame frame;
    pair p;
    weft_address address;
};

static weft_async(exchange) {
    weft_begin(exchange);
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_with(self->p.a) {
        weft_with(self->p.b) {
            self->p.port = port_of(self->p.b);
            weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, "ping", 4));
            weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
            CHECK(is(self->p.datagram, "ping"));
            CHECK(!self->p.datagram->truncated);
            CHECK_EQ_STR(self->p.datagram->sender.host, "127.0.0.1");
            CHECK_EQ_INT(self->p.datagram->sender.port, port_of(self->p.a));
            CHECK_EQ_INT(self->p.datagram->sender.family, 4);
            weft_await(weft_udp_send_to(self->p.b, self->p.datagram->sender.host,
                                        self->p.datagram->sender.port, NULL, 0));
            weft_free(self->p.datagram);
            weft_await_to(self->p.datagram, weft_udp_receive(self->p.a));
            CHECK_EQ_INT(self->p.datagram->size, 0);
            weft_free(self->p.datagram);
            CHECK(!weft_udp_peer(self->p.a, &self->address));
        }
    }
    weft_end();
}
CALLED(exchange)

TEST(a_datagram_comes_with_its_senders_address) {
    run(call_exchange);
}

struct by_name {
    weft_frame frame;
    pair p;
    weft_address address;
};

static weft_async(by_name) {
    weft_begin(by_name);
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    weft_await(weft_udp_send_to(self->p.a, "localhost", self->p.port, "by name", 7));
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "by name"));
    weft_free(self->p.datagram);
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(by_name)

TEST(a_receiver_may_be_named) {
    run(call_by_name);
}

/* A socket for everything hears IPv4 and tells it as such. */
struct both_families {
    weft_frame frame;
    pair p;
};

static weft_async(both_families) {
    weft_begin(both_families);
    weft_await_to(self->p.b, weft_udp_bind(NULL, 0, NULL));
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, "four", 4));
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK_EQ_STR(self->p.datagram->sender.host, "127.0.0.1");
    CHECK_EQ_INT(self->p.datagram->sender.family, 4);
    weft_await(
        weft_udp_send_to(self->p.b, self->p.datagram->sender.host, self->p.datagram->sender.port, "back", 4));
    weft_free(self->p.datagram);
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.a));
    CHECK(is(self->p.datagram, "back"));
    weft_free(self->p.datagram);
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(both_families)

TEST(a_socket_for_all_interfaces_hears_both_families) {
    run(call_both_families);
}

struct connected {
    weft_frame frame;
    pair p;
    weft_udp *stranger;
    weft_address address;
    const weft_error *error;
};

static weft_async(connected) {
    weft_begin(connected);
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    weft_await_to(self->p.a, weft_udp_connect("127.0.0.1", self->p.port, NULL));
    weft_await_to(self->stranger, weft_udp_bind("127.0.0.1", 0, NULL));
    CHECK(weft_udp_peer(self->p.a, &self->address));
    CHECK_EQ_INT(self->address.port, self->p.port);
    weft_await(weft_udp_send(self->p.a, "one", 3));
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "one"));
    weft_free(self->p.datagram);
    /* What others send does not come: the next to come is the peer's. */
    weft_await(weft_udp_send_to(self->stranger, "127.0.0.1", port_of(self->p.a), "strange", 7));
    weft_await(weft_udp_send_to(self->p.b, "127.0.0.1", port_of(self->p.a), "two", 3));
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.a));
    CHECK(is(self->p.datagram, "two"));
    weft_free(self->p.datagram);
    weft_try {
        weft_await(weft_udp_send(self->stranger, "to whom?", 8));
        CHECK(false);
    }
    weft_catch(self->error) {
        CHECK_EQ_STR(self->error->system, "EDESTADDRREQ");
    }
    weft_udp_close(self->stranger);
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(connected)

TEST(a_connected_socket_has_one_peer) {
    run(call_connected);
}

struct generated {
    weft_frame frame;
    pair p;
    int sent;
    char text[12];
};

static weft_async(generated) {
    weft_begin(generated);
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_with(self->p.a) {
        weft_with(self->p.b) {
            self->p.port = port_of(self->p.b);
            for (self->sent = 0; self->sent < 5; self->sent++) {
                snprintf(self->text, sizeof self->text, "%d", self->sent);
                weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, self->text, 1));
            }
            self->sent = 0;
            weft_for_await (self->p.datagram, weft_udp_datagrams(self->p.b)) {
                snprintf(self->text, sizeof self->text, "%d", self->sent++);
                CHECK(is(self->p.datagram, self->text));
                weft_free(self->p.datagram);
                if (self->sent == 5)
                    weft_break;
            }
            CHECK_EQ_INT(self->sent, 5);
        }
    }
    weft_end();
}
CALLED(generated)

TEST(datagrams_come_one_after_the_other) {
    run(call_generated);
}

/* --- A bad world --- */

struct truncates {
    weft_frame frame;
    pair p;
    char large[60000];
    const weft_error *error;
};

static weft_async(truncates) {
    weft_begin(truncates);
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, &(weft_udp_options){.limit = 4}));
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, "123456", 6));
    weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, "1234", 4));
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "1234"));
    CHECK(self->p.datagram->truncated);
    weft_free(self->p.datagram);
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "1234"));
    CHECK(!self->p.datagram->truncated);
    weft_free(self->p.datagram);
    /* Without a limit nothing is. */
    memset(self->large, 'x', sizeof self->large);
    weft_await(weft_udp_send_to(self->p.b, "127.0.0.1", port_of(self->p.a), self->large, sizeof self->large));
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.a));
    CHECK_EQ_INT(self->p.datagram->size, sizeof self->large);
    CHECK(!self->p.datagram->truncated);
    weft_free(self->p.datagram);
    weft_try {
        weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, self->large, 1 << 20));
        CHECK(false);
    }
    weft_catch(self->error) {
        CHECK_EQ_STR(self->error->system, "EMSGSIZE");
        CHECK(strstr(self->error->message, "cannot send 1048576 bytes by UDP to 127.0.0.1 port ") != NULL);
    }
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(truncates)

TEST(what_is_too_large_is_truncated_and_told_so) {
    run(call_truncates);
}

struct floods {
    weft_frame frame;
    pair p;
    int i;
};

/* What waits here is bounded; the rest is dropped, and counted, and what was first stays. */
static weft_async(floods) {
    weft_begin(floods);
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, &(weft_udp_options){.queue = 3}));
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    for (self->i = 0; self->i < 10; self->i++)
        weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, &"0123456789"[self->i], 1));
    /* The system has all ten; libuv reads them together. */
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "0"));
    weft_free(self->p.datagram);
    CHECK_EQ_INT(weft_udp_dropped(self->p.b), 7);
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "1"));
    weft_free(self->p.datagram);
    /* The third is never taken. */
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(floods)

TEST(what_nobody_receives_is_dropped_and_counted) {
    run(call_floods);
}

struct refused {
    weft_frame frame;
    pair p;
    const weft_error *error;
};

/* The peer's machine says that nobody is there. */
static weft_async(refused) {
    weft_begin(refused);
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    weft_await_to(self->p.a, weft_udp_connect("127.0.0.1", self->p.port, NULL));
    weft_udp_close(self->p.b);
    weft_await(weft_udp_send(self->p.a, "anybody?", 8));
    weft_try {
        weft_await(weft_udp_receive(self->p.a));
        CHECK(false);
    }
    weft_catch(self->error) {
        CHECK_EQ_INT(self->error->code, WEFT_SYSTEM);
        CHECK_EQ_STR(self->error->message, "cannot receive by UDP: connection refused (ECONNREFUSED)");
    }
    weft_udp_close(self->p.a);
    weft_end();
}
CALLED(refused)

TEST(a_peer_that_is_not_there_is_an_error) {
    run(call_refused);
}

static const weft_udp_options sharing = {.reuse_address = true, .broadcast = true};

struct busy {
    weft_frame frame;
    pair p;
    const weft_error *error;
    char words[96];
};

static weft_async(busy) {
    weft_begin(busy);
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.a);
    weft_try {
        weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", self->p.port, NULL));
        CHECK(false);
    }
    weft_catch(self->error) {
        snprintf(self->words, sizeof self->words,
                 "cannot bind 127.0.0.1 port %d for UDP: address already in use (EADDRINUSE)", self->p.port);
        CHECK_EQ_STR(self->error->message, self->words);
    }
    weft_udp_close(self->p.a);
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, &sharing));
    self->p.port = port_of(self->p.a);
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", self->p.port, &sharing));
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(busy)

TEST(an_address_in_use_is_shared_only_if_both_agree) {
    run(call_busy);
}

struct no_descriptors {
    weft_frame frame;
    struct rlimit before;
    const weft_error *error;
};

static weft_async(no_descriptors) {
    weft_begin(no_descriptors);
    getrlimit(RLIMIT_NOFILE, &self->before);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 0, .rlim_max = self->before.rlim_max});
    weft_try {
        weft_await(weft_udp_bind("127.0.0.1", 0, NULL));
        CHECK(false);
    }
    weft_catch(self->error) {
        CHECK_EQ_STR(self->error->message,
                     "cannot bind 127.0.0.1 port 0 for UDP: too many open files (EMFILE)");
    }
    weft_finally {
        setrlimit(RLIMIT_NOFILE, &self->before);
    }
    weft_end();
}
CALLED(no_descriptors)

TEST(too_many_open_files_is_an_error) {
    run(call_no_descriptors);
}

/* --- Misuse --- */

struct misuse {
    weft_frame frame;
    int i;
    pair p;
    weft_task *reader;
    weft_coroutine *late;
    const weft_error *error;
};

/* The i-th mistake, which raises. */
static weft_coroutine *mistake(int i, weft_udp *socket) {
    switch (i) {
    case 0:
        return weft_udp_receive(NULL);
    case 1:
        return weft_udp_send(NULL, "x", 1);
    case 2:
        return weft_udp_send_to(socket, NULL, 1, "x", 1);
    case 3:
        return weft_udp_send_to(socket, "127.0.0.1", 1, NULL, 1);
    case 4:
        return weft_udp_send_to(socket, "127.0.0.1", 65536, "x", 1);
    case 5:
        return weft_udp_bind("127.0.0.1", -1, NULL);
    case 6:
        return weft_udp_connect(NULL, 1, NULL);
    default:
        return NULL;
    }
}

static weft_async(misuse) {
    weft_begin(misuse);
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    for (self->i = 0; self->i < 7; self->i++) {
        weft_try {
            weft_await(mistake(self->i, self->p.a));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_INT(self->error->code, WEFT_INVALID_ARGUMENT);
        }
    }
    self->reader = weft_create_task(weft_udp_receive(self->p.a));
    weft_await(weft_sleep(0));
    weft_try {
        weft_await(weft_udp_receive(self->p.a));
        CHECK(false);
    }
    weft_catch_code(WEFT_RUNTIME, self->error) {
        CHECK_EQ_STR(self->error->message, "another task receives from the UDP socket");
    }
    weft_udp_close(self->p.a); /* and while somebody receives */
    weft_udp_close(NULL);
    weft_try {
        weft_await(self->reader);
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_STATE, self->error) {
        CHECK_EQ_STR(self->error->message, "the UDP socket was closed");
    }
    /* Closed between the call and the await. */
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    self->late = weft_udp_receive(self->p.a);
    weft_udp_close(self->p.a);
    weft_try {
        weft_await(self->late);
        CHECK(false);
    }
    weft_catch(self->error) {
        CHECK_EQ_INT(self->error->code, WEFT_INVALID_STATE);
    }
    weft_end();
}
CALLED(misuse)

TEST(misuse_is_an_error) {
    run(call_misuse);
}

/* --- Cancellation --- */

struct cancelled_receive {
    weft_frame frame;
    pair p;
    weft_task *reader;
    const weft_error *error;
};

/* Cancelled with a datagram on its way, or there: the next one has it. */
static weft_async(cancelled_receive) {
    weft_begin(cancelled_receive);
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_await_to(self->p.b, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    self->reader = weft_create_task(weft_udp_receive(self->p.b));
    weft_await(weft_sleep(0));
    weft_await(weft_udp_send_to(self->p.a, "127.0.0.1", self->p.port, "kept", 4));
    weft_cancel(self->reader);
    weft_try {
        weft_await(self->reader);
        CHECK(false);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        CHECK(weft_task_cancelled(self->reader));
    }
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "kept"));
    weft_free(self->p.datagram);
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(cancelled_receive)

TEST(a_cancelled_receive_loses_nothing) {
    run(call_cancelled_receive);
}

static weft_value nothing(void *argument) {
    (void)argument;
    return weft_none();
}

/* A program that is cancelled after so many looks at the world: it must end cleanly wherever that was. */
struct interrupted {
    weft_frame frame;
    int looks;
    weft_task *program;
    const weft_error *error;
};

static weft_async(interrupted) {
    weft_begin(interrupted);
    self->program = weft_create_task(weft_call(generated));
    while (self->looks-- > 0)
        weft_await(weft_to_thread(nothing, NULL));
    if (!weft_cancel(self->program))
        weft_return(7);
    weft_try {
        weft_await(self->program);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        weft_return(0);
    }
    weft_return(7);
    weft_end();
}

TEST(it_is_cancelled_at_every_await) {
    int before = open_descriptors();
    int64_t ended = 0;
    for (int looks = 0; ended == 0 && looks < 1000; looks++) {
        weft_value value;
        if (!CHECK(weft_run(weft_call(interrupted, .looks = looks), &value, NULL)))
            return;
        ended = weft_value_int(value);
        CHECK_EQ_INT(open_descriptors(), before);
    }
    CHECK_EQ_INT(ended, 7);
}

/* --- Multicast --- */

struct multicast {
    weft_frame frame;
    pair p;
    const weft_error *error;
};

static weft_async(multicast) {
    weft_begin(multicast);
    weft_await_to(self->p.b, weft_udp_bind("0.0.0.0", 0, &sharing));
    weft_await_to(self->p.a, weft_udp_bind("127.0.0.1", 0, NULL));
    self->p.port = port_of(self->p.b);
    CHECK(weft_udp_join(self->p.b, "239.255.7.7", "127.0.0.1") == NULL);
    CHECK(weft_udp_set_multicast_interface(self->p.a, "127.0.0.1") == NULL);
    CHECK(weft_udp_set_multicast_loop(self->p.a, true) == NULL);
    CHECK(weft_udp_set_multicast_hops(self->p.a, 1) == NULL);
    weft_await(weft_udp_send_to(self->p.a, "239.255.7.7", self->p.port, "all", 3));
    weft_await_to(self->p.datagram, weft_udp_receive(self->p.b));
    CHECK(is(self->p.datagram, "all"));
    weft_free(self->p.datagram);
    CHECK(weft_udp_leave(self->p.b, "239.255.7.7", "127.0.0.1") == NULL);
    self->error = weft_udp_leave(self->p.b, "239.255.7.7", "127.0.0.1");
    CHECK_EQ_STR(self->error->system, "EADDRNOTAVAIL");
    weft_error_release(self->error);
    self->error = weft_udp_join(NULL, "239.255.7.7", NULL);
    CHECK_EQ_INT(self->error->code, WEFT_INVALID_ARGUMENT);
    weft_udp_close(self->p.a);
    weft_udp_close(self->p.b);
    weft_end();
}
CALLED(multicast)

TEST(a_group_is_joined_and_left) {
    run(call_multicast);
}

/* --- What nobody closes --- */

static char said[256];

static void remember(void *context, const char *text) {
    (void)context;
    snprintf(said, sizeof said, "%s", text);
}

struct forgets {
    weft_frame frame;
    weft_udp *socket;
};

static weft_async(forgets) {
    weft_begin(forgets);
    weft_loop_set_debug(weft_loop_current(), true);
    weft_loop_set_reporter(weft_loop_current(), remember, NULL);
    weft_await(weft_udp_bind("127.0.0.1", 0, NULL)); /* nobody takes it: it is closed */
    weft_await_to(self->socket, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_create_task(weft_udp_receive(self->socket));
    weft_await(weft_sleep(0));
    weft_end();
}

CALLED(forgets)

TEST(what_nobody_closes_goes_with_the_loop) {
    said[0] = '\0';
    run(call_forgets);
    CHECK(strstr(said, "a UDP socket was never closed") != NULL);
}

TEST(in_virtual_time_it_works_all_the_same) {
    setenv("WEFT_VIRTUAL", "1", 1);
    run(call_exchange);
    run(call_generated);
    unsetenv("WEFT_VIRTUAL");
}

TEST_MAIN(TEST_CASE(a_datagram_comes_with_its_senders_address), TEST_CASE(a_receiver_may_be_named),
          TEST_CASE(a_socket_for_all_interfaces_hears_both_families),
          TEST_CASE(a_connected_socket_has_one_peer), TEST_CASE(datagrams_come_one_after_the_other),
          TEST_CASE(what_is_too_large_is_truncated_and_told_so),
          TEST_CASE(what_nobody_receives_is_dropped_and_counted),
          TEST_CASE(a_peer_that_is_not_there_is_an_error),
          TEST_CASE(an_address_in_use_is_shared_only_if_both_agree),
          TEST_CASE(too_many_open_files_is_an_error), TEST_CASE(misuse_is_an_error),
          TEST_CASE(a_cancelled_receive_loses_nothing), TEST_CASE(it_is_cancelled_at_every_await),
          TEST_CASE(a_group_is_joined_and_left), TEST_CASE(what_nobody_closes_goes_with_the_loop),
          TEST_CASE(in_virtual_time_it_works_all_the_same))
