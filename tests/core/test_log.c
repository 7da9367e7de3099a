#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weft_test.h"

/* --- A reader that holds the log to docs/events.md --- */

enum { MOST_TEXTS = 20000, MOST_SITES = 1000, MOST_RECORDS = 100000 };

static struct {
    char *texts[MOST_TEXTS]; /* by id */
    bool sites[MOST_SITES];  /* whether it is defined */
    uint32_t site_functions[MOST_SITES];
    uint32_t site_lines[MOST_SITES];
    weft_log_record records[MOST_RECORDS]; /* definitions left out */
    size_t count;
    size_t text_definitions, shifts, chunks, largest;
    uint64_t lost, next_base;
    double time;
    bool broken; /* a rule was */
} seen;

static void hold(bool rule) {
    seen.broken = seen.broken || !rule;
}

static bool names_a_string(const weft_log_record *record) {
    static const uint8_t kinds[] = {WEFT_LOG_CREATED, WEFT_LOG_CANCEL_REQUEST, WEFT_LOG_CANCEL_DELIVERED,
                                    WEFT_LOG_DONE,    WEFT_LOG_ERROR,          WEFT_LOG_OUTPUT,
                                    WEFT_LOG_MARK,    WEFT_LOG_NEVER_AWAITED,  WEFT_LOG_NEVER_RETRIEVED,
                                    WEFT_LOG_WAIT,    WEFT_LOG_EXTERNAL_BEGIN};
    return memchr(kinds, record->kind, sizeof kinds) != NULL;
}

static const char *text_of(uint32_t id) {
    return id < MOST_TEXTS && seen.texts[id] != NULL ? seen.texts[id] : "";
}

static void read_text(const weft_log_record *record, size_t left) {
    uint32_t length = record->payload;
    char *text = calloc(1, length + 1);
    hold(record->object > 0 && record->object < MOST_TEXTS && seen.texts[record->object] == NULL);
    hold((length + 31) / 32 < left);
    if (!seen.broken) {
        memcpy(text, record + 1, length);
        seen.texts[record->object] = text;
        seen.text_definitions++;
    } else {
        free(text);
    }
}

static void read_site(const weft_log_record *record) {
    hold(record->object > 0 && record->object < MOST_SITES && !seen.sites[record->object]);
    hold(record->other == 0 || text_of(record->other)[0] != '\0');
    hold(text_of(record->task)[0] != '\0');
    if (seen.broken)
        return;
    seen.sites[record->object] = true;
    seen.site_functions[record->object] = record->other;
    seen.site_lines[record->object] = record->payload;
}

static void read_record(const weft_log_record *record) {
    hold(record->time >= seen.time);
    hold(record->kind >= 1 && record->kind <= 30);
    hold(record->site == 0 || record->kind == WEFT_LOG_TIMER_ARM ||
         (record->site < MOST_SITES && seen.sites[record->site]));
    hold(!names_a_string(record) || record->payload == 0 || text_of(record->payload)[0] != '\0');
    seen.time = record->time;
    if (record->kind == WEFT_LOG_SHIFT) {
        seen.shifts++;
        seen.lost += record->payload;
    } else if (seen.count < MOST_RECORDS) {
        seen.records[seen.count++] = *record;
    }
}

static void read_chunk(void *context, const weft_log_record *records, size_t count, uint64_t base) {
    (void)context;
    hold(base == seen.next_base && count > 0);
    seen.next_base = base + count;
    seen.chunks++;
    seen.largest = count > seen.largest ? count : seen.largest;
    for (size_t i = 0; i < count && !seen.broken; i++) {
        if (records[i].kind == WEFT_LOG_STRING_DEF) {
            read_text(&records[i], count - i);
            i += (records[i].payload + 31) / 32;
        } else if (records[i].kind == WEFT_LOG_SITE_DEF) {
            read_site(&records[i]);
        } else {
            read_record(&records[i]);
        }
    }
}

