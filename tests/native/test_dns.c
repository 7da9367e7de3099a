/* weft_getaddrinfo and weft_getnameinfo, above a resolver that this file answers for. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <weft/dns.h>
#include <weft/uv.h>
#include <weft/weft.h>

/* --- The resolver: what the C library would ask the network for --- */

static sem_t asked, answers;
static int free_calls;

typedef int real_getaddrinfo(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef void real_freeaddrinfo(struct addrinfo *);

static void *next_of(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

/* "slow.test" answers when it is let; "unreachable.test" never can. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    if (host != NULL && strcmp(host, "unreachable.test") == 0)
        return EAI_AGAIN;
    if (host != NULL && strcmp(host, "slow.test") == 0) {
        sem_post(&asked);
        sem_wait(&answers);
        host = "127.0.0.9";
    }
    real_getaddrinfo *real;
    *(void **)&real = next_of("getaddrinfo");
    return real(host, service, hints, found);
}

void freeaddrinfo(struct addrinfo *found) {
    real_freeaddrinfo *real;
    *(void **)&real = next_of("freeaddrinfo");
    __atomic_add_fetch(&free_calls, found != NULL, __ATOMIC_SEQ_CST);
    real(found);
}

/* --- Addresses --- */

struct find {
    weft_frame frame;
    const char *host, *service;
    weft_dns_options options;
    weft_addresses *found;
    const weft_error *error;
    int code;
    const char *system;
    const char *message;
};

static weft_async(find) {
    weft_begin(find);
    weft_await_to(self->found, weft_getaddrinfo(self->host, self->service, &self->options));
    weft_return_owned(self->found, weft_free);
    weft_end();
}

/* What a lookup gives; free it with free. */
static weft_addresses *find_now(const char *host, const char *service, weft_dns_options options) {
    const weft_error *error = NULL;
    weft_value value;
    weft_addresses *copy = NULL;
    if (!CHECK(
            weft_run(weft_call(find, .host = host, .service = service, .options = options), &value, &error)))
        weft_error_release(error);
    else
        copy = weft_value_pointer(value);
    return copy; /* the allocator is malloc's */
}

TEST(a_host_in_numbers_is_found) {
    weft_addresses *found = find_now("127.0.0.1", "80", (weft_dns_options){.numeric = true});
    if (found == NULL)
        return;
    CHECK_EQ_INT(found->count, 1);
    CHECK_EQ_STR(found->items[0].host, "127.0.0.1");
    CHECK_EQ_INT(found->items[0].port, 80);
    CHECK_EQ_INT(found->items[0].family, 4);
    CHECK(found->canonical == NULL);
    free(found);
    found = find_now("::1", NULL, (weft_dns_options){.numeric = true});
    if (found == NULL)
        return;
    CHECK_EQ_INT(found->count, 1);
    CHECK_EQ_STR(found->items[0].host, "::1");
    CHECK_EQ_INT(found->items[0].port, 0);
    CHECK_EQ_INT(found->items[0].family, 6);
    free(found);
}

/* As this system calls the service of port 80. */
static const char *port_80(void) {
    const struct servent *service = getservbyport(htons(80), "tcp");
    return service == NULL ? "80" : service->s_name;
}

TEST(localhost_and_services_have_names) {
    weft_addresses *found =
        find_now("localhost", port_80(), (weft_dns_options){.family = 4, .canonical = true});
    if (found == NULL)
        return;
    CHECK_EQ_STR(found->items[0].host, "127.0.0.1");
    CHECK_EQ_INT(found->items[0].port, 80);
    CHECK(found->canonical != NULL && strlen(found->canonical) > 0);
    free(found);
}

TEST(without_a_host_it_is_the_loopback_or_all_interfaces) {
    weft_addresses *found = find_now(NULL, "7", (weft_dns_options){.family = 4});
    weft_addresses *all = find_now(NULL, "7", (weft_dns_options){.family = 4, .passive = true});
    if (found == NULL || all == NULL)
        return;
    CHECK_EQ_STR(found->items[0].host, "127.0.0.1");
    CHECK_EQ_STR(all->items[0].host, "0.0.0.0");
    CHECK_EQ_INT(all->count, 1);
    free(found);
    free(all);
}

static struct find failed_at;

/* Keeps what the error says. */
static void fail_to_find(const char *host, const char *service, weft_dns_options options) {
    static char message[256];
    const weft_error *error = NULL;
    memset(&failed_at, 0, sizeof failed_at);
    if (!CHECK(
            !weft_run(weft_call(find, .host = host, .service = service, .options = options), NULL, &error)))
        return;
    snprintf(message, sizeof message, "%s", error->message);
    failed_at.code = error->code;
    failed_at.system = error->system;
    failed_at.message = message;
    weft_error_release(error);
}

TEST(what_is_not_found_has_the_systems_name_and_words) {
    fail_to_find("nothing", NULL, (weft_dns_options){.numeric = true});
    CHECK_EQ_INT(failed_at.code, WEFT_SYSTEM);
    CHECK_EQ_STR(failed_at.system, "EAI_NONAME");
    CHECK_EQ_STR(failed_at.message, "cannot find the host nothing: unknown node or service (EAI_NONAME)");
    fail_to_find("unreachable.test", "80", (weft_dns_options){.family = 0});
    CHECK_EQ_STR(failed_at.system, "EAI_AGAIN");
    CHECK_EQ_STR(failed_at.message,
                 "cannot find the service 80 of the host unreachable.test: temporary failure (EAI_AGAIN)");
    fail_to_find("127.0.0.1", "nosuchservice", (weft_dns_options){.family = 0});
    CHECK_EQ_STR(failed_at.system, "EAI_SERVICE");
}

struct find_without_files {
    weft_frame frame;
    struct rlimit files;
    const weft_error *error;
    weft_addresses *found;
    bool caught;
};

static int lowest_free_descriptor(void) {
    int file = open("/dev/null", O_RDONLY);
    close(file);
    return file;
}

static weft_async(find_without_files) {
    weft_begin(find_without_files);
    getrlimit(RLIMIT_NOFILE, &self->files);
    {
        struct rlimit none = {(rlim_t)lowest_free_descriptor(), self->files.rlim_max};
        CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    weft_try {
        weft_await_to(self->found, weft_getaddrinfo("unreachable.test", NULL, NULL));
    }
    weft_catch(self->error) {
        CHECK_EQ_STR(self->error->message,
                     "cannot find the host unreachable.test: too many open files (EMFILE)");
        self->caught = true;
    }
    CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &self->files), 0);
    CHECK(self->caught);
    weft_end();
}

TEST(without_a_free_descriptor_that_is_the_reason) {
    CHECK(weft_run(weft_call(find_without_files), NULL, NULL));
}

TEST(what_makes_no_sense_is_refused) {
    fail_to_find(NULL, NULL, (weft_dns_options){.family = 0});
    CHECK_EQ_INT(failed_at.code, WEFT_INVALID_ARGUMENT);
    fail_to_find("localhost", NULL, (weft_dns_options){.family = 5});
    CHECK_EQ_STR(failed_at.message, "5 is no family of addresses: 4 and 6 are");
    static char long_name[5000];
    memset(long_name, 'a', sizeof long_name - 1);
    fail_to_find(long_name, NULL, (weft_dns_options){.family = 0});
    CHECK_EQ_INT(failed_at.code, WEFT_SYSTEM);
}

/* --- Names --- */

struct name {
    weft_frame frame;
    const char *host;
    int port;
    weft_name_options options;
    weft_name *name;
};

static weft_async(name) {
    weft_begin(name);
    weft_await_to(self->name, weft_getnameinfo(self->host, self->port, &self->options));
    weft_return(weft_format("%s %s", self->name->host, self->name->service));
    weft_drop();
    weft_free(self->name);
    weft_end();
}

static void check_name(const char *host, int port, weft_name_options options, const char *expected) {
    weft_value value;
    if (!CHECK(weft_run(weft_call(name, .host = host, .port = port, .options = options), &value, NULL)))
        return;
    CHECK_EQ_STR(weft_value_string(value), expected);
    weft_value_free(&value);
}

TEST(an_address_has_names_or_numbers) {
    char expected[64];
    snprintf(expected, sizeof expected, "localhost %s", port_80());
    check_name("127.0.0.1", 80, (weft_name_options){.numeric = false}, expected);
    check_name("127.0.0.1", 80, (weft_name_options){.numeric = true}, "127.0.0.1 80");
    check_name("::1", 65535, (weft_name_options){.numeric = true}, "::1 65535");
}

TEST(what_is_no_address_has_no_name) {
    static const char *const hosts[] = {"localhost", "", "1.2.3", NULL};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        const weft_error *error = NULL;
        CHECK(!weft_run(weft_call(name, .host = hosts[i], .port = 1), NULL, &error));
        CHECK_EQ_INT(error->code, WEFT_INVALID_ARGUMENT);
        weft_error_release(error);
    }
    const weft_error *error = NULL;
    CHECK(!weft_run(weft_call(name, .host = "127.0.0.1", .port = 65536), NULL, &error));
    CHECK_EQ_STR(error->message, "127.0.0.1 port 65536 is no address");
    weft_error_release(error);
}

