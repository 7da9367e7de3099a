#include "../../core/trace.h"

#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weft_test.h"

/* --- What is written --- */

static char *output;
static size_t length, room;

static void collect(void *context, const char *text, size_t size) {
    (void)context;
    if (length + size + 1 > room) {
        room = (length + size + 1) * 2;
        char *larger = realloc(output, room);
        if (larger == NULL)
            abort();
        output = larger;
    }
    memcpy(output + length, text, size);
    length += size;
    output[length] = '\0';
}

static weft_trace *begin(void) {
    length = 0;
    return weft_trace_new(collect, NULL);
}

static bool says(const char *text) {
    return strstr(output, text) != NULL;
}

static int count_of(const char *text) {
    int count = 0;
    for (const char *at = output; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* --- A JSON reader that only says whether it is JSON --- */

static const char *value_end(const char *at, int depth);

static const char *string_end(const char *at) {
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\') {
            at++;
            if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") < 4)
                return NULL;
            if (*at == '\0' || strchr("\"\\/bfnrtu", *at) == NULL)
                return NULL;
        }
    }
    return at + 1;
}

static const char *blank_end(const char *at) {
    return at == NULL ? NULL : at + strspn(at, " \n");
}

static const char *members_end(const char *at, char close, int depth) {
    at = blank_end(at + 1);
    if (*at == close)
        return at + 1;
    for (;;) {
        if (close == '}') {
            at = blank_end(string_end(at));
            if (at == NULL || *at != ':')
                return NULL;
            at = blank_end(at + 1);
        }
        at = blank_end(value_end(at, depth));
        if (at == NULL || (*at != ',' && *at != close))
            return NULL;
        if (*at == close)
            return at + 1;
        at = blank_end(at + 1);
    }
}

static const char *value_end(const char *at, int depth) {
    if (depth > 8)
        return NULL;
    if (*at == '{' || *at == '[')
        return members_end(at, *at == '{' ? '}' : ']', depth + 1);
    if (*at == '"')
        return string_end(at);
    size_t digits = strspn(at, "-0123456789.");
    return digits > 0 ? at + digits : NULL;
}

static bool is_utf8(const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        int more = *at < 0x80 ? 0 : *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : *at >= 0xC2 ? 1 : -1;
        if (more < 0)
            return false;
        for (; more > 0; more--)
            if ((*++at & 0xC0) != 0x80)
                return false;
    }
    return true;
}

static bool is_json(void) {
    const char *end = blank_end(value_end(output, 0));
    return end != NULL && *end == '\0' && is_utf8(output);
}

/* Slices nest on every track, all are closed, and no time comes twice. An event is a line. */
static bool is_well_nested(void) {
    enum { TRACKS = 256 };
    int open[TRACKS] = {0};
    double last = -1;
    for (const char *at = output; (at = strstr(at, "{\"ph\":\"")) != NULL; at++) {
        char phase = at[7];
        unsigned track;
        double time;
        if (phase == 'M')
            continue;
        if (sscanf(at + 8, "\",\"pid\":1,\"tid\":%u,\"ts\":%lf", &track, &time) != 2 || time <= last)
            return false;
        last = time;
        open[track % TRACKS] += phase == 'B' ? 1 : phase == 'E' ? -1 : 0;
        if (open[track % TRACKS] < 0)
            return false;
    }
    for (int i = 0; i < TRACKS; i++)
        if (open[i] != 0)
            return false;
    return true;
}

/* --- The log within --- */

static unsigned digit(char letter) {
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = letter == '\0' ? NULL : strchr(digits, letter);
    return at == NULL ? 0 : (unsigned)(at - digits);
}

/* Puts together what all pieces hold; returns how many bytes it is. */
static size_t log_within(unsigned char *bytes, size_t size) {
    static const char key[] = "\"name\":\"weft_log\",\"args\":{\"base64\":\"";
    size_t used = 0;
    for (const char *at = output; (at = strstr(at, key)) != NULL;)
        for (at += sizeof key - 1; *at != '"'; at += 4) {
            unsigned bits = digit(at[0]) << 18 | digit(at[1]) << 12 | digit(at[2]) << 6 | digit(at[3]);
            size_t count = at[2] == '=' ? 1 : at[3] == '=' ? 2 : 3;
            for (size_t i = 0; i < count && used < size; i++)
                bytes[used++] = (unsigned char)(bits >> (16 - 8 * i));
        }
    return used;
}