static void begin_reading(void) {
    for (size_t i = 0; i < MOST_TEXTS; i++)
        free(seen.texts[i]);
    memset(&seen, 0, sizeof seen);
}

/* --- A loop on the virtual clock --- */

static int allowed = -1;
static void *allocate(void *context, size_t size) {
    (void)context;
    return allowed == 0 ? NULL : malloc(size);
}
static void *reallocate(void *context, void *pointer, size_t size) {
    (void)context;
    return allowed == 0 ? NULL : realloc(pointer, size);
}
static void release(void *context, void *pointer) {
    (void)context;
    free(pointer);
}
static const weft_allocator allocator = {allocate, reallocate, release, NULL};

static weft_simulation world;
static weft_loop *open_loop(weft_log_sink *sink) {
    begin_reading();
    weft_simulation_init(&world, NULL);
    weft_loop *loop = weft_loop_new(&world.host, &allocator);
    if (sink != NULL)
        CHECK(weft_log_on(sink, NULL));
    return loop;
}
static void close_loop(weft_loop *loop) {
    weft_loop_close(loop);
    weft_simulation_destroy(&world);
    CHECK(!seen.broken);
    begin_reading();
}
static void run(weft_loop *loop, weft_coroutine *coroutine) {
    weft_loop_start(loop, coroutine);
    while (weft_simulation_turn(&world, loop, 0) == WEFT_TURN_MORE)
        ;
    weft_log_flush();
}

static const weft_log_record *find(uint8_t kind, uint8_t subkind) {
    for (size_t i = 0; i < seen.count; i++)
        if (seen.records[i].kind == kind && seen.records[i].subkind == subkind)
            return &seen.records[i];
    return NULL;
}

static size_t count_of(uint8_t kind) {
    size_t count = 0;
    for (size_t i = 0; i < seen.count; i++)
        count += seen.records[i].kind == kind;
    return count;
}

/* --- The log by itself --- */

TEST(a_record_is_32_bytes) {
    CHECK_EQ_INT(sizeof(weft_log_record), 32);
    CHECK_EQ_INT(offsetof(weft_log_record, task), 8);
    CHECK_EQ_INT(offsetof(weft_log_record, kind), 24);
    CHECK_EQ_INT(offsetof(weft_log_record, payload), 28);
}

TEST(off_until_it_is_switched_on) {
    weft_mark("nobody reads %d", 1); /* not even a loop is there */
    weft_log_flush();
    CHECK(!weft_log_on(read_chunk, NULL));
    weft_loop *loop = open_loop(NULL);
    weft_mark("nobody reads %d", 2);
    CHECK_EQ_INT(weft_log_recent(NULL, 0), 0);
    CHECK(weft_log_on(read_chunk, NULL));
    weft_mark("somebody reads %d", 3);
    weft_log_flush();
    CHECK_EQ_INT(seen.count, 1);
    CHECK_EQ_STR(text_of(seen.records[0].payload), "somebody reads 3");
    weft_log_off();
    weft_mark("nobody reads %d", 4);
    weft_log_flush();
    CHECK_EQ_INT(seen.count, 1);
    close_loop(loop);
}

TEST(a_text_is_defined_once) {
    weft_loop *loop = open_loop(read_chunk);
    for (int i = 0; i < 10; i++)
        weft_mark("%s", i % 2 ? "odd" : "even");
    weft_log_flush();
    CHECK_EQ_INT(seen.text_definitions, 2);
    CHECK_EQ_INT(seen.count, 10);
    CHECK_EQ_STR(text_of(seen.records[9].payload), "odd");
    close_loop(loop);
}

TEST(many_texts_all_resolve) {
    weft_loop *loop = open_loop(read_chunk);
    for (int i = 0; i < 9000; i++)
        weft_mark("mark %d, and %0*d", i, i % 300, i);
    weft_log_flush();
    CHECK_EQ_INT(seen.count, 9000);
    CHECK(seen.chunks > 1);
    CHECK(seen.largest <= WEFT_LOG_CHUNK);
    for (int i = 0; i < 9000 && !seen.broken; i++) {
        char expected[400];
        snprintf(expected, sizeof expected, "mark %d, and %0*d", i, i % 300, i);
        if (!CHECK_EQ_STR(text_of(seen.records[i].payload), expected))
            break;
    }
    close_loop(loop);
}

