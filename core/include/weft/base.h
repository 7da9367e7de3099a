#ifndef WEFT_BASE_H
#define WEFT_BASE_H

/* What every other header needs: forward declarations and the few things that depend on the compiler. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Around declarations of a header that C++ may include, too. */
#ifdef __cplusplus
#define WEFT_BEGIN_DECLARATIONS extern "C" {
#define WEFT_END_DECLARATIONS }
#else
#define WEFT_BEGIN_DECLARATIONS
#define WEFT_END_DECLARATIONS
#endif

#if defined(__GNUC__)
#define WEFT__PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#define WEFT__MUST_USE __attribute__((warn_unused_result))
#define WEFT__UNUSED __attribute__((unused))
#define WEFT__PREFETCH(p) __builtin_prefetch(p)
#define WEFT__LIKELY(x) __builtin_expect(!!(x), 1)
#define WEFT__UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define WEFT__PRINTF(text, first)
#define WEFT__MUST_USE
#define WEFT__UNUSED
#define WEFT__PREFETCH(p) ((void)(p))
#define WEFT__LIKELY(x) (x)
#define WEFT__UNLIKELY(x) (x)
#endif

/* "file.c:12", for reports that must cost nothing until they are made. */
#define WEFT__TEXT_(x) #x
#define WEFT__TEXT(x) WEFT__TEXT_(x)
#define WEFT__HERE __FILE__ ":" WEFT__TEXT(__LINE__)

/* The event loop of a thread: see weft/loop.h. */
typedef struct weft_loop weft_loop;

typedef struct weft_frame weft_frame;
typedef struct weft_error weft_error;
typedef struct weft_host weft_host;
typedef struct weft__scope weft__scope;

/* A value, or an error, that will be there: see weft/future.h for who owns it. asyncio.Future */
typedef struct weft_future weft_future;

/* A coroutine that runs beside others: a future of what it returns. asyncio.Task */
typedef struct weft_task weft_task;

/* A coroutine object: weft_call made it, nothing of it has run, and it must be awaited or given to a task,
 * once. */
typedef struct weft_coroutine weft_coroutine;

/* What is open to the outside world, each explained in the header named here. weft_with closes it at the end
 * of its block: weft_with(self->stream) { … } */
typedef struct weft_stream weft_stream;               /* weft/stream.h */
typedef struct weft_listener weft_listener;           /* weft/stream.h */
typedef struct weft_udp weft_udp;                     /* weft/udp.h */
typedef struct weft_file weft_file;                   /* weft/file.h */
typedef struct weft_watch weft_watch;                 /* weft/file.h */
typedef struct weft_process weft_process;             /* weft/process.h */
typedef struct weft_http weft_http;                   /* weft/http.h */
typedef struct weft_http_response weft_http_response; /* weft/http.h */
typedef struct weft_http_server weft_http_server;     /* weft/http_server.h */
typedef struct weft_websocket weft_websocket;         /* weft/websocket.h */

#endif