enum { HEADER = 32 };

/* --- Records by hand --- */

static void feed(weft_trace *trace, weft_log_record record) {
    weft_trace_feed(trace, &record, 1, 0);
}

static void define(weft_trace *trace, uint32_t id, const char *bytes, size_t size) {
    weft_log_record records[40] = {{.kind = WEFT_LOG_STRING_DEF, .object = id, .payload = (uint32_t)size}};
    memcpy(&records[1], bytes, size);
    weft_trace_feed(trace, records, 1 + (size + 31) / 32, 0);
}

static void create(weft_trace *trace, uint32_t task) {
    feed(trace, (weft_log_record){.kind = WEFT_LOG_CREATED, .task = task, .object = task + 100});
}

TEST(an_empty_trace_is_valid) {
    weft_trace_end(begin());
    CHECK(is_json());
    CHECK(says("\"traceEvents\""));
    weft_trace_end(NULL);
}

TEST(strings_of_any_bytes_are_valid) {
    char bytes[1024];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    for (int i = 0; i < 256; i++) { /* and every second byte behind a first one that wants more */
        bytes[256 + 3 * i] = (char)(i % 2 ? 0xED : 0xF4);
        bytes[257 + 3 * i] = (char)i;
        bytes[258 + 3 * i] = (char)0x80;
    }
    weft_trace *trace = begin();
    define(trace, 1, bytes, sizeof bytes);
    create(trace, 1);
    feed(trace, (weft_log_record){.kind = WEFT_LOG_MARK, .task = 1, .payload = 1});
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(says("\\u0000\\u0001"));
    CHECK(says(" !\\\"#"));
    CHECK(says("[\\\\]"));
    CHECK(says("\\ufffd"));
}

TEST(utf8_stays_as_it_is) {
    const char *words = "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80";
    weft_trace *trace = begin();
    define(trace, 1, words, strlen(words));
    feed(trace, (weft_log_record){.kind = WEFT_LOG_MARK, .payload = 1});
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(says(words));
    CHECK(!says("ufffd"));
}

TEST(surrogates_and_overlong_forms_are_replaced) {
    const char *words = "<\xED\xA0\x80|\xC0\x80|\xE0\x80\x80|\xF4\x90\x80\x80|\xE2\x82>";
    weft_trace *trace = begin();
    define(trace, 1, words, strlen(words));
    feed(trace, (weft_log_record){.kind = WEFT_LOG_MARK, .payload = 1});
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(says("<\\ufffd\\ufffd\\ufffd|\\ufffd\\ufffd|\\ufffd\\ufffd\\ufffd|\\ufffd\\ufffd\\ufffd\\ufffd|"
               "\\ufffd\\ufffd>"));
}

TEST(what_is_open_at_the_end_is_closed) {
    weft_trace *trace = begin();
    create(trace, 1);
    feed(trace, (weft_log_record){.kind = WEFT_LOG_RESUME, .task = 1, .time = 1});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_FRAME_PUSH, .task = 1, .object = 200, .time = 1});
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(is_well_nested());
    CHECK_EQ_INT(count_of("\"ph\":\"B\""), count_of("\"ph\":\"E\""));
}

TEST(an_eager_start_is_a_step_of_its_own_within_its_creators) {
    weft_trace *trace = begin();
    create(trace, 1);
    feed(trace, (weft_log_record){.kind = WEFT_LOG_RESUME, .task = 1, .time = 1});
    feed(trace, (weft_log_record){
                    .kind = WEFT_LOG_CREATED, .subkind = 1, .task = 2, .other = 1, .object = 102, .time = 2});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_RESUME, .task = 2, .time = 2});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_DONE, .task = 2, .time = 3});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_SUSPEND, .task = 2, .time = 3});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_FRAME_PUSH, .task = 1, .object = 200, .time = 4});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_SUSPEND, .task = 1, .time = 5});
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(is_well_nested());
    CHECK_EQ_INT(count_of("\"name\":\"running\""), 3); /* of 1, of 2, and of 1 in its inner frame */
    CHECK_EQ_INT(count_of("\"name\":\"done\""), 1);
    CHECK_EQ_INT(count_of("\"ph\":\"s\""), 1);
    CHECK_EQ_INT(count_of("\"ph\":\"f\""), 1);
}