TEST(a_mark_is_cut_between_characters) {
    static char words[2000];
    weft_loop *loop = open_loop(read_chunk);
    for (size_t i = 0; i + 3 < sizeof words; i += 3)
        memcpy(words + i, "…", 3);
    weft_mark("%s", words);
    weft_log_flush();
    size_t length = strlen(text_of(seen.records[0].payload));
    CHECK(length > 900);
    CHECK_EQ_INT(length % 3, 0);
    close_loop(loop);
}

TEST(an_empty_mark_has_no_text) {
    weft_loop *loop = open_loop(read_chunk);
    weft_mark("%s", "");
    weft_log_flush();
    CHECK_EQ_INT(seen.count, 1);
    CHECK_EQ_INT(seen.records[0].payload, 0);
    close_loop(loop);
}

static void marking_sink(void *context, const weft_log_record *records, size_t count, uint64_t base) {
    weft_mark("of the sink");
    weft_log_flush();
    read_chunk(context, records, count, base);
}

TEST(what_a_sink_does_is_not_logged) {
    weft_loop *loop = open_loop(marking_sink);
    weft_mark("of the program");
    weft_log_flush();
    weft_log_flush();
    CHECK_EQ_INT(seen.count, 1);
    CHECK_EQ_STR(text_of(seen.records[0].payload), "of the program");
    close_loop(loop);
}

TEST(without_memory_it_stays_off) {
    weft_loop *loop = open_loop(NULL);
    size_t memory = weft_loop_memory(loop);
    allowed = 0;
    CHECK(!weft_log_on(read_chunk, NULL));
    allowed = -1;
    CHECK_EQ_INT(weft_loop_memory(loop), memory);
    CHECK(weft_log_on(read_chunk, NULL));
    allowed = 0; /* all it needs it has */
    for (int i = 0; i < 3000; i++)
        weft_mark("mark %d", i);
    allowed = -1;
    weft_log_off();
    CHECK_EQ_INT(weft_loop_memory(loop), memory);
    CHECK_EQ_INT(seen.count, 3000);
    close_loop(loop);
}

/* --- The ring --- */

enum { RING = 2 * WEFT_LOG_CHUNK };
static weft_log_record ring[RING + 1];

TEST(a_ring_keeps_the_newest) {
    weft_loop *loop = open_loop(NULL);
    CHECK(weft_log_on(NULL, NULL));
    for (int i = 0; i < 20000; i++)
        weft_mark("%d", i % 100);
    size_t count = weft_log_recent(ring, RING + 1);
    CHECK(count > WEFT_LOG_CHUNK && count <= RING + 1);
    CHECK_EQ_INT(ring[0].kind, WEFT_LOG_SHIFT);
    read_chunk(NULL, ring, count, 0);
    CHECK_EQ_INT(seen.shifts, 1);
    CHECK(seen.lost > 15000);
    for (size_t i = 0; i < seen.count; i++) {
        char expected[8];
        snprintf(expected, sizeof expected, "%d", (int)((20000 - seen.count + i) % 100));
        if (!CHECK_EQ_STR(text_of(seen.records[i].payload), expected))
            break;
    }
    close_loop(loop);
}

TEST(a_ring_that_has_room_lost_nothing) {
    weft_loop *loop = open_loop(NULL);
    CHECK(weft_log_on(NULL, NULL));
    weft_mark("one");
    weft_mark("two");
    size_t count = weft_log_recent(ring, RING);
    CHECK_EQ_INT(count, 6); /* two definitions with their texts, two marks */
    read_chunk(NULL, ring, count, 0);
    CHECK_EQ_INT(seen.shifts, 0);
    CHECK_EQ_STR(text_of(seen.records[1].payload), "two");
    close_loop(loop);
}

