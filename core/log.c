/*
 * The event log, as docs/events.md fixes it: records gather in a chunk, which goes to the sink when it is
 * full or the loop asks. Without a sink the chunk before is kept: the two are the ring. All its memory is
 * taken when it is switched on, so that logging cannot fail later.
 */

#include "internal.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TEXT_SLOTS = 1024, /* powers of two; three quarters of them are used before everything is forgotten */
    SITE_SLOTS = 512,
    TEXT_BYTES = 32768,    /* of the texts remembered */
    TEXT_REMEMBERED = 512, /* a longer one is defined anew each time */
    TEXT_LONGEST = (WEFT_LOG_CHUNK - 16) * (int)sizeof(weft_log_record),
    ROOM_TO_USE = 8 /* records that can follow definitions in the chunk that has them */
};

_Static_assert(sizeof(weft_log_record) == 32, "a record is 32 bytes");

typedef struct text_slot {
    uint32_t id; /* 0: empty */
    uint32_t hash;
    uint32_t start, length; /* in `texts` */
} text_slot;

typedef struct site_slot {
    uint32_t id; /* 0: empty */
    int line;
    const char *function, *file; /* told apart by their addresses */
} site_slot;

struct weft__log {
    weft_log_record *records; /* the chunk that gathers: one of `chunks` */
    uint32_t used;
    uint32_t previous_used; /* of the other one, in a ring */
    uint64_t base;          /* sequence number of records[0] */
    uint64_t began;         /* that of the first record since it was switched on */
    double time;            /* of the newest record: times only grow */
    uint32_t clock_kinds;   /* bits */
    uint8_t last_kind;
    weft_log_sink *sink;
    void *context;
    uint32_t last_text, last_site; /* ids */
    uint32_t text_count, site_count, text_bytes;
    text_slot texts_by_hash[TEXT_SLOTS];
    site_slot sites[SITE_SLOTS];
    char texts[TEXT_BYTES];
    weft_log_record chunks[2][WEFT_LOG_CHUNK];
};

/* --- Chunks --- */

/* What is defined from here on is defined anew, under new ids. */
static void forget_definitions(weft__log *log) {
    memset(log->texts_by_hash, 0, sizeof log->texts_by_hash);
    memset(log->sites, 0, sizeof log->sites);
    log->text_count = log->site_count = log->text_bytes = 0;
}

/* What a sink does is not logged: the chunk that it reads would change. */
static void hand_to_sink(weft_loop *loop, weft__log *log) {
    loop->log = NULL;
    log->sink(log->context, log->records, log->used, log->base);
    loop->log = log;
}

/* In a ring each chunk has the definitions of what it uses, since the one before will be dropped. */
static void next_chunk(weft_loop *loop, weft__log *log) {
    uint32_t used = log->used;
    if (log->sink != NULL) {
        hand_to_sink(loop, log);
    } else {
        log->records = log->records == log->chunks[0] ? log->chunks[1] : log->chunks[0];
        log->previous_used = used;
        forget_definitions(log);
    }
    log->base += used;
    log->used = 0;
}

static inline void make_room(weft_loop *loop, weft__log *log, uint32_t records) {
    if (WEFT__UNLIKELY(log->used + records >= WEFT_LOG_CHUNK))
        next_chunk(loop, log);
}

/* --- Records --- */

#define BIT(kind) (1u << WEFT_LOG_##kind)

/* Between these records only the scheduler runs. */
static bool follows_at_once(uint8_t kind, uint8_t last) {
    return last == WEFT_LOG_WAIT ? kind == WEFT_LOG_TIMER_ARM || kind == WEFT_LOG_SUSPEND
                                 : last == WEFT_LOG_TIMER_ARM && kind == WEFT_LOG_SUSPEND;
}

/*
 * The clock costs more than all the rest, so it is read only where code of the program may have run since the
 * last record. A step begins when the one before ended or the iteration began. A virtual clock stands still
 * between its jumps.
 */
static uint32_t kinds_that_read_the_clock(const weft_loop *loop) {
    return loop->simulation != NULL
               ? BIT(CLOCK_JUMP)
               : ~(BIT(RESUME) | BIT(WAKE) | BIT(TIMER_DROP) | BIT(STRING_DEF) | BIT(SITE_DEF));
}

/* Times only grow. */
static inline void finish_record(weft_loop *loop, weft__log *log, weft_log_record *record, double now) {
    if (now > log->time)
        log->time = now;
    record->time = log->time;
    log->last_kind = record->kind;
    if (WEFT__UNLIKELY(++log->used == WEFT_LOG_CHUNK))
        next_chunk(loop, log);
}

static void finish_with_clock(weft_loop *loop, weft__log *log, weft_log_record *record) {
    finish_record(loop, log, record,
                  follows_at_once(record->kind, log->last_kind) ? loop->now : weft__now(loop));
}