TEST(records_out_of_place_do_no_harm) {
    weft_trace *trace = begin();
    for (uint32_t kind = 0; kind < 256; kind++)
        for (uint32_t task = 0; task < 3; task++)
            if (kind != WEFT_LOG_STRING_DEF && kind != WEFT_LOG_SITE_DEF)
                feed(trace, (weft_log_record){.kind = (uint8_t)kind,
                                              .subkind = 99,
                                              .task = task,
                                              .other = 2,
                                              .object = 7,
                                              .site = 9999,
                                              .payload = 0xFFFFFFFFu});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_SITE_DEF, .object = 0xFFFFFFFFu});
    weft_log_record cut = {.kind = WEFT_LOG_STRING_DEF, .object = 1, .payload = 1000};
    weft_trace_feed(trace, &cut, 1, 0);
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(is_well_nested());
}

TEST(many_tasks_have_a_track_each) {
    weft_trace *trace = begin();
    for (uint32_t task = 1; task <= 1000; task++)
        create(trace, task);
    for (uint32_t task = 1; task <= 1000; task++)
        feed(trace, (weft_log_record){.kind = WEFT_LOG_DONE, .task = task, .subkind = 2});
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(is_well_nested());
    CHECK_EQ_INT(count_of("thread_name"), 1 + 1000);
    CHECK_EQ_INT(count_of("\"outcome\":\"cancelled\""), 1000);
}

TEST(an_arrow_leads_to_the_woken_step) {
    weft_trace *trace = begin();
    create(trace, 1);
    create(trace, 2);
    feed(trace, (weft_log_record){.kind = WEFT_LOG_RESUME, .task = 1});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_WAKE, .task = 2, .other = 1});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_SUSPEND, .task = 1});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_RESUME, .task = 2});
    weft_trace_end(trace);
    CHECK(is_well_nested());
    CHECK_EQ_INT(count_of("\"ph\":\"s\",\"pid\":1,\"tid\":1,"), 1);
    CHECK_EQ_INT(count_of("\"ph\":\"f\",\"pid\":1,\"tid\":2,"), 1);
}

TEST(a_trace_begins_its_log_with_a_files_header) {
    unsigned char bytes[3 * HEADER], header[HEADER] = "weftlog";
    header[8] = 1;
    header[12] = 32;
    header[16] = sizeof(void *);
    header[20] = 3;
    weft_trace *trace = begin();
    weft__trace_of_host(trace, 3);
    weft_log_record record = {.kind = WEFT_LOG_MARK, .time = 0.1, .payload = 0xFEDCBA98u};
    feed(trace, record);
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK_EQ_INT((int)log_within(bytes, sizeof bytes), HEADER + (int)sizeof record);
    CHECK(memcmp(bytes, header, HEADER) == 0);
    CHECK(memcmp(bytes + HEADER, &record, sizeof record) == 0);
}

static char *read_source(const char *path, size_t *size) {
    const char *text = strcmp(path, "a.c") == 0 ? "one \"two\"\n" : NULL;
    if (text == NULL)
        return NULL;
    *size = strlen(text);
    char *copy = malloc(*size);
    return copy == NULL ? NULL : memcpy(copy, text, *size);
}

TEST(sources_that_can_be_read_go_along_once) {
    weft_trace *trace = begin();
    define(trace, 1, "a.c", 3);
    define(trace, 2, "b.c", 3);
    define(trace, 3, "a.c", 3);
    for (uint32_t site = 1; site <= 3; site++)
        feed(trace, (weft_log_record){.kind = WEFT_LOG_SITE_DEF, .object = site, .task = site});
    feed(trace, (weft_log_record){.kind = WEFT_LOG_SITE_DEF, .object = 4, .task = 99});
    weft__trace_sources(trace, read_source);
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK_EQ_INT(count_of("weft_source"), 1);
    CHECK(says("{\"file\":\"a.c\",\"text\":\"one \\\"two\\\"\\u000a\"}"));
}

/* --- Of a program --- */

struct failing {
    weft_frame frame;
};

static weft_async(failing) {
    weft_begin(failing);
    weft_await(weft_sleep(1.0));
    weft_raise(WEFT_RUNTIME, "it \"failed\"\n");
    weft_end();
}

struct cancelled {
    weft_frame frame;
};

