/*
 * Chrome traces from the records of the event log. Each task has a track of its own, and on it one stack of
 * slices: a frame for every coroutine, and innermost what the task does now: running, ready, or waiting. The
 * innermost slice is closed before a frame begins or ends and opened again behind it, which keeps every track
 * well nested. The log itself goes along, so that it can be had again from the trace.
 *
 * A trace outlives the loop that it is of, so its memory is malloc's. Where that ends names and tracks are
 * missing.
 */

#include "trace.h"
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_IDS = 1 << 26 }; /* more definitions than that are a log gone wrong */
enum { MOST_FILES = 16 };    /* whose text a trace takes along */
enum { PROCESS = 1, LOOP_TRACK = 0x7FFFFFFF /* viewers give 0 a meaning of its own */ };

enum activity { NOTHING, READY, RUNNING, WAITING };

typedef struct track {
    struct track *next; /* with the same hash */
    uint32_t task;
    uint32_t name;  /* string id, 0 for none */
    uint32_t arrow; /* to be drawn to its next step, 0 for none */
    uint32_t depth, room;
    uint32_t *frames; /* ids of the open ones, outermost first */
    uint8_t activity;
    uint8_t waits_for; /* what the next suspension is for */
    uint32_t awaited;  /* task or future */
    uint32_t object;
    uint32_t outside; /* string id of what is waited for there; 0: that is not known, or nothing is */
    bool done;
    uint8_t outcome;
    uint32_t result; /* string id */
} track;

typedef struct string {
    char *bytes;
    size_t length;
} string;

typedef struct site {
    uint32_t function, file, line;
} site;

/* Things by ids that are counted from 1. */
typedef struct table {
    char *items;
    uint32_t room;
} table;

struct weft_trace {
    weft__json json;
    uint64_t time; /* of the record, nanoseconds */
    uint64_t last; /* of the newest event written */
    uint32_t arrows;
    uint32_t host; /* as weft_host counts them, 0 for unknown */
    bool has_header;
    table strings, sites;
    uint32_t files[MOST_FILES]; /* string ids of those that sites are in, each once */
    uint32_t file_count;
    track **tracks;
    uint32_t track_count, track_room; /* a power of two */
};

/* --- What was defined --- */

static void *item(table *of, uint32_t id, size_t size) {
    return id < of->room ? of->items + id * size : NULL;
}

static void *make_item(table *of, uint32_t id, size_t size) {
    if (id >= MOST_IDS)
        return NULL;
    if (id >= of->room) {
        size_t room = of->room < 64 ? 64 : of->room;
        while (room <= id)
            room *= 2;
        char *items = realloc(of->items, room * size);
        if (items == NULL)
            return NULL;
        memset(items + of->room * size, 0, (room - of->room) * size);
        *of = (table){items, (uint32_t)room};
    }
    return item(of, id, size);
}

static void define_string(weft_trace *trace, uint32_t id, const weft_log_record *text, size_t length) {
    string *defined = make_item(&trace->strings, id, sizeof *defined);
    char *bytes = defined == NULL ? NULL : malloc(length + 1);
    if (bytes == NULL)
        return;
    memcpy(bytes, text, length);
    bytes[length] = '\0';
    free(defined->bytes);
    *defined = (string){bytes, length};
}

static string text_of(weft_trace *trace, uint32_t id) {
    const string *defined = item(&trace->strings, id, sizeof *defined);
    return defined != NULL && defined->bytes != NULL ? *defined : (string){"", 0};
}

/* A log may define one text several times. */
static void note_file(weft_trace *trace, uint32_t id) {
    string name = text_of(trace, id);
    for (uint32_t i = 0; i < trace->file_count; i++) {
        string known = text_of(trace, trace->files[i]);
        if (known.length == name.length && memcmp(known.bytes, name.bytes, name.length) == 0)
            return;
    }
    if (name.length > 0 && trace->file_count < MOST_FILES)
        trace->files[trace->file_count++] = id;
}

static void define_site(weft_trace *trace, const weft_log_record *record) {
    site *defined = make_item(&trace->sites, record->object, sizeof *defined);
    if (defined != NULL)
        *defined = (site){record->other, record->task, record->payload};
    note_file(trace, record->task);
}

static site site_of(weft_trace *trace, uint32_t id) {
    const site *defined = item(&trace->sites, id, sizeof *defined);
    return defined != NULL ? *defined : (site){0, 0, 0};
}