/* --- Cancellation --- */

static weft_value wait_for_thread(void *semaphore) {
    sem_wait(semaphore);
    return weft_none();
}

struct cancels {
    weft_frame frame;
    bool begun; /* a thread has begun the lookup */
    weft_task *lookup;
    const weft_error *error;
};

/* A cancelled lookup ends at once: here nobody answers before it has. */
static weft_async(cancels) {
    weft_begin(cancels);
    self->lookup = weft_create_task(weft_getaddrinfo("slow.test", NULL, NULL));
    weft_await(weft_sleep(0));
    if (self->begun)
        weft_await(weft_to_thread(wait_for_thread, &asked));
    weft_cancel(self->lookup);
    weft_try {
        weft_await(self->lookup);
        CHECK(false);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        CHECK(weft_task_cancelled(self->lookup));
    }
    if (!self->begun)
        weft_return(7);
    sem_post(&answers);
    weft_await(weft_getaddrinfo("127.0.0.1", NULL, NULL)); /* the loop is as it was */
    weft_return(7);
    weft_end();
}

TEST(a_lookup_that_has_begun_outlives_its_coroutine_harmlessly) {
    weft_value value;
    free_calls = 0;
    if (CHECK(weft_run(weft_call(cancels, .begun = true), &value, NULL)))
        CHECK_EQ_INT(weft_value_int(value), 7);
    CHECK(free_calls >= 1);
}