/* What may call comes last, so that the rest, which every event pays for, needs no stack. */
void weft__log_record(weft_loop *loop, uint8_t kind, uint8_t subkind, uint16_t count, uint32_t task,
                      uint32_t other, uint32_t site, uint32_t object, uint32_t payload) {
    weft__log *log = loop->log;
    weft_log_record *record = &log->records[log->used];
    record->task = task;
    record->other = other;
    record->site = site;
    record->object = object;
    record->kind = kind;
    record->subkind = subkind;
    record->count = count;
    record->payload = payload;
    if (log->clock_kinds >> kind & 1)
        finish_with_clock(loop, log, record);
    else
        finish_record(loop, log, record, loop->now);
}

/* --- Definitions --- */

static uint32_t records_of(size_t length) {
    return (uint32_t)((length + sizeof(weft_log_record) - 1) / sizeof(weft_log_record));
}

/* FNV-1a */
static uint32_t hash_text(const char *text, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

/* The slot of a text, or the empty one where it belongs. */
static text_slot *find_text(weft__log *log, const char *text, size_t length, uint32_t hash) {
    for (uint32_t i = hash;; i++) {
        text_slot *slot = &log->texts_by_hash[i % TEXT_SLOTS];
        if (slot->id == 0 || (slot->hash == hash && slot->length == length &&
                              memcmp(&log->texts[slot->start], text, length) == 0))
            return slot;
    }
}

/* The caller has made room in the chunk. */
static uint32_t define_text(weft_loop *loop, weft__log *log, const char *text, size_t length) {
    uint32_t id = ++log->last_text;
    weft__log_record(loop, WEFT_LOG_STRING_DEF, 0, 0, 0, 0, 0, id, (uint32_t)length);
    weft_log_record *place = &log->records[log->used];
    memset(place, 0, records_of(length) * sizeof *place);
    memcpy(place, text, length);
    log->used += records_of(length);
    return id;
}

/* The caller has made room in the tables, too. */
static uint32_t intern_text(weft_loop *loop, weft__log *log, const char *text, size_t length) {
    uint32_t hash = hash_text(text, length);
    text_slot *slot = find_text(log, text, length, hash);
    if (slot->id == 0) {
        *slot = (text_slot){define_text(loop, log, text, length), hash, log->text_bytes, (uint32_t)length};
        memcpy(&log->texts[log->text_bytes], text, length);
        log->text_bytes += (uint32_t)length;
        log->text_count++;
    }
    return slot->id;
}

static void make_room_for_texts(weft_loop *loop, weft__log *log, uint32_t count, size_t bytes,
                                uint32_t records) {
    make_room(loop, log, records + ROOM_TO_USE);
    if (log->text_count + count > TEXT_SLOTS / 4 * 3 || log->text_bytes + bytes > TEXT_BYTES)
        forget_definitions(log);
}

uint32_t weft__log_text(weft_loop *loop, const char *text) {
    if (text == NULL || text[0] == '\0')
        return 0;
    weft__log *log = loop->log;
    size_t length = strlen(text);
    length = weft__text_cut(text, length, TEXT_LONGEST);
    if (length > TEXT_REMEMBERED) {
        make_room(loop, log, 1 + records_of(length) + ROOM_TO_USE);
        return define_text(loop, log, text, length);
    }
    make_room_for_texts(loop, log, 1, length, 1 + records_of(length));
    return intern_text(loop, log, text, length);
}

static site_slot *find_site(weft__log *log, const char *function, const char *file, int line) {
    uint32_t hash = ((uint32_t)((uintptr_t)file >> 4) * 31u + (uint32_t)((uintptr_t)function >> 2)) * 31u +
                    (uint32_t)line;
    for (uint32_t i = hash * 2654435761u >> 16;; i++) {
        site_slot *slot = &log->sites[i % SITE_SLOTS];
        if (slot->id == 0 || (slot->line == line && slot->function == function && slot->file == file))
            return slot;
    }
}

static uint32_t define_site(weft_loop *loop, weft__log *log, const char *function, const char *file,
                            size_t file_length, int line) {
    size_t function_length = weft__text_cut(function, strlen(function), TEXT_REMEMBERED);
    file_length = weft__text_cut(file, file_length, TEXT_REMEMBERED);
    make_room_for_texts(loop, log, 2, function_length + file_length,
                        3 + records_of(function_length) + records_of(file_length));
    if (log->site_count + 1 > SITE_SLOTS / 4 * 3)
        forget_definitions(log);
    uint32_t function_id = function_length > 0 ? intern_text(loop, log, function, function_length) : 0;
    uint32_t file_id = file_length > 0 ? intern_text(loop, log, file, file_length) : 0;
    uint32_t id = ++log->last_site;
    weft__log_record(loop, WEFT_LOG_SITE_DEF, 0, 0, file_id, function_id, 0, id, (uint32_t)line);
    *find_site(log, function, file, line) = (site_slot){id, line, function, file};
    log->site_count++;
    return id;
}

static uint32_t site(weft_loop *loop, const char *function, const char *file, size_t file_length, int line) {
    weft__log *log = loop->log;
    make_room(loop, log, ROOM_TO_USE);
    const site_slot *known = find_site(log, function, file, line);
    return known->id != 0 ? known->id : define_site(loop, log, function, file, file_length, line);
}

uint32_t weft__log_site(weft_loop *loop, const char *function, const char *file, int line) {
    return function == NULL || file == NULL ? 0 : site(loop, function, file, strlen(file), line);
}

uint32_t weft__log_place(weft_loop *loop, const char *here) {
    static const char unknown[] = "";
    const char *colon = here == NULL ? NULL : strrchr(here, ':');
    return colon == NULL ? 0 : site(loop, unknown, here, (size_t)(colon - here), atoi(colon + 1));
}

/* --- Switching --- */

void weft__log_flush(weft_loop *loop) {
    weft__log *log = loop->log;
    if (log->sink != NULL && log->used > 0)
        next_chunk(loop, log);
}

void weft__log_close(weft_loop *loop) {
    weft__log *log = loop->log;
    weft__log_flush(loop);
    loop->log = NULL;
    loop->watched = loop->debug;
    weft__large_delete(loop, log, sizeof *log);
}

static weft__log *new_log(weft_loop *loop) {
    weft__log *log = weft__large_new(loop, sizeof *log);
    if (log == NULL)
        return NULL;
    memset(log, 0, offsetof(weft__log, texts));
    log->records = log->chunks[0];
    log->clock_kinds = kinds_that_read_the_clock(loop);
    return log;
}

/* Who reads from here on must not need what went elsewhere. */
static void begin_anew(weft__log *log) {
    log->base += log->used;
    log->began = log->base;
    log->used = log->previous_used = 0;
    forget_definitions(log);
}

bool weft_log_on(weft_log_sink *sink, void *context) {
    weft_loop *loop = weft__current;
    if (loop == NULL)
        return false;
    if (loop->log == NULL)
        loop->log = new_log(loop);
    else
        weft__log_flush(loop);
    weft__log *log = loop->log;
    if (log == NULL)
        return false;
    begin_anew(log);
    log->sink = sink;
    log->context = context;
    loop->watched = true;
    return true;
}

void weft_log_off(void) {
    if (weft__current != NULL && weft__current->log != NULL)
        weft__log_close(weft__current);
}

void weft_log_flush(void) {
    if (weft__current != NULL && weft__current->log != NULL)
        weft__log_flush(weft__current);
}

/* --- The ring --- */

static size_t records_with_text(const weft_log_record *record) {
    return record->kind == WEFT_LOG_STRING_DEF ? 1 + (size_t)records_of(record->payload) : 1;
}

/* The record number `i` of what is kept. */
static const weft_log_record *kept(const weft__log *log, size_t i) {
    const weft_log_record *previous = log->records == log->chunks[0] ? log->chunks[1] : log->chunks[0];
    return i < log->previous_used ? &previous[i] : &log->records[i - log->previous_used];
}

/* Where records are lost a shift stands, and others in place of what is left of a text that does not fit. */
size_t weft_log_recent(weft_log_record *records, size_t size) {
    weft__log *log = weft__current != NULL ? weft__current->log : NULL;
    if (log == NULL || log->sink != NULL)
        return 0;
    size_t count = log->previous_used + log->used;
    uint64_t lost = log->base - log->previous_used - log->began;
    size_t total = count + (lost > 0);
    size_t copied = size < total ? size : total;
    size_t first = 0;
    while (first < count && count - first + (lost + first > 0) > copied)
        first += records_with_text(kept(log, first));
    size_t shifts = copied - (count - first);
    for (size_t i = 0; i < shifts; i++)
        records[i] = (weft_log_record){
            .time = first < count ? kept(log, first)->time : log->time,
            .kind = WEFT_LOG_SHIFT,
            .payload = i > 0 ? 0 : (uint32_t)(lost + first < UINT32_MAX ? lost + first : UINT32_MAX)};
    for (size_t i = first; i < count; i++)
        records[shifts + i - first] = *kept(log, i);
    return total;
}

/* --- The program's own words --- */

void weft_mark(const char *format, ...) {
    weft_loop *loop = weft__current;
    if (loop == NULL || loop->log == NULL)
        return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof text)
        text[weft__text_cut(text, sizeof text - 1, sizeof text - 4)] = '\0';
    uint32_t words = length > 0 ? weft__log_text(loop, text) : 0;
    weft__log_record(loop, WEFT_LOG_MARK, 0, 0, weft__id_of(loop->current), 0, 0, 0, words);
}