/* --- Events --- */

/* No two events have one time, so that every viewer keeps their order. */
static uint64_t stamp(weft_trace *trace) {
    trace->last = trace->time > trace->last ? trace->time : trace->last + 1;
    return trace->last;
}

static void begin_event(weft_trace *trace, char phase, uint32_t task) {
    uint64_t time = stamp(trace);
    weft__json_format(&trace->json, ",\n{\"ph\":\"%c\",\"pid\":%d,\"tid\":%u,\"ts\":%llu.%03u", phase,
                      PROCESS, task == 0 ? LOOP_TRACK : task, (unsigned long long)(time / 1000),
                      (unsigned)(time % 1000));
}

static void end_event(weft_trace *trace) {
    weft__json_text(&trace->json, "}");
}

static void write_string(weft_trace *trace, uint32_t id) {
    string text = text_of(trace, id);
    weft__json_characters(&trace->json, text.bytes, text.length);
}

static void write_task_name(weft_trace *trace, uint32_t task, uint32_t name) {
    if (name != 0)
        write_string(trace, name);
    else
        weft__json_format(&trace->json, "Task-%u", task);
}

static void write_metadata(weft_trace *trace, uint32_t task, uint32_t name) {
    weft__json *json = &trace->json;
    weft__json_format(json,
                      ",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":\"",
                      PROCESS, task);
    write_task_name(trace, task, name);
    weft__json_format(json,
                      "\"}},\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"name\":\"thread_sort_index\",\"args\":{"
                      "\"sort_index\":%u}}",
                      PROCESS, task, task);
}

/* --- Tracks --- */

static track **track_place(weft_trace *trace, uint32_t task) {
    track **place = &trace->tracks[task & (trace->track_room - 1)];
    while (*place != NULL && (*place)->task != task)
        place = &(*place)->next;
    return place;
}

static track *find_track(weft_trace *trace, uint32_t task) {
    return *track_place(trace, task);
}

/* Where memory ends the lists grow longer instead. */
static void widen(weft_trace *trace) {
    uint32_t old_room = trace->track_room;
    track **old = trace->tracks, **wider = calloc((size_t)old_room * 2, sizeof(track *));
    if (wider == NULL)
        return;
    trace->tracks = wider;
    trace->track_room = old_room * 2;
    for (uint32_t i = 0; i < old_room; i++)
        for (track *moved = old[i], *next; moved != NULL; moved = next) {
            next = moved->next;
            track **place = track_place(trace, moved->task);
            moved->next = *place;
            *place = moved;
        }
    free(old);
}

static track *new_track(weft_trace *trace, uint32_t task, uint32_t name) {
    if (trace->track_count >= trace->track_room)
        widen(trace);
    track *made = malloc(sizeof *made);
    if (made == NULL)
        return NULL;
    *made = (track){.task = task, .name = name};
    *track_place(trace, task) = made;
    trace->track_count++;
    write_metadata(trace, task, name);
    return made;
}

/* The track of a task, made now if the log did not tell of its creation. */
static track *track_of(weft_trace *trace, uint32_t task) {
    track *known = task == 0 ? NULL : find_track(trace, task);
    return known != NULL || task == 0 ? known : new_track(trace, task, 0);
}

static void free_track(weft_trace *trace, track *gone) {
    track **place = track_place(trace, gone->task);
    *place = gone->next;
    trace->track_count--;
    free(gone->frames);
    free(gone);
}

/* --- Slices --- */

static void close_slice(weft_trace *trace, const track *at) {
    begin_event(trace, 'E', at->task);
    end_event(trace);
}

static void write_awaited(weft_trace *trace, const track *at) {
    static const char *const waits[] = {
        "",      "sleep",     "task",    "future", "gather", "shield",  "group",    "semaphore",      "lock",
        "event", "condition", "barrier", "queue",  "thread", "promise", "one tick", "input or output"};
    weft__json *json = &trace->json;
    bool known = at->waits_for > 0 && at->waits_for < sizeof waits / sizeof *waits;
    weft__json_text(json, "waits for ");
    if (at->outside != 0)
        write_string(trace, at->outside);
    else
        weft__json_text(json, known ? waits[at->waits_for] : "something");
    const track *other = at->awaited == 0 ? NULL : find_track(trace, at->awaited);
    if (other != NULL) {
        weft__json_text(json, " ");
        write_task_name(trace, other->task, other->name);
    }
}