TEST(a_part_of_a_ring_begins_with_a_record) {
    weft_loop *loop = open_loop(NULL);
    CHECK(weft_log_on(NULL, NULL));
    weft_mark("a text that takes more than one record, as it is longer than 32 bytes");
    weft_mark("end");
    CHECK_EQ_INT(weft_log_recent(NULL, 0), 1 + 3 + 1 + 2 + 1);
    for (size_t size = 1; size < 8; size++) {
        memset(ring, 0xFF, sizeof ring);
        CHECK_EQ_INT(weft_log_recent(ring, size), 8);
        CHECK_EQ_INT(ring[size].kind, 0xFF);
        CHECK_EQ_INT(ring[0].kind, WEFT_LOG_SHIFT);
        CHECK(ring[0].payload > 0);
        CHECK_EQ_INT(ring[size - 1].kind, size == 1 ? WEFT_LOG_SHIFT : WEFT_LOG_MARK);
    }
    close_loop(loop);
}

TEST(a_sink_after_a_ring_gets_its_own_definitions) {
    weft_loop *loop = open_loop(NULL);
    CHECK(weft_log_on(NULL, NULL));
    weft_mark("words");
    seen.next_base = weft_log_recent(NULL, 0);
    CHECK(weft_log_on(read_chunk, NULL));
    weft_mark("words");
    weft_log_flush();
    CHECK_EQ_INT(seen.count, 1);
    CHECK_EQ_STR(text_of(seen.records[0].payload), "words");
    close_loop(loop);
}

/* --- What a program writes into it --- */

struct child {
    weft_frame frame;
};

static weft_async(child) {
    weft_begin(child);
    weft_mark("child");
    weft_await(weft_sleep(2.0));
    weft_return(7);
    weft_end();
}

struct parent {
    weft_frame frame;
    weft_task *task;
};

static weft_async(parent) {
    weft_begin(parent);
    self->task = weft_create_task(weft_call(child));
    weft_await(weft_call(child));
    weft_await(self->task);
    weft_end();
}

TEST(a_program_tells_its_story) {
    weft_loop *loop = open_loop(read_chunk);
    run(loop, weft_call(parent));
    CHECK_EQ_INT(count_of(WEFT_LOG_CREATED), 2);
    CHECK_EQ_INT(count_of(WEFT_LOG_FRAME_PUSH), 1);
    CHECK_EQ_INT(count_of(WEFT_LOG_MARK), 2);
    CHECK(count_of(WEFT_LOG_DONE) >= 2);
    const weft_log_record *main_task = find(WEFT_LOG_CREATED, 0), *sleep = find(WEFT_LOG_WAIT, 1);
    if (CHECK(main_task != NULL && sleep != NULL)) {
        CHECK_EQ_INT(sleep->task, main_task->task);
        CHECK_EQ_STR(text_of(seen.site_functions[main_task->site]), "parent");
        CHECK_EQ_STR(text_of(seen.site_functions[sleep->site]), "child");
    }
    const weft_log_record *jump = find(WEFT_LOG_CLOCK_JUMP, 0);
    CHECK(jump != NULL && jump->time == 2.0);
    close_loop(loop);
}

/* Resume and suspend bracket steps, and only one task steps at a time. */
TEST(steps_are_bracketed) {
    weft_loop *loop = open_loop(read_chunk);
    run(loop, weft_call(parent));
    uint32_t running = 0;
    size_t steps = 0;
    for (size_t i = 0; i < seen.count; i++) {
        const weft_log_record *record = &seen.records[i];
        if (record->kind == WEFT_LOG_RESUME) {
            CHECK_EQ_INT(running, 0);
            running = record->task;
            steps++;
        } else if (record->kind == WEFT_LOG_SUSPEND) {
            CHECK_EQ_INT(record->task, running);
            running = 0;
        } else if (record->kind == WEFT_LOG_MARK || record->kind == WEFT_LOG_FRAME_PUSH ||
                   record->kind == WEFT_LOG_WAIT) {
            CHECK_EQ_INT(record->task, running);
        }
    }
    CHECK_EQ_INT(running, 0);
    CHECK(steps >= 4);
    close_loop(loop);
}