static weft_async(cancelled) {
    weft_begin(cancelled);
    weft_await(weft_sleep(10.0));
    weft_end();
}

struct program {
    weft_frame frame;
    weft_task *cancelled;
    weft_task *failing;
    const weft_error *error;
};

static weft_async(program) {
    weft_begin(program);
    self->cancelled = weft_create_task_named(weft_call(cancelled), "the \"cancelled\" one");
    self->failing = weft_create_task(weft_call(failing));
    weft_try {
        weft_await(self->failing);
    }
    weft_catch(self->error) {
        weft_mark("caught");
    }
    weft_task_cancel(self->cancelled, NULL);
    weft_await(weft_sleep(0.5));
    weft_end();
}

static unsigned char logged[1 << 16];
static size_t logged_length;

/* What the trace is fed, kept beside it. */
static void feed_and_keep(void *trace, const weft_log_record *records, size_t count, uint64_t base) {
    size_t size = count * sizeof *records;
    if (logged_length + size <= sizeof logged)
        memcpy(logged + logged_length, records, size);
    logged_length += size;
    weft_trace_feed(trace, records, count, base);
}

static weft_coroutine *make_program(void *trace) {
    logged_length = 0;
    weft_log_on(feed_and_keep, trace);
    return weft_call(program);
}

TEST(a_program_becomes_tracks_of_slices) {
    weft_trace *trace = begin();
    CHECK(weft_simulation_run(NULL, NULL, make_program, trace, NULL, NULL));
    weft_trace_end(trace);
    CHECK(is_json());
    CHECK(is_well_nested());
    CHECK(says("\"cat\":\"frame\",\"name\":\"program\""));
    CHECK(says("\"cat\":\"frame\",\"name\":\"failing\""));
    CHECK(says("\"args\":{\"name\":\"the \\\"cancelled\\\" one\"}"));
    CHECK(says("\"name\":\"running\""));
    CHECK(says("\"name\":\"waits for sleep\""));
    CHECK(says("\"name\":\"waits for task "));
    CHECK(says("\"cat\":\"mark\",\"name\":\"caught\""));
    CHECK(says("\"cat\":\"error\",\"name\":\"RuntimeError: it \\\"failed\\\"\\u000a\""));
    CHECK_EQ_INT(count_of("\"cat\":\"cancel-request\""), 1);
    CHECK_EQ_INT(count_of("\"cat\":\"cancel-delivered\""), 1);
    CHECK(says("\"outcome\":\"error\""));
    CHECK(says("\"outcome\":\"cancelled\""));
    CHECK_EQ_INT(count_of("\"ph\":\"s\""),
                 4); /* to the two that it creates, back from the one that it awaits, to the one it cancels */
    CHECK_EQ_INT(count_of("\"ph\":\"s\""), count_of("\"ph\":\"f\""));
}

TEST(the_log_can_be_had_again_from_the_trace) {
    static unsigned char bytes[HEADER + sizeof logged];
    weft_trace *trace = begin();
    CHECK(weft_simulation_run(NULL, NULL, make_program, trace, NULL, NULL));
    weft_trace_end(trace);
    CHECK(logged_length > 20 * sizeof(weft_log_record) && logged_length <= sizeof logged);
    CHECK_EQ_INT((int)log_within(bytes, sizeof bytes), HEADER + (int)logged_length);
    CHECK(memcmp(bytes + HEADER, logged, logged_length) == 0);
}

TEST_MAIN(TEST_CASE(an_empty_trace_is_valid), TEST_CASE(strings_of_any_bytes_are_valid),
          TEST_CASE(utf8_stays_as_it_is), TEST_CASE(surrogates_and_overlong_forms_are_replaced),
          TEST_CASE(what_is_open_at_the_end_is_closed),
          TEST_CASE(an_eager_start_is_a_step_of_its_own_within_its_creators),
          TEST_CASE(records_out_of_place_do_no_harm), TEST_CASE(many_tasks_have_a_track_each),
          TEST_CASE(an_arrow_leads_to_the_woken_step), TEST_CASE(a_trace_begins_its_log_with_a_files_header),
          TEST_CASE(sources_that_can_be_read_go_along_once), TEST_CASE(a_program_becomes_tracks_of_slices),
          TEST_CASE(the_log_can_be_had_again_from_the_trace))