/* What the task does, as its innermost slice. */
static void open_activity(weft_trace *trace, const track *at) {
    if (at->activity == NOTHING)
        return;
    weft__json *json = &trace->json;
    begin_event(trace, 'B', at->task);
    if (at->activity == WAITING) {
        weft__json_text(json, ",\"cat\":\"wait\",\"name\":\"");
        write_awaited(trace, at);
        weft__json_text(json, "\"");
        if (at->object != 0 || at->awaited != 0)
            weft__json_format(json, ",\"args\":{\"object\":%u,\"awaited\":%u}", at->object, at->awaited);
    } else {
        weft__json_text(json, at->activity == RUNNING ? ",\"cat\":\"step\",\"name\":\"running\""
                                                      : ",\"cat\":\"ready\",\"name\":\"ready\"");
    }
    end_event(trace);
}

static void close_activity(weft_trace *trace, const track *at) {
    if (at->activity != NOTHING)
        close_slice(trace, at);
}

static void change_activity(weft_trace *trace, track *at, uint8_t activity) {
    close_activity(trace, at);
    at->activity = activity;
    open_activity(trace, at);
}

static bool has_room(track *at) {
    if (at->depth < at->room)
        return true;
    uint32_t room = at->room == 0 ? 4 : at->room * 2;
    uint32_t *frames = realloc(at->frames, room * sizeof *frames);
    if (frames == NULL)
        return false;
    at->frames = frames;
    at->room = room;
    return true;
}

static void open_frame(weft_trace *trace, track *at, uint32_t frame, uint32_t site_id) {
    if (frame == 0 || (at->depth > 0 && at->frames[at->depth - 1] == frame) || !has_room(at))
        return;
    site begins = site_of(trace, site_id);
    close_activity(trace, at);
    at->frames[at->depth++] = frame;
    begin_event(trace, 'B', at->task);
    weft__json_text(&trace->json, ",\"cat\":\"frame\",\"name\":\"");
    write_string(trace, begins.function);
    weft__json_text(&trace->json, "\",\"args\":{\"file\":\"");
    write_string(trace, begins.file);
    weft__json_format(&trace->json, "\",\"line\":%u}", begins.line);
    end_event(trace);
    open_activity(trace, at);
}

/* Closes the frame and what is within it. */
static void close_frame(weft_trace *trace, track *at, uint32_t frame) {
    uint32_t depth = at->depth;
    while (depth > 0 && at->frames[depth - 1] != frame)
        depth--;
    if (depth == 0)
        return;
    close_activity(trace, at);
    for (; at->depth >= depth; at->depth--)
        close_slice(trace, at);
    open_activity(trace, at);
}

static void close_track(weft_trace *trace, track *at) {
    change_activity(trace, at, NOTHING);
    for (; at->depth > 0; at->depth--)
        close_slice(trace, at);
}

static void finish_track(weft_trace *trace, track *at) {
    static const char *const outcomes[] = {"value", "error", "cancelled"};
    close_track(trace, at);
    begin_event(trace, 'i', at->task);
    weft__json_format(
        &trace->json,
        ",\"s\":\"t\",\"cat\":\"done\",\"name\":\"done\",\"args\":{\"outcome\":\"%s\",\"result\":\"",
        outcomes[at->outcome < 3 ? at->outcome : 1]);
    write_string(trace, at->result);
    weft__json_text(&trace->json, "\"}");
    end_event(trace);
    free_track(trace, at);
}

/* --- Arrows from who wakes to who is woken --- */

static void start_arrow(weft_trace *trace, uint32_t from, track *to) {
    const track *source = from == 0 ? NULL : find_track(trace, from);
    if (source == NULL || source->activity != RUNNING || to->arrow != 0)
        return;
    to->arrow = ++trace->arrows;
    begin_event(trace, 's', from);
    weft__json_format(&trace->json, ",\"cat\":\"wake\",\"name\":\"wake\",\"id\":%u", to->arrow);
    end_event(trace);
}

static void end_arrow(weft_trace *trace, track *to) {
    if (to->arrow == 0)
        return;
    begin_event(trace, 'f', to->task);
    weft__json_format(&trace->json, ",\"bp\":\"e\",\"cat\":\"wake\",\"name\":\"wake\",\"id\":%u", to->arrow);
    end_event(trace);
    to->arrow = 0;
}