struct fails {
    weft_frame frame;
};

static weft_async(fails) {
    weft_begin(fails);
    weft_raise(WEFT_RUNTIME, "no");
    weft_end();
}

struct deadlines {
    weft_frame frame;
    weft_group group;
    const weft_error *error;
};

static weft_async(deadlines) {
    weft_begin(deadlines);
    weft_try {
        weft_with(weft_timeout(1.0)) {
            weft_await(weft_call(child));
        }
    }
    weft_catch(self->error) {}
    weft_try {
        weft_with(weft_timeout(0.0)) {
            weft_await(weft_call(child));
        }
    }
    weft_catch(self->error) {}
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task(&self->group, weft_call(fails));
        }
    }
    weft_catch(self->error) {}
    weft_end();
}

/* How many timeouts fired. */
static size_t expired(void) {
    enum { TIMEOUT = 5, FIRED = 0 }; /* docs/events.md */
    size_t count = 0;
    uint32_t timeout = 0;
    for (size_t i = 0; i < seen.count; i++) {
        const weft_log_record *record = &seen.records[i];
        if (record->kind == WEFT_LOG_OBJECT_NEW && record->subkind == TIMEOUT)
            timeout = record->object;
        count += record->kind == WEFT_LOG_TIMER_DROP && record->subkind == FIRED &&
                 record->object == timeout && timeout != 0;
    }
    return count;
}

TEST(deadlines_and_the_errors_of_blocks_are_told) {
    static const char *const errors[] = {"TimedOut", "TimedOut", "RuntimeError: no",
                                         "ErrorGroup: unhandled errors in a task group"};
    weft_loop *loop = open_loop(read_chunk);
    run(loop, weft_call(deadlines));
    CHECK_EQ_INT(expired(), 2);
    size_t count = 0;
    for (size_t i = 0; i < seen.count; i++)
        if (seen.records[i].kind == WEFT_LOG_ERROR && CHECK(count < 4))
            CHECK_EQ_STR(text_of(seen.records[i].payload), errors[count++]);
    CHECK_EQ_INT(count, 4);
    close_loop(loop);
}

/* --- Primitives --- */

static struct {
    weft_lock lock;
    weft_event event;
    weft_condition condition;
    weft_barrier barrier;
} lasting;

struct waits_for_each {
    weft_frame frame;
};

static weft_async(waits_for_each) {
    weft_begin(waits_for_each);
    weft_with(&lasting.lock) {}
    weft_await(weft_event_wait(&lasting.event));
    weft_with(&lasting.condition) {
        weft_await(weft_condition_wait(&lasting.condition));
    }
    weft_await(weft_barrier_wait(&lasting.barrier));
    weft_end();
}

struct serves_each {
    weft_frame frame;
    weft_task *waiter;
};

static weft_async(serves_each) {
    weft_begin(serves_each);
    weft_barrier_init(&lasting.barrier, 2);
    weft_event_clear(&lasting.event);
    weft_await(weft_lock_acquire(&lasting.lock));
    self->waiter = weft_create_task(weft_call(waits_for_each));
    weft_await(weft_sleep(1));
    weft_lock_release(&lasting.lock);
    weft_await(weft_sleep(1));
    weft_event_set(&lasting.event);
    weft_await(weft_sleep(1));
    weft_with(&lasting.condition) {
        weft_condition_notify(&lasting.condition, 1);
    }
    weft_await(weft_sleep(1));
    weft_await(weft_barrier_wait(&lasting.barrier));
    weft_await(self->waiter);
    weft_event_clear(&lasting.event);
    weft_end();
}

