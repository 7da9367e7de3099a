#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

/*
 * Errors are values: immutable, counted, passed as `const weft_error *`. NULL means none. Errors travel by
 * themselves from a coroutine to the one that awaits it, until a weft_catch takes them.
 */

#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

/* Every code of weft's own: its name in C, its number, the name that is printed. */
#define WEFT_ERRORS(X)                                                                                       \
    X(WEFT_CANCELLED, 1, "Cancelled")              /* asyncio.CancelledError */                              \
    X(WEFT_TIMED_OUT, 2, "TimedOut")               /* TimeoutError */                                        \
    X(WEFT_OUT_OF_MEMORY, 3, "OutOfMemory")        /* MemoryError */                                         \
    X(WEFT_INVALID_STATE, 4, "InvalidState")       /* asyncio.InvalidStateError */                           \
    X(WEFT_INVALID_ARGUMENT, 5, "InvalidArgument") /* ValueError */                                          \
    X(WEFT_TYPE_MISMATCH, 6, "TypeMismatch")       /* TypeError */                                           \
    X(WEFT_RUNTIME, 7, "RuntimeError")             /* RuntimeError */                                        \
    X(WEFT_GROUP, 8, "ErrorGroup")                 /* ExceptionGroup */                                      \
    X(WEFT_STOP_ITERATION, 9, "StopIteration")     /* StopAsyncIteration */                                  \
    X(WEFT_GENERATOR_EXIT, 10, "GeneratorExit")    /* GeneratorExit */                                       \
    X(WEFT_DEADLOCK, 11, "Deadlock")               /* nothing can ever wake the program again */             \
    X(WEFT_SYSTEM, 12, "SystemError")              /* OSError; the message has the system's name for it */   \
    X(WEFT_JAVASCRIPT, 13, "JavaScriptError")      /* a promise that rejected, an import that threw */       \
    X(WEFT_BROKEN_BARRIER, 14, "BrokenBarrier")    /* asyncio.BrokenBarrierError */                          \
    X(WEFT_QUEUE_EMPTY, 15, "QueueEmpty")          /* asyncio.QueueEmpty */                                  \
    X(WEFT_QUEUE_FULL, 16, "QueueFull")            /* asyncio.QueueFull */                                   \
    X(WEFT_QUEUE_SHUT_DOWN, 17, "QueueShutDown")   /* asyncio.QueueShutDown */                               \
    X(WEFT_INTERRUPTED, 18, "Interrupted")         /* KeyboardInterrupt: SIGINT ended a run */               \
    X(WEFT_LOOKUP, 19, "LookupError")              /* LookupError: a context variable without a value */     \
    X(WEFT_INCOMPLETE, 20, "IncompleteRead")       /* asyncio.IncompleteReadError: the end came too early */ \
    X(WEFT_LIMIT, 21, "LimitExceeded")             /* asyncio.LimitOverrunError: a peer sent too much */     \
    X(WEFT_TLS, 22, "TlsError")                    /* ssl.SSLError */                                        \
    X(WEFT_HTTP, 23, "HttpError")                  /* httpx.HTTPError: no answer, or one that is none */     \
    X(WEFT_WEBSOCKET, 24, "WebSocketError")        /* the peer broke the protocol, or closed too early */

/* What kind of error it is: weft's own, or a program's from WEFT_USER on. */
typedef enum weft_code {
    WEFT_OK = 0, /* none */
#define X(name, number, text) name = number,
    WEFT_ERRORS(X)
#undef X
        WEFT_USER = 1000 /* a program's own codes start here */
} weft_code;

/* What went wrong, and where. All fields are for reading only. */
struct weft_error {
    int code;
    const char *message;               /* in words; "" if there are none */
    const char *function;              /* the coroutine that raised it, or NULL */
    const char *file;                  /* where, or NULL */
    int line;                          /* where, or 0 */
    const weft_error *cause;           /* what was being handled when it was raised, or NULL */
    const weft_error *const *children; /* of a group */
    size_t child_count;
    const char
        *system; /* the system's name of what failed, the same on every host: "ECONNRESET"; else NULL */
    uint32_t references; /* internal; 0 for static errors, which are never freed */
};

/* Cancelled, timed out, out of memory: static, so that raising them cannot fail. */
extern const weft_error weft_error_cancelled;
extern const weft_error weft_error_timed_out;
extern const weft_error weft_error_out_of_memory;

/* Read where a context variable has no value. Static, too. */
extern const weft_error weft_error_lookup;

/*
 * A new error with a message formatted as by printf. The caller owns one reference. Without memory it is
 * weft_error_out_of_memory.
 */
const weft_error *weft_error_new(int code, const char *format, ...) WEFT__PRINTF(2, 3);

/* A new error caused by `cause`, of which it keeps a reference: `raise … from cause`. */
const weft_error *weft_error_from(const weft_error *cause, int code, const char *format, ...)
    WEFT__PRINTF(3, 4);

/* A new group of errors, of which it keeps references: ExceptionGroup(message, children). */
const weft_error *weft_error_group(const char *message, const weft_error *const *children, size_t count);

/* Keeps an error beyond the weft_catch that gave it; ends with weft_error_release. NULL is allowed. Not
 * thread-safe. */
const weft_error *weft_error_retain(const weft_error *error);
void weft_error_release(const weft_error *error);

/* Names a code: "TimedOut", or "Error 1001" for one of the program's own, unless it was registered. */
const char *weft_error_name(int code);

/* Gives a code of the program's own (>= WEFT_USER) a name for reports. The name is borrowed. False if there
 * is no room. */
bool weft_error_register(int code, const char *name);

/* True if the error, or one of its children at any depth, has this code: what `except*` would catch. */
bool weft_error_has(const weft_error *error, int code);

/* "Name: message" with causes and children, a line each, as much as fits. Returns the length of the whole. */
size_t weft_error_print(const weft_error *error, char *buffer, size_t size);

WEFT_END_DECLARATIONS

#endif