/* --- Records --- */

static void feed_created(weft_trace *trace, const weft_log_record *record) {
    track *made = find_track(trace, record->task);
    if (made == NULL)
        made = new_track(trace, record->task, record->payload);
    if (made == NULL)
        return;
    open_frame(trace, made, record->object, record->site);
    change_activity(trace, made, READY);
    start_arrow(trace, record->other, made);
}

static void feed_resume(weft_trace *trace, track *at) {
    at->waits_for = 0;
    at->awaited = at->object = at->outside = 0;
    change_activity(trace, at, RUNNING);
    end_arrow(trace, at);
}

static void feed_wake(weft_trace *trace, const weft_log_record *record, track *at) {
    start_arrow(trace, record->other != 0 ? record->other : record->object,
                at); /* a task that ends wakes who awaits it */
    if (at->activity == WAITING)
        change_activity(trace, at, READY);
}

/* A task that ends in its own step still wakes others in it. */
static void feed_done(weft_trace *trace, const weft_log_record *record) {
    track *at = find_track(trace, record->task);
    if (at == NULL)
        return;
    at->done = true;
    at->outcome = record->subkind;
    at->result = record->payload;
    if (at->activity != RUNNING)
        finish_track(trace, at);
}

static void feed_suspend(weft_trace *trace, track *at) {
    if (at->done)
        finish_track(trace, at);
    else
        change_activity(trace, at, WAITING);
}

static void feed_wait(const weft_log_record *record, track *at) {
    at->waits_for = record->subkind;
    at->awaited = record->other;
    at->object = record->object;
    at->outside = record->payload;
}

/* A point in time, named by a string, or by its kind where there is none; on the loop's track where the task
 * has none. */
static void write_instant(weft_trace *trace, const weft_log_record *record, const char *kind, uint32_t name) {
    begin_event(trace, 'i', find_track(trace, record->task) != NULL ? record->task : 0);
    weft__json_format(&trace->json, ",\"s\":\"t\",\"cat\":\"%s\",\"name\":\"", kind);
    if (name != 0)
        write_string(trace, name);
    else
        weft__json_text(&trace->json, kind);
    weft__json_format(&trace->json, "\",\"args\":{\"task\":%u}", record->task);
    end_event(trace);
}

static void feed_instant(weft_trace *trace, const weft_log_record *record) {
    static const char *const kinds[] = {
#define X(number, name, text) [number] = text,
        WEFT_LOG_KINDS(X)
#undef X
    };
    switch (record->kind) {
    case WEFT_LOG_CANCEL_REQUEST:
    case WEFT_LOG_CANCEL_DELIVERED:
    case WEFT_LOG_STEP_TOO_LONG:
    case WEFT_LOG_DECISION:
        write_instant(trace, record, kinds[record->kind], 0);
        break;
    case WEFT_LOG_ERROR:
    case WEFT_LOG_OUTPUT:
    case WEFT_LOG_MARK:
    case WEFT_LOG_NEVER_AWAITED:
    case WEFT_LOG_NEVER_RETRIEVED:
        write_instant(trace, record, kinds[record->kind], record->payload);
        break;
    default:
        break;
    }
}

/* What happens to a task that the trace knows, or gets to know. */
static void feed_task(weft_trace *trace, const weft_log_record *record) {
    track *at = track_of(trace, record->task);
    if (at == NULL)
        return;
    switch (record->kind) {
    case WEFT_LOG_FRAME_PUSH:
        open_frame(trace, at, record->object, record->site);
        break;
    case WEFT_LOG_FRAME_POP:
        close_frame(trace, at, record->object);
        break;
    case WEFT_LOG_RESUME:
        feed_resume(trace, at);
        break;
    case WEFT_LOG_SUSPEND:
        feed_suspend(trace, at);
        break;
    case WEFT_LOG_WAIT:
        feed_wait(record, at);
        break;
    default:
        feed_wake(trace, record, at);
    }
}

static void feed(weft_trace *trace, const weft_log_record *record) {
    double time = record->time * 1e9;
    trace->time = time > 0 && time < 9e18 ? (uint64_t)(time + 0.5) : trace->time;
    switch (record->kind) {
    case WEFT_LOG_CREATED:
        feed_created(trace, record);
        break;
    case WEFT_LOG_FRAME_PUSH:
    case WEFT_LOG_FRAME_POP:
    case WEFT_LOG_RESUME:
    case WEFT_LOG_SUSPEND:
    case WEFT_LOG_WAIT:
    case WEFT_LOG_WAKE:
        feed_task(trace, record);
        break;
    case WEFT_LOG_DONE:
        feed_done(trace, record);
        break;
    case WEFT_LOG_SITE_DEF:
        define_site(trace, record);
        break;
    default:
        feed_instant(trace, record);
    }
}