/* Whether an object of this type is told of before a task waits for it and is woken. */
static bool tells_of(uint8_t type, uint8_t wait) {
    const weft_log_record *made = find(WEFT_LOG_OBJECT_NEW, type), *waits = find(WEFT_LOG_WAIT, wait);
    if (made == NULL || waits == NULL || made > waits || made->object != waits->object)
        return false;
    for (const weft_log_record *record = waits; record < seen.records + seen.count; record++)
        if (record->kind == WEFT_LOG_WAKE && record->object == waits->object)
            return record->task == waits->task;
    return false;
}

TEST(what_tasks_wait_for_is_told) {
    enum { LOCK = 7, EVENT, CONDITION, BARRIER, FOR_LOCK = 8, FOR_EVENT, FOR_CONDITION, FOR_BARRIER };
    for (int i = 0; i < 2; i++) { /* the second loop knows nothing of what the first was told */
        weft_loop *loop = open_loop(read_chunk);
        run(loop, weft_call(serves_each));
        CHECK(tells_of(LOCK, FOR_LOCK));
        CHECK(tells_of(EVENT, FOR_EVENT));
        CHECK(tells_of(CONDITION, FOR_CONDITION));
        CHECK(tells_of(BARRIER, FOR_BARRIER));
        CHECK_EQ_INT(find(WEFT_LOG_OBJECT_NEW, BARRIER)->payload, 2);
        CHECK(count_of(WEFT_LOG_ACQUIRE) > 0 && count_of(WEFT_LOG_RELEASE) > count_of(WEFT_LOG_ACQUIRE));
        close_loop(loop);
    }
}

struct gets_from {
    weft_frame frame;
    weft_queue *queue;
};

static weft_async(gets_from) {
    weft_begin(gets_from);
    weft_await(weft_queue_get(self->queue));
    weft_await(weft_sleep(1));
    weft_queue_task_done(self->queue);
    weft_end();
}

struct feeds {
    weft_frame frame;
    weft_queue queue;
    weft_task *tasks[2];
};