static weft_value hold_thread(void *semaphores) {
    sem_t *both = semaphores;
    sem_post(&both[0]);
    sem_wait(&both[1]);
    return weft_none();
}

struct fills {
    weft_frame frame;
    sem_t semaphores[2]; /* a thread is taken; it may go on */
    int taken;
    weft_task *holders[4];
};

/* Every thread of libuv's pool is taken, so a lookup cannot begin and is really cancelled. */
static weft_async(fills) {
    weft_begin(fills);
    sem_init(&self->semaphores[0], 0, 0);
    sem_init(&self->semaphores[1], 0, 0);
    for (self->taken = 0; self->taken < 4; self->taken++)
        self->holders[self->taken] = weft_create_task(weft_to_thread(hold_thread, self->semaphores));
    weft_await(weft_sleep(0));
    for (self->taken = 0; self->taken < 4; self->taken++)
        sem_wait(&self->semaphores[0]);
    weft_await(weft_call(cancels, .begun = false));
    for (self->taken = 0; self->taken < 4; self->taken++)
        sem_post(&self->semaphores[1]);
    for (self->taken = 0; self->taken < 4; self->taken++)
        weft_await(self->holders[self->taken]);
    weft_end();
}

TEST(a_lookup_that_has_not_begun_is_cancelled) {
    CHECK(weft_run(weft_call(fills), NULL, NULL));
    CHECK(sem_trywait(&asked) != 0);
}

struct abandons {
    weft_frame frame;
};

/* The loop ends while a thread still looks. */
static weft_async(abandons) {
    weft_begin(abandons);
    weft_create_task(weft_getaddrinfo("slow.test", NULL, NULL));
    weft_await(weft_to_thread(wait_for_thread, &asked));
    weft_return(7);
    weft_end();
}

TEST(a_loop_may_end_before_a_lookup_does) {
    weft_value value;
    if (CHECK(weft_run(weft_call(abandons), &value, NULL)))
        CHECK_EQ_INT(weft_value_int(value), 7);
    sem_post(&answers);
}

static void prepare(void) {
    sem_init(&asked, 0, 0);
    sem_init(&answers, 0, 0);
    setenv("UV_THREADPOOL_SIZE", "4", 1);
}

int main(int argc, char **argv) {
    static const weft_test_case cases[] = {
        TEST_CASE(a_host_in_numbers_is_found),
        TEST_CASE(localhost_and_services_have_names),
        TEST_CASE(without_a_host_it_is_the_loopback_or_all_interfaces),
        TEST_CASE(what_is_not_found_has_the_systems_name_and_words),
        TEST_CASE(without_a_free_descriptor_that_is_the_reason),
        TEST_CASE(what_makes_no_sense_is_refused),
        TEST_CASE(an_address_has_names_or_numbers),
        TEST_CASE(what_is_no_address_has_no_name),
        TEST_CASE(a_lookup_that_has_begun_outlives_its_coroutine_harmlessly),
        TEST_CASE(a_lookup_that_has_not_begun_is_cancelled),
        TEST_CASE(a_loop_may_end_before_a_lookup_does),
    };
    prepare();
    return weft_test_run(cases, sizeof cases / sizeof *cases, argc, argv);
}