/* --- The log within the trace: pieces of what a file of it would hold --- */

static void write_log(weft_trace *trace, const void *bytes, size_t length) {
    weft__json_format(&trace->json,
                      ",\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"weft_log\",\"args\":{\"base64\":\"", PROCESS);
    weft__json_base64(&trace->json, bytes, length);
    weft__json_text(&trace->json, "\"}}");
}

static void put_number(unsigned char *at, uint32_t number) {
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> 8 * i);
}

static void write_header(weft_trace *trace) {
    unsigned char header[32] = "weftlog";
    put_number(header + 8, 1);
    put_number(header + 12, sizeof(weft_log_record));
    put_number(header + 16, sizeof(void *));
    put_number(header + 20, trace->host);
    write_log(trace, header, sizeof header);
    trace->has_header = true;
}

void weft__trace_of_host(weft_trace *trace, uint32_t kind) {
    trace->host = kind;
}

static void write_source(weft_trace *trace, string path, const char *text, size_t length) {
    weft__json *json = &trace->json;
    weft__json_format(json, ",\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"weft_source\",\"args\":{\"file\":\"",
                      PROCESS);
    weft__json_characters(json, path.bytes, path.length);
    weft__json_text(json, "\",\"text\":\"");
    weft__json_characters(json, text, length);
    weft__json_text(json, "\"}}");
}

void weft__trace_sources(weft_trace *trace, weft__source_reader *read) {
    for (uint32_t i = 0; i < trace->file_count; i++) {
        string path = text_of(trace, trace->files[i]);
        size_t length;
        char *text = read(path.bytes, &length);
        if (text == NULL)
            continue;
        write_source(trace, path, text, length);
        free(text);
    }
}

/* --- A trace from its beginning to its end --- */

static void feed_records(weft_trace *trace, const weft_log_record *records, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const weft_log_record *record = &records[i];
        if (record->kind != WEFT_LOG_STRING_DEF) {
            feed(trace, record);
            continue;
        }
        size_t room = (count - i - 1) * sizeof *record;
        size_t length = record->payload < room ? record->payload : room;
        define_string(trace, record->object, record + 1, length);
        i += (length + sizeof *record - 1) / sizeof *record;
    }
}

void weft_trace_feed(void *context, const weft_log_record *records, size_t count, uint64_t base) {
    weft_trace *trace = context;
    (void)base; /* the order of the records is all that counts here */
    if (!trace->has_header)
        write_header(trace);
    write_log(trace, records, count * sizeof *records);
    feed_records(trace, records, count);
}

weft_trace *weft_trace_new(weft_trace_write *write, void *context) {
    weft_trace *trace = calloc(1, sizeof *trace);
    if (trace == NULL)
        return NULL;
    trace->track_room = 64;
    trace->tracks = calloc(trace->track_room, sizeof(track *));
    if (trace->tracks == NULL) {
        free(trace);
        return NULL;
    }
    trace->json.write = write;
    trace->json.context = context;
    weft__json_text(&trace->json, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
    weft__json_format(&trace->json,
                      "{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":\"weft\"}},\n",
                      PROCESS);
    weft__json_format(
        &trace->json,
        "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"loop\"}}", PROCESS,
        LOOP_TRACK);
    return trace;
}

static void free_strings(table *strings) {
    for (uint32_t id = 0; id < strings->room; id++) {
        string *defined = item(strings, id, sizeof *defined);
        free(defined->bytes);
    }
    free(strings->items);
}

void weft_trace_end(weft_trace *trace) {
    if (trace == NULL)
        return;
    for (uint32_t i = 0; i < trace->track_room; i++)
        while (trace->tracks[i] != NULL) {
            close_track(trace, trace->tracks[i]);
            free_track(trace, trace->tracks[i]);
        }
    weft__json_text(&trace->json, "\n]}\n");
    weft__json_flush(&trace->json);
    free_strings(&trace->strings);
    free(trace->sites.items);
    free(trace->tracks);
    free(trace);
}