static weft_async(feeds) {
    weft_begin(feeds);
    weft_queue_init(&self->queue, 5);
    self->tasks[0] = weft_create_task(weft_call(gets_from, .queue = &self->queue));
    self->tasks[1] = weft_create_task(weft_queue_join(&self->queue));
    weft_await(weft_sleep(0));
    weft_await(weft_queue_put(&self->queue, 1));
    weft_await(weft_queue_join(&self->queue));
    weft_await(weft_wait(self->tasks, 2, WEFT_ALL_COMPLETED, 9));
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

TEST(queues_and_waits_for_many_are_told) {
    enum { QUEUE = 11, FOR_QUEUE = 12, FUTURE = 1, FOR_FUTURE = 3, TO_GET = 1, TO_JOIN = 3 };
    unsigned ways = 0;
    weft_loop *loop = open_loop(read_chunk);
    run(loop, weft_call(feeds));
    CHECK(tells_of(QUEUE, FOR_QUEUE));
    CHECK_EQ_INT(find(WEFT_LOG_OBJECT_NEW, QUEUE)->payload, 5);
    for (const weft_log_record *record = seen.records; record < seen.records + seen.count; record++)
        if (record->kind == WEFT_LOG_WAIT && record->subkind == FOR_QUEUE) {
            CHECK_EQ_INT(record->object, find(WEFT_LOG_OBJECT_NEW, QUEUE)->object);
            ways |= 1u << record->count;
        }
    CHECK_EQ_INT(ways, 1u << TO_GET | 1u << TO_JOIN);
    CHECK_EQ_INT(find(WEFT_LOG_RELEASE, 0)->payload, 1);
    CHECK_EQ_INT(find(WEFT_LOG_ACQUIRE, 0)->payload, 0);
    CHECK_EQ_INT(find(WEFT_LOG_WAIT, FOR_FUTURE)->other, find(WEFT_LOG_OBJECT_NEW, FUTURE)->object);
    CHECK_EQ_INT(count_of(WEFT_LOG_AWAITED_BY), 2);
    CHECK_EQ_INT(find(WEFT_LOG_AWAITED_BY, 0)->object, find(WEFT_LOG_OBJECT_NEW, FUTURE)->object);
    close_loop(loop);
}

/* --- What a reader needs to know the state of everything --- */

static double deadline_of(const weft_log_record *armed) {
    uint64_t bits = (uint64_t)armed->site << 32 | armed->other;
    double when;
    memcpy(&when, &bits, sizeof when);
    return when;
}

struct sleeps_twice {
    weft_frame frame;
};

static weft_async(sleeps_twice) {
    weft_begin(sleeps_twice);
    weft_await(weft_sleep(0.1));
    weft_await(weft_sleep(0.2));
    weft_end();
}

TEST(deadlines_are_exact) {
    weft_loop *loop = open_loop(read_chunk);
    run(loop, weft_call(sleeps_twice));
    double found[2] = {0};
    size_t count = 0;
    for (size_t i = 0; i < seen.count; i++)
        if (seen.records[i].kind == WEFT_LOG_TIMER_ARM && CHECK(count < 2))
            found[count++] = deadline_of(&seen.records[i]);
    CHECK(found[0] == 0.1);
    CHECK(found[1] == 0.1 + 0.2); /* which is not 0.3 */
    close_loop(loop);
}

struct counts {
    weft_frame frame;
    int number;
};

static weft_async(counts) {
    weft_begin(counts);
    for (self->number = 1; self->number <= 2; self->number++) {
        weft_await(weft_sleep(1));
        weft_yield(self->number);
    }
    weft_end();
}

struct iterates {
    weft_frame frame;
    int64_t number;
};

static weft_async(iterates) {
    weft_begin(iterates);
    weft_for_await (self->number, weft_call(counts)) {
    }
    weft_end();
}

TEST(a_generator_is_a_frame_while_it_runs) {
    enum { YIELDED = 3 };
    weft_loop *loop = open_loop(read_chunk);
    run(loop, weft_call(iterates));
    size_t open = 0, yields = 0, waits_within = 0;
    for (size_t i = 0; i < seen.count; i++) {
        const weft_log_record *record = &seen.records[i];
        open += record->kind == WEFT_LOG_FRAME_PUSH;
        open -= record->kind == WEFT_LOG_FRAME_POP && record->count > 0;
        yields += record->kind == WEFT_LOG_FRAME_POP && record->subkind == YIELDED;
        waits_within += record->kind == WEFT_LOG_WAIT && open == 1;
    }
    CHECK_EQ_INT(open, 0);
    CHECK_EQ_INT(yields, 2);
    CHECK_EQ_INT(waits_within, 2);
    CHECK_EQ_INT(count_of(WEFT_LOG_FRAME_PUSH), 3); /* the third time it ends */
    close_loop(loop);
}

static void say_nothing(void *context, const char *text) {
    (void)context;
    (void)text;
}

struct forgets {
    weft_frame frame;
    weft_coroutine *kept, *forgotten;
    int line;
};

static weft_async(forgets) {
    weft_begin(forgets);
    self->kept = weft_call(child);
    self->line = __LINE__ + 1;
    self->forgotten = weft_call(fails);
    weft_await(weft_sleep(1));
    weft_await(self->kept);
    CHECK_EQ_INT(self->line, seen.site_lines[find(WEFT_LOG_UNAWAITED, 0)->site]);
    weft_end();
}

TEST(who_called_what_is_never_awaited_is_told) {
    weft_loop *loop = open_loop(read_chunk);
    weft_loop_set_reporter(loop, say_nothing, NULL);
    run(loop, weft_call(forgets));
    const weft_log_record *left = find(WEFT_LOG_UNAWAITED, 0), *never = find(WEFT_LOG_NEVER_AWAITED, 0);
    CHECK_EQ_INT(count_of(WEFT_LOG_UNAWAITED), 2);
    CHECK_EQ_INT(count_of(WEFT_LOG_NEVER_AWAITED), 1);
    if (CHECK(left != NULL && never != NULL)) {
        CHECK_EQ_STR(text_of(never->payload), "fails");
        CHECK_EQ_INT(left->task, find(WEFT_LOG_CREATED, 0)->task);
        CHECK_EQ_INT(left->other, never->other); /* the newest is told of first */
        CHECK_EQ_INT(left->site, never->site);
    }
    close_loop(loop);
}

struct holds_permit {
    weft_frame frame;
    weft_semaphore *semaphore;
};

static weft_async(holds_permit) {
    weft_begin(holds_permit);
    weft_with(self->semaphore) {
        weft_await(weft_sleep(1));
    }
    weft_end();
}

struct cancels {
    weft_frame frame;
    weft_semaphore semaphore;
    weft_task *holder, *waiter, *sleeper;
};

static weft_async(cancels) {
    weft_begin(cancels);
    weft_semaphore_init(&self->semaphore, 1);
    self->holder = weft_create_task(weft_call(holds_permit, .semaphore = &self->semaphore));
    self->waiter = weft_create_task(weft_call(holds_permit, .semaphore = &self->semaphore));
    self->sleeper = weft_create_task(weft_sleep(5));
    weft_await(weft_sleep(0.5));
    weft_task_cancel(self->sleeper, NULL);
    weft_task_cancel(self->holder, NULL);
    weft_await(weft_sleep(0));            /* it gives its permit to the waiter, */
    weft_task_cancel(self->waiter, NULL); /* which is cancelled before it resumes */
    weft_await(weft_sleep(0.5));
    weft_task_cancel(weft_current_task(), NULL);
    weft_await(weft_sleep(9));
    weft_end();
}

TEST(whoever_becomes_ready_is_told_of) {
    enum { BY_CANCEL = 1 };
    weft_loop *loop = open_loop(read_chunk);
    run(loop, weft_call(cancels));
    const weft_log_record *last = NULL;
    size_t by_cancel = 0;
    for (size_t i = 0; i < seen.count; i++) {
        const weft_log_record *record = &seen.records[i];
        by_cancel += record->kind == WEFT_LOG_WAKE && record->subkind == BY_CANCEL;
        if (record->kind == WEFT_LOG_RELEASE)
            last = record;
    }
    CHECK_EQ_INT(by_cancel, 3); /* not the waiter: it was ready already */
    CHECK_EQ_INT(count_of(WEFT_LOG_ACQUIRE), 1);
    CHECK_EQ_INT(count_of(WEFT_LOG_RELEASE), 2); /* of the holder, and of the waiter, which passes it on */
    CHECK(last != NULL && last->payload == 1);
    close_loop(loop);
}

TEST_MAIN(TEST_CASE(a_record_is_32_bytes), TEST_CASE(off_until_it_is_switched_on),
          TEST_CASE(a_text_is_defined_once), TEST_CASE(many_texts_all_resolve),
          TEST_CASE(a_mark_is_cut_between_characters), TEST_CASE(an_empty_mark_has_no_text),
          TEST_CASE(what_a_sink_does_is_not_logged), TEST_CASE(without_memory_it_stays_off),
          TEST_CASE(a_ring_keeps_the_newest), TEST_CASE(a_ring_that_has_room_lost_nothing),
          TEST_CASE(a_part_of_a_ring_begins_with_a_record),
          TEST_CASE(a_sink_after_a_ring_gets_its_own_definitions), TEST_CASE(a_program_tells_its_story),
          TEST_CASE(steps_are_bracketed), TEST_CASE(deadlines_and_the_errors_of_blocks_are_told),
          TEST_CASE(what_tasks_wait_for_is_told), TEST_CASE(queues_and_waits_for_many_are_told),
          TEST_CASE(deadlines_are_exact), TEST_CASE(a_generator_is_a_frame_while_it_runs),
          TEST_CASE(who_called_what_is_never_awaited_is_told), TEST_CASE(whoever_becomes_ready_is_told_of))
