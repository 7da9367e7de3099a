/* What threads do in WebAssembly, line by line the same as without them, but for where it happens. */
#define _POSIX_C_SOURCE 200809L

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weft/weft.h>

#if defined(__EMSCRIPTEN_PTHREADS__)
#include <pthread.h>
static pthread_t main_thread;
static bool is_elsewhere(void) {
    return !pthread_equal(pthread_self(), main_thread);
}
enum { HAS_THREADS = true };
#else
static bool is_elsewhere(void) {
    return false;
}
enum { HAS_THREADS = false };
#endif

/* --- Functions in threads --- */

static weft_value square(void *number) {
    struct timespec nap = {0, 20000000};
    nanosleep(&nap, NULL);
    return weft_format("%d %s", *(int *)number * *(int *)number,
                       is_elsewhere() == HAS_THREADS ? "where it should" : "elsewhere");
}

static weft_value fail(void *unused) {
    (void)unused;
    return weft_failure(WEFT_USER, "no number");
}

static atomic_bool stopped;

static weft_value run_until_cancelled(void *unused) {
    (void)unused;
    while (!weft_thread_cancelled()) {
    }
    atomic_store(&stopped, true);
    return weft_none();
}

struct functions {
    weft_frame frame;
    int numbers[10], i;
    weft_future *all;
    weft_awaitable awaitables[10];
    weft_values *values;
    const weft_error *error;
};

weft_async(functions) {
    weft_begin(functions);
    for (int i = 0; i < 10; i++) {
        self->numbers[i] = i;
        self->awaitables[i] = weft_awaitable_of(weft_to_thread(square, &self->numbers[i]));
    }
    self->all = weft_gather_array(10, self->awaitables, false);
    weft_await_to(self->values, self->all);
    for (int i = 0; i < 10; i += 3)
        printf("square %s\n", weft_value_string(self->values->items[i]));
    weft_try {
        weft_await(weft_to_thread(fail, NULL));
    }
    weft_catch(self->error) {
        printf("failed: %s\n", self->error->message);
    }
    if (HAS_THREADS) {
        weft_try {
            weft_await(weft_wait_for(weft_to_thread(run_until_cancelled, NULL), 0.02));
        }
        weft_catch_code(WEFT_TIMED_OUT, self->error) {}
        while (!atomic_load(&stopped))
            weft_await(weft_sleep(0.001));
    }
    printf("stopped\n");
    weft_end();
}

/* --- Loops in threads, and a channel between them --- */

struct sends {
    weft_frame frame;
    weft_channel *channel;
    int first, i;
};

weft_async(sends) {
    weft_begin(sends);
    if (is_elsewhere() != HAS_THREADS)
        weft_raise(WEFT_RUNTIME, "it runs where it should not");
    for (self->i = 0; self->i < 50; self->i++) {
        weft_await(weft_channel_send(self->channel, weft_format("%d", self->first + self->i)));
        if (self->i % 10 == 0)
            weft_await(weft_sleep(0.001));
    }
    weft_drop();
    weft_channel_release(self->channel);
    weft_end();
}

static weft_coroutine *make_sends(unsigned number, void *channel) {
    return weft_call(sends, .channel = weft_channel_retain(channel), .first = (int)number * 50);
}

struct sender_group {
    weft_frame frame;
    weft_channel *channel;
};

weft_async(sender_group) {
    weft_begin(sender_group);
    weft_await(weft_threads_run(3, make_sends, self->channel));
    weft_channel_close(self->channel);
    weft_end();
}

struct endless {
    weft_frame frame;
    atomic_bool *ended;
};

weft_async(endless) {
    weft_begin(endless);
    weft_await(weft_sleep(1e6));
    weft_drop();
    atomic_store(self->ended, true);
    weft_end();
}

static weft_coroutine *make_endless(void *ended) {
    return weft_call(endless, .ended = ended);
}

struct raises {
    weft_frame frame;
    int number;
};

static weft_coroutine *make_raises(void *argument);

weft_async(raises) {
    weft_begin(raises);
    if (self->number > 0) {
        self->number--;
        weft_await(weft_thread_run(make_raises, &self->number));
    }
    weft_raise(WEFT_USER, "from the innermost");
    weft_end();
}

static weft_coroutine *make_raises(void *argument) {
    return weft_call(raises, .number = *(int *)argument);
}

static const int none = 0;

struct loops {
    weft_frame frame;
    weft_channel *channel;
    weft_value value;
    int sum, count, depth, i;
    atomic_bool ended;
    const weft_error *error;
};

weft_async(loops) {
    weft_begin(loops);
    self->channel = weft_channel_new(4);
    weft_create_task(weft_call(sender_group, .channel = self->channel));
    weft_for_await (self->value, weft_channel_values(self->channel)) {
        self->sum += atoi(weft_value_string(self->value));
        self->count++;
        weft_value_free(&self->value);
    }
    printf("%d values, %d in all\n", self->count, self->sum);
    weft_try {
        weft_await(weft_wait_for(weft_thread_run(make_endless, &self->ended), 0.05));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        printf("timed out, and %s\n", atomic_load(&self->ended) ? "ended" : "runs on");
    }
    self->depth = 2;
    weft_try {
        weft_await(weft_thread_run(make_raises, &self->depth));
    }
    weft_catch(self->error) {
        printf("raised %s\n", self->error->message);
    }
    for (self->i = 0; self->i < 20; self->i++) { /* workers are used again */
        weft_try {
            weft_await(weft_thread_run(make_raises, (void *)&none));
        }
        weft_catch(self->error) {
            self->count++;
        }
    }
    printf("%d\n", self->count);
    weft_drop();
    weft_channel_release(self->channel);
    weft_end();
}

struct program {
    weft_frame frame;
};

weft_async(program) {
    weft_begin(program);
#if defined(__EMSCRIPTEN_PTHREADS__)
    main_thread = pthread_self();
#endif
    weft_await(weft_call(functions));
    weft_await(weft_call(loops));
    printf("done\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(program));
}
