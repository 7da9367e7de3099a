#ifndef WEFT_LOG_H
#define WEFT_LOG_H

/* The event log: what the scheduler does, as records of 32 bytes. docs/events.md fixes the format. */

#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

/* Every kind of record: its number, its name in C, its name in texts. */
#define WEFT_LOG_KINDS(X)                       \
    X(1, STRING_DEF, "string-def")              \
    X(2, SITE_DEF, "site-def")                  \
    X(3, CREATED, "created")                    \
    X(4, FRAME_PUSH, "frame-push")              \
    X(5, FRAME_POP, "frame-pop")                \
    X(6, RESUME, "resume")                      \
    X(7, SUSPEND, "suspend")                    \
    X(8, WAIT, "wait")                          \
    X(9, WAKE, "wake")                          \
    X(10, CANCEL_REQUEST, "cancel-request")     \
    X(11, CANCEL_DELIVERED, "cancel-delivered") \
    X(12, DONE, "done")                         \
    X(13, ERROR, "error")                       \
    X(14, OBJECT_NEW, "object-new")             \
    X(15, ACQUIRE, "acquire")                   \
    X(16, RELEASE, "release")                   \
    X(17, TIMER_ARM, "timer-arm")               \
    X(18, TIMER_DROP, "timer-drop")             \
    X(19, CLOCK_JUMP, "clock-jump")             \
    X(20, EXTERNAL_BEGIN, "external-begin")     \
    X(21, EXTERNAL_END, "external-end")         \
    X(22, DECISION, "decision")                 \
    X(23, OUTPUT, "output")                     \
    X(24, MARK, "mark")                         \
    X(25, STEP_TOO_LONG, "step-too-long")       \
    X(26, NEVER_AWAITED, "never-awaited")       \
    X(27, NEVER_RETRIEVED, "never-retrieved")   \
    X(28, AWAITED_BY, "awaited-by")             \
    X(29, SHIFT, "shift")                       \
    X(30, UNAWAITED, "unawaited")

/* What happened: docs/events.md says what the fields of each kind mean. */
typedef enum weft_log_kind {
#define X(number, name, text) WEFT_LOG_##name = number,
    WEFT_LOG_KINDS(X)
#undef X
} weft_log_kind;

/* One event. */
typedef struct weft_log_record {
    double time;
    uint32_t task;
    uint32_t other;
    uint32_t site;
    uint32_t object;
    uint8_t kind;
    uint8_t subkind;
    uint16_t count;
    uint32_t payload;
} weft_log_record;

enum { WEFT_LOG_CHUNK = 2048 /* records, at most, in what a sink is given */ };

/* Gets records as they come; `base` is the sequence number of the first. They are the log's: copy what is
 * kept. */
typedef void weft_log_sink(void *context, const weft_log_record *records, size_t count, uint64_t base);

/*
 * Switches the log of the current loop on. Without a sink the newest WEFT_LOG_CHUNK records are kept. False
 * without memory. NULL and NULL after weft_log_on switch the sink off, keeping the ring.
 */
bool weft_log_on(weft_log_sink *sink, void *context);
void weft_log_off(void);

/* Hands over what has gathered. */
void weft_log_flush(void);

/* Copies the newest records of a ring, oldest first; returns how many there are. */
size_t weft_log_recent(weft_log_record *records, size_t size);

/* A line of the program's own in the log, and so on the timeline. No cost while the log is off. */
void weft_mark(const char *format, ...) WEFT__PRINTF(1, 2);

/*
 * Turns records into a Chrome trace (JSON, opens in Perfetto), which holds the log itself, too, so that the
 * playground can replay it. Begin, feed each chunk in order, end; text comes in pieces through `write`.
 * weft_trace_new returns NULL without memory; weft_trace_end frees the trace.
 */
typedef struct weft_trace weft_trace;
typedef void weft_trace_write(void *context, const char *text, size_t length);
weft_trace *weft_trace_new(weft_trace_write *write, void *context);
weft_log_sink weft_trace_feed; /* its context is the trace */
void weft_trace_end(weft_trace *trace);

WEFT_END_DECLARATIONS

#endif
