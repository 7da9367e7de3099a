#ifndef WEFT_COROUTINE_H
#define WEFT_COROUTINE_H

/*
 * The coroutine language. A coroutine is a structure, whose first member is `weft_frame frame` and whose
 * other members are its arguments and all that must live across an await, and a body:
 *
 *     struct fetch {
 *         weft_frame frame;
 *         const char *url;
 *     };
 *
 *     weft_async(fetch)
 *     {
 *         weft_begin(fetch);
 *         weft_await(weft_sleep(1.0));
 *         weft_return(weft_format("data from %s", self->url));
 *         weft_end();
 *     }
 *
 * The body is a function with one `switch` from weft_begin to weft_end; every await is a `case`. So a local
 * variable does not survive an await (compilers warn), an await cannot stand inside a `switch` of one's own,
 * and two awaits cannot share a line. As with functions, a coroutine is visible to other files unless
 * `static` precedes weft_async.
 */

#include <weft/awaitable.h>
#include <weft/barrier.h>
#include <weft/base.h>
#include <weft/condition.h>
#include <weft/error.h>
#include <weft/event.h>
#include <weft/group.h>
#include <weft/lock.h>
#include <weft/queue.h>
#include <weft/semaphore.h>
#include <weft/timeout.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/* What runs a frame until it must wait. Returns the frame to go on with: its own, one that it awaits, its
 * caller. */
typedef weft_frame *weft__step(weft_frame *frame, weft_loop *loop);

/* The head of every coroutine's structure. All of it is internal. */
struct weft_frame {
    weft__step *step;
    weft_frame *caller; /* who awaits it; before the first step the previous coroutine that waits for its
                           first step */
    union {
        weft__scope *scopes; /* its open blocks, innermost first */
        weft_frame *next;    /* before the first step: the next coroutine that waits for its first step */
    } a;
    union {
        const char *called_at; /* before the first step */
        struct {
            uint32_t at; /* the label to resume at */
            uint32_t id; /* in the event log */
        } run;
    } b;
    uint32_t size; /* of the whole structure, bytes */
    uint32_t flags;
};

/* A member of a coroutine's structure, as weft_fields describes it. */
typedef enum weft_field_type {
    WEFT_FIELD_BOOL,
    WEFT_FIELD_INT,
    WEFT_FIELD_UNSIGNED,
    WEFT_FIELD_DOUBLE,
    WEFT_FIELD_FLOAT,
    WEFT_FIELD_STRING,
    WEFT_FIELD_POINTER,
    WEFT_FIELD_VALUE
} weft_field_type;

/* Where such a member is. */
typedef struct weft_field {
    const char *name; /* NULL ends a list */
    uint32_t type;    /* a weft_field_type */
    uint32_t offset;  /* bytes from the start of the structure */
    uint32_t size;    /* bytes */
} weft_field;

typedef struct weft__fields {
    const weft_field *list; /* NULL if none were declared */
} weft__fields;

/* What is known of a coroutine function. */
typedef struct weft_type {
    const char *name;
    const char *file;
    weft__step *step;
    const weft__fields *fields;
    uint32_t size; /* of its structure, bytes */
    uint32_t line; /* where its body begins */
} weft_type;

/* Suspends for `seconds`; zero or less gives every ready task one turn. NaN raises InvalidArgument.
 * asyncio.sleep */
static inline weft_op weft_sleep(double seconds);

/* Frees a coroutine that will not be awaited, after running what stands after its weft_drop:
 * coroutine.close() */
void weft_coroutine_close(weft_coroutine *coroutine);

/* What weft_async, weft_fields and weft_export said of a coroutine. Never NULL. */
const weft_type *weft_coroutine_type(const weft_coroutine *coroutine);

/* --- Internal: what the macros below expand to. --- */

enum { WEFT__AT_START = 0, WEFT__AT_DROP = 1, WEFT__AT_DESCRIBE = 2, WEFT__AT_END = 3 };
enum { WEFT__BODY_STATE = 1, WEFT__CATCH_STATE = 2, WEFT__FINALLY_STATE = 3 };
enum { WEFT__CATCH_ERRORS = 0, WEFT__CATCH_ALL = -1 };

/* The public head of the loop: the value on its way to the coroutine that is about to resume. */
struct weft__transfer {
    weft_value value;
    bool block_failed; /* a block could not be opened: its error is on the way */
};

weft_coroutine *weft__make(weft_frame *initialiser) WEFT__MUST_USE;
weft_coroutine *weft__wrap(weft_op op) WEFT__MUST_USE;
weft_frame *weft__await_coroutine(weft_frame *frame, weft_loop *loop, weft_coroutine *coroutine, uint32_t at);
weft_frame *weft__await_task(weft_frame *frame, weft_loop *loop, weft_task *task, uint32_t at);
weft_frame *weft__await_future(weft_frame *frame, weft_loop *loop, weft_future *future, uint32_t at);
weft_frame *weft__await_tick(weft_frame *frame, weft_loop *loop, uint32_t at);
weft_frame *weft__await_sleep(weft_frame *frame, weft_loop *loop, double seconds, uint32_t at);
weft_frame *weft__await_semaphore(weft_frame *frame, weft_loop *loop, weft_semaphore *semaphore, uint32_t at);
weft_frame *weft__await_lock(weft_frame *frame, weft_loop *loop, weft_lock *lock, uint32_t at);
weft_frame *weft__await_event(weft_frame *frame, weft_loop *loop, weft_event *event, uint32_t at);
weft_frame *weft__await_queue_get(weft_frame *frame, weft_loop *loop, weft_queue *queue, uint32_t at);
weft_frame *weft__await_queue_put(weft_frame *frame, weft_loop *loop, weft_queue *queue,
                                  const weft_value *value, uint32_t at);
weft_frame *weft__await_queue_join(weft_frame *frame, weft_loop *loop, weft_queue *queue, uint32_t at);
weft_frame *weft__await_queue_room(weft_frame *frame, weft_loop *loop, weft_queue *queue, uint32_t at);
weft_frame *weft__await_generator(weft_frame *frame, weft_loop *loop, void *generator, uint32_t kind,
                                  const weft_value *value, uint32_t at);
weft_frame *weft__yield(weft_frame *frame, weft_loop *loop, weft_value value, uint32_t at);
void weft__discard(weft_loop *loop);
bool weft__convert(weft_frame *frame, weft_loop *loop, weft_kind wanted);
void weft__leave(weft_frame *frame, weft_loop *loop);
void weft__raise(weft_frame *frame, weft_loop *loop, int line, int code, const char *format, ...)
    WEFT__PRINTF(5, 6);
void weft__raise_error(weft_frame *frame, weft_loop *loop, int line, const weft_error *error);
void weft__reraise(weft_frame *frame, weft_loop *loop, int line);
weft_frame *weft__finish(weft_frame *frame, weft_loop *loop);
weft_frame *weft__stray_break(weft_frame *frame, weft_loop *loop, int line);
weft_frame *weft__describe(weft_frame *frame, weft_loop *loop, const weft_type *type);
void weft__open_try(weft_frame *frame, weft_loop *loop, uint32_t at);
void weft__open_loop(weft_frame *frame, weft_loop *loop, uint32_t at);
void weft__open_for(weft_frame *frame, weft_loop *loop, uint32_t at, weft_coroutine *generator,
                    weft_kind wanted);
void weft__open_with(weft_frame *frame, weft_loop *loop, uint32_t at, weft_manager manager, void *storage,
                     weft_kind wanted);
bool weft__block_live(weft_frame *frame, weft_loop *loop, uint32_t at);
bool weft__block_step(weft_frame *frame, weft_loop *loop);
weft_frame *weft__block_leave(weft_frame *frame, weft_loop *loop);
bool weft__block_in(weft_frame *frame, int state);
bool weft__block_catches(weft_frame *frame, int code);
const weft_error *weft__block_caught(weft_frame *frame);
weft_value weft__block_item(weft_frame *frame);
void weft__block_enter(weft_frame *frame);
bool weft__block_once(weft_frame *frame);
void weft__block_end(weft_frame *frame);
void weft__jump(weft_frame *frame, weft_loop *loop, bool again);

static inline weft_op weft_sleep(double seconds) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_SLEEP};
    op.seconds = seconds;
    return op;
}

static inline weft_frame *weft__await_op(weft_frame *frame, weft_loop *loop, weft_op op, uint32_t at) {
    if (op.kind == WEFT__OP_SLEEP)
        return op.seconds <= 0 ? weft__await_tick(frame, loop, at)
                               : weft__await_sleep(frame, loop, op.seconds, at);
    if (op.kind == WEFT__OP_SEMAPHORE)
        return weft__await_semaphore(frame, loop, (weft_semaphore *)op.object, at);
    if (op.kind == WEFT__OP_LOCK)
        return weft__await_lock(frame, loop, (weft_lock *)op.object, at);
    if (op.kind == WEFT__OP_EVENT)
        return weft__await_event(frame, loop, (weft_event *)op.object, at);
    if (op.kind == WEFT__OP_QUEUE_GET)
        return weft__await_queue_get(frame, loop, (weft_queue *)op.object, at);
    if (op.kind == WEFT__OP_QUEUE_PUT)
        return weft__await_queue_put(frame, loop, (weft_queue *)op.object, &op.value, at);
    if (op.kind == WEFT__OP_QUEUE_JOIN)
        return weft__await_queue_join(frame, loop, (weft_queue *)op.object, at);
    if (op.kind == WEFT__OP_QUEUE_ROOM)
        return weft__await_queue_room(frame, loop, (weft_queue *)op.object, at);
    return weft__await_generator(frame, loop, op.object, op.kind, &op.value, at);
}

static inline struct weft__transfer *weft__transfer_of(weft_loop *loop) {
    return (struct weft__transfer *)(void *)loop;
}

/*
 * Values move field by field: a structure that was stored in parts and is loaded as a whole makes the
 * processor wait.
 */
static inline void weft__move(weft_value *to, const weft_value *from) {
    to->as = from->as;
    to->release = from->release;
    to->kind = from->kind;
}

/* Takes the value that an await brought. */
static inline weft_value weft__take(weft_loop *loop) {
    struct weft__transfer *transfer = weft__transfer_of(loop);
    weft_value value;
    weft__move(&value, &transfer->value);
    transfer->value.kind = WEFT_NONE;
    transfer->value.release = NULL;
    return value;
}

/* Frees the value that an await brought and nobody wants. */
static inline void weft__drop_value(weft_loop *loop) {
    weft_value *value = &weft__transfer_of(loop)->value;
    if (WEFT__UNLIKELY(value->release != NULL))
        weft__discard(loop);
    value->kind = WEFT_NONE;
}

/* Whether the value fits the variable; if not, its error is raised and the body must go round again. */
static inline bool weft__accept(weft_frame *frame, weft_loop *loop, weft_kind wanted) {
    return WEFT__LIKELY(weft__transfer_of(loop)->value.kind == wanted) || weft__convert(frame, loop, wanted);
}

/* Ends the body with a value: at once where no block is open, else through the open blocks. */
static inline void weft__return(weft_frame *frame, weft_loop *loop, weft_value value) {
    if (frame->b.run.at == WEFT__AT_DROP) { /* the end of weft_drop: the outcome is settled */
        frame->b.run.at = WEFT__AT_END;
        if (value.release != NULL)
            value.release(value.as.pointer);
        return;
    }
    weft__move(&weft__transfer_of(loop)->value, &value);
    if (WEFT__LIKELY(frame->a.scopes == NULL && value.kind != WEFT_FAILURE))
        frame->b.run.at = WEFT__AT_DROP;
    else
        weft__leave(frame, loop);
}

static inline weft_awaitable weft__awaitable_coroutine(weft_coroutine *coroutine) {
    weft_awaitable awaitable = {NULL, NULL};
    awaitable.coroutine = coroutine;
    return awaitable;
}
static inline weft_awaitable weft__awaitable_future(weft_future *future) {
    weft_awaitable awaitable = {NULL, NULL};
    awaitable.future = future;
    return awaitable;
}
static inline weft_awaitable weft__awaitable_task(weft_task *task) {
    return weft__awaitable_future((weft_future *)(void *)task);
}
static inline weft_awaitable weft__awaitable_op(weft_op op) {
    return weft__awaitable_coroutine(weft__wrap(op));
}
static inline weft_coroutine *weft__coroutine_itself(weft_coroutine *coroutine) {
    return coroutine;
}
static inline weft_manager weft__manager_itself(weft_manager manager) {
    return manager;
}

WEFT_END_DECLARATIONS

#ifndef __cplusplus /* bodies are C: C++ forbids the jumps */

static inline weft_group weft__to_group(weft_value value) {
    return *(weft_group *)value.as.pointer;
}
static inline weft_deadline weft__to_deadline(weft_value value) {
    return *(weft_deadline *)value.as.pointer;
}

/* A coroutine, task, future or operation as the argument of gather, wait_for and the like. */
#define weft_awaitable_of(x)                          \
    _Generic((x), weft_coroutine *                    \
             : weft__awaitable_coroutine, weft_task * \
             : weft__awaitable_task, weft_future *    \
             : weft__awaitable_future, weft_op        \
             : weft__awaitable_op)(x)

/* An operation or a coroutine as a coroutine. */
#define weft_coroutine_of(x) _Generic((x), weft_coroutine * : weft__coroutine_itself, weft_op : weft__wrap)(x)

#define WEFT__AWAIT(x)                            \
    _Generic((x), weft_coroutine *                \
             : weft__await_coroutine, weft_task * \
             : weft__await_task, weft_future *    \
             : weft__await_future, weft_op        \
             : weft__await_op)

/* The kind of value that a variable takes, and how it takes it. */
#define WEFT__WANTS(v) \
    _Generic((v),                                                                                            \
        _Bool: WEFT_BOOL,                                                                                    \
        char: WEFT_INT,                                                                                      \
        signed char: WEFT_INT,                                                                               \
        unsigned char: WEFT_INT,                                                                             \
        short: WEFT_INT,                                                                                     \
        unsigned short: WEFT_INT,                                                                            \
        int: WEFT_INT,                                                                                       \
        unsigned: WEFT_INT,                                                                                  \
        long: WEFT_INT,                                                                                      \
        unsigned long: WEFT_INT,                                                                             \
        long long: WEFT_INT,                                                                                 \
        unsigned long long: WEFT_INT,                                                                        \
        float: WEFT_DOUBLE,                                                                                  \
        double: WEFT_DOUBLE,                                                                                 \
        char *: WEFT_STRING,                                                                                 \
        const char *: WEFT_STRING,                                                                           \
        weft_value: WEFT_FAILURE,                                                                            \
        default: WEFT_POINTER)
#define WEFT__TAKES(v)                          \
    _Generic((v), _Bool                         \
             : weft__to_bool, char              \
             : weft__to_int, signed char        \
             : weft__to_int, unsigned char      \
             : weft__to_int, short              \
             : weft__to_int, unsigned short     \
             : weft__to_int, int                \
             : weft__to_int, unsigned           \
             : weft__to_int, long               \
             : weft__to_int, unsigned long      \
             : weft__to_int, long long          \
             : weft__to_int, unsigned long long \
             : weft__to_int, float              \
             : weft__to_double, double          \
             : weft__to_double, weft_value      \
             : weft__to_value, weft_group       \
             : weft__to_group, weft_deadline    \
             : weft__to_deadline, default       \
             : weft__to_pointer)

#define WEFT__MANAGER(m)                                    \
    _Generic((m), weft_manager                              \
             : weft__manager_itself, weft_semaphore *       \
             : weft__semaphore_manager, weft_lock *         \
             : weft__lock_manager, weft_condition *         \
             : weft__condition_manager, weft_barrier *      \
             : weft__barrier_manager, weft_group *          \
             : weft__group_manager, weft_stream *           \
             : weft__resource_manager, weft_listener *      \
             : weft__resource_manager, weft_udp *           \
             : weft__resource_manager, weft_file *          \
             : weft__resource_manager, weft_watch *         \
             : weft__resource_manager, weft_process *       \
             : weft__resource_manager, weft_http *          \
             : weft__resource_manager, weft_http_response * \
             : weft__resource_manager, weft_http_server *   \
             : weft__resource_manager, weft_websocket *     \
             : weft__resource_manager)(m)
#define WEFT__STORAGE(v) \
    _Generic((v), weft_group : (void *)&(v), weft_deadline : (void *)&(v), default : (void *)NULL)

/* A label a line and kind, out of the way of any `case` of the program's own. */
#define WEFT__AT(kind) (0x40000000u + (uint32_t)__LINE__ * 16u + (kind))

/* Opens a coroutine function: weft_async(fetch) { weft_begin(fetch); … weft_end(); }. `async def` */
#define weft_async(name)                                                                                  \
    weft__step name##_weft_step;                                                                          \
    _Static_assert(_Generic(&((struct name *)0)->frame, weft_frame * : 1, default : 0),                   \
                   "a coroutine's structure begins with `weft_frame frame`");                             \
    _Static_assert(offsetof(struct name, frame) == 0, "weft_frame must be the structure's first member"); \
    _Static_assert(_Alignof(struct name) <= _Alignof(max_align_t), "the structure is over-aligned");      \
    static const weft__fields name##_weft_fields;                                                         \
    static const weft_type name##_weft_type = {                                                           \
        #name, __FILE__, name##_weft_step, &name##_weft_fields, sizeof(struct name), __LINE__};           \
    weft_frame *name##_weft_step(weft_frame *weft__frame_of_##name, weft_loop *weft__loop)

/* Declares a coroutine that is defined further down or in another file. Its structure must be known to call
 * it. */
#define weft_declare(name) weft__step name##_weft_step

/* The first statement of a body. Gives `self`, the coroutine's structure. */
#define weft_begin(name)                                                   \
    weft_frame *const weft__frame = weft__frame_of_##name;                 \
    struct name *const self = (struct name *)(void *)weft__frame;          \
    (void)self;                                                            \
    weft__again:                                                           \
    switch (weft__frame->b.run.at) {                                       \
    case WEFT__AT_DESCRIBE:                                                \
        return weft__describe(weft__frame, weft__loop, &name##_weft_type); \
    case WEFT__AT_START:

/*
 * What follows, up to weft_end, runs exactly once for every coroutine that was called, however it ended and
 * even if it never ran: it frees what the structure owns, and awaits nothing. Structures start zeroed but for
 * their arguments.
 */
#define weft_drop()                                         \
    weft__return(weft__frame, weft__loop, weft__of_none()); \
    goto weft__again;                                       \
    case WEFT__AT_DROP:

/* The last statement of a body; reaching it returns none. */
#define weft_end()                                          \
    weft__return(weft__frame, weft__loop, weft__of_none()); \
    goto weft__again;                                       \
    default:                                                \
        return weft__finish(weft__frame, weft__loop);       \
        }                                                   \
        return weft__stray_break(weft__frame, weft__loop, __LINE__)

/*
 * Makes a coroutine object: weft_call(fetch, .url = "a"). Nothing runs before it is awaited or given to a
 * task. Never NULL: without memory it is a coroutine that raises out-of-memory when awaited.
 */
#define weft_call(...) WEFT__CALL(__VA_ARGS__, )
#define WEFT__CALL(name, ...)                                                                             \
    weft__make(&(struct name){                                                                            \
        .frame = {.step = name##_weft_step, .b = {.called_at = WEFT__HERE}, .size = sizeof(struct name)}, \
        __VA_ARGS__}                                                                                      \
                    .frame)

/* Waits for a coroutine, task, future or operation, and frees its value. Its error, if any, is raised here.
 * `await x` */
#define weft_await(x)                                                     \
    do {                                                                  \
        return WEFT__AWAIT(x)(weft__frame, weft__loop, (x), WEFT__AT(0)); \
    case WEFT__AT(0):                                                     \
        weft__drop_value(weft__loop);                                     \
    } while (0)

/*
 * v = await x. The variable must be one of the structure's if it is to live across the next await. Of a
 * coroutine the value is moved: the variable owns what the value owned. Of a task or future it is borrowed,
 * as long as that lives. A value that does not fit the variable raises TypeMismatch. Integers and booleans
 * fit doubles; none fits pointers.
 */
#define weft_await_to(v, x)                                               \
    do {                                                                  \
        return WEFT__AWAIT(x)(weft__frame, weft__loop, (x), WEFT__AT(0)); \
    case WEFT__AT(0):                                                     \
        if (!weft__accept(weft__frame, weft__loop, WEFT__WANTS(v)))       \
            goto weft__again;                                             \
        (v) = WEFT__TAKES(v)(weft__take(weft__loop));                     \
    } while (0)

/* Hands a value to who iterates over this generator; goes on when the next is wanted. `yield` */
#define weft_yield(v)                                                               \
    do {                                                                            \
        return weft__yield(weft__frame, weft__loop, weft_value_of(v), WEFT__AT(6)); \
    case WEFT__AT(6):                                                               \
        weft__drop_value(weft__loop);                                               \
    } while (0)

/* target = yield v: stores what weft_generator_send sent (none from weft_for_await and weft_generator_next).
 */
#define weft_yield_to(target, v)                                                    \
    do {                                                                            \
        return weft__yield(weft__frame, weft__loop, weft_value_of(v), WEFT__AT(6)); \
    case WEFT__AT(6):                                                               \
        if (!weft__accept(weft__frame, weft__loop, WEFT__WANTS(target)))            \
            goto weft__again;                                                       \
        (target) = WEFT__TAKES(target)(weft__take(weft__loop));                     \
    } while (0)

/* Ends the coroutine with a value: a number, boolean, string, pointer, weft_value. Open blocks are left
 * properly. */
#define weft_return(v)                                           \
    do {                                                         \
        weft__return(weft__frame, weft__loop, weft_value_of(v)); \
        goto weft__again;                                        \
    } while (0)
/* Ends the coroutine without a value: it gives none. */
#define weft_return_none() weft_return(weft_none())

/* Ends with a string or pointer that the value owns and frees with `release`, a void (*)(void *). */
#define weft_return_owned(p, release) \
    weft_return(_Generic((p), char * : weft_owned_string, default : weft_owned_pointer)((p), (release)))

/* Raises a new error: weft_raise(WEFT_RUNTIME, "no route to %s", name). In a weft_catch the caught one is its
 * cause. */
#define weft_raise(...)                                              \
    do {                                                             \
        weft__raise(weft__frame, weft__loop, __LINE__, __VA_ARGS__); \
        goto weft__again;                                            \
    } while (0)

/* Raises an error that exists; it keeps a reference of its own. */
#define weft_raise_error(error)                                        \
    do {                                                               \
        weft__raise_error(weft__frame, weft__loop, __LINE__, (error)); \
        goto weft__again;                                              \
    } while (0)

/* In a weft_catch: raises the caught error again, with the traceback that it had. `raise` */
#define weft_reraise                                      \
    do {                                                  \
        weft__reraise(weft__frame, weft__loop, __LINE__); \
        goto weft__again;                                 \
    } while (0)

/* The outer loop turns a block's states; the inner one takes a plain break or continue. */
#define WEFT__BLOCK(open, kind)                                            \
    for (open; weft__block_live(weft__frame, weft__loop, WEFT__AT(kind));) \
        if (weft__block_step(weft__frame, weft__loop)) {                   \
            return weft__block_leave(weft__frame, weft__loop);             \
        case WEFT__AT(kind):;                                              \
        }
#define WEFT__BODY \
    for (weft__block_enter(weft__frame); weft__block_once(weft__frame); weft__block_end(weft__frame))
#define WEFT__BODY_WITH(v)                                                                    \
    for ((v) = WEFT__TAKES(v)(weft__block_item(weft__frame)), weft__block_enter(weft__frame); \
         weft__block_once(weft__frame); weft__block_end(weft__frame))

/*
 * weft_try { … } weft_catch (self->error) { … } weft_finally { … }: each may await. weft_catch takes every
 * error but Cancelled and GeneratorExit (`except Exception`), weft_catch_all takes those too, weft_catch_code
 * those of one code. The error is stored in a `const weft_error *` of the structure and borrowed until the
 * block ends.
 */
#define weft_try                                                         \
    WEFT__BLOCK(weft__open_try(weft__frame, weft__loop, WEFT__AT(1)), 1) \
    else if (weft__block_in(weft__frame, WEFT__BODY_STATE)) WEFT__BODY
#define WEFT__CATCH(which, e)                                                                            \
    else if (weft__block_catches(weft__frame, (which)) && ((e) = weft__block_caught(weft__frame), true)) \
        WEFT__BODY
#define weft_catch(e) WEFT__CATCH(WEFT__CATCH_ERRORS, e)
#define weft_catch_all(e) WEFT__CATCH(WEFT__CATCH_ALL, e)
#define weft_catch_code(code, e) WEFT__CATCH(code, e)
#define weft_finally else if (weft__block_in(weft__frame, WEFT__FINALLY_STATE)) WEFT__BODY

/*
 * async with m: m is a weft_manager, weft_timeout(…), weft_task_group(), or a pointer to a semaphore, lock,
 * condition, barrier or group. As v: stores what entering it returned; a weft_group or weft_deadline of the
 * structure is itself what is entered.
 */
#define weft_with(m)                                                                                         \
    WEFT__BLOCK(weft__open_with(weft__frame, weft__loop, WEFT__AT(2), WEFT__MANAGER(m), NULL, WEFT_NONE), 2) \
    else if (!weft__block_in(weft__frame, WEFT__BODY_STATE)) {                                               \
    }                                                                                                        \
    else WEFT__BODY
#define weft_with_as(v, m)                                                                                \
    WEFT__BLOCK(weft__open_with(weft__frame, weft__loop, WEFT__AT(2), WEFT__MANAGER(m), WEFT__STORAGE(v), \
                                WEFT__WANTS(v)),                                                          \
                2)                                                                                        \
    else if (!weft__block_in(weft__frame, WEFT__BODY_STATE)) {                                            \
    }                                                                                                     \
    else WEFT__BODY_WITH(v)

/* async for v in generator: owns the generator, and closes it however the loop is left. */
#define weft_for_await(v, generator)                                                                  \
    WEFT__BLOCK(weft__open_for(weft__frame, weft__loop, WEFT__AT(3), (generator), WEFT__WANTS(v)), 3) \
    else if (!weft__block_in(weft__frame, WEFT__BODY_STATE)) {                                        \
    }                                                                                                 \
    else WEFT__BODY_WITH(v)

/* A loop that weft_break and weft_continue can leave or repeat from inside blocks. */
#define weft_while(c)                                                     \
    WEFT__BLOCK(weft__open_loop(weft__frame, weft__loop, WEFT__AT(4)), 4) \
    else if (!weft__block_in(weft__frame, WEFT__BODY_STATE)) {            \
    }                                                                     \
    else WEFT__BODY while (c) if (0) {                                    \
    case WEFT__AT(5):                                                     \
        continue;                                                         \
    }                                                                     \
    else
#define weft_break                                  \
    do {                                            \
        weft__jump(weft__frame, weft__loop, false); \
        goto weft__again;                           \
    } while (0)
#define weft_continue                              \
    do {                                           \
        weft__jump(weft__frame, weft__loop, true); \
        goto weft__again;                          \
    } while (0)

#define WEFT__FIELD_TYPE(x) \
    _Generic((x),                                                                                            \
        _Bool: WEFT_FIELD_BOOL,                                                                              \
        char: WEFT_FIELD_INT,                                                                                \
        signed char: WEFT_FIELD_INT,                                                                         \
        unsigned char: WEFT_FIELD_UNSIGNED,                                                                  \
        short: WEFT_FIELD_INT,                                                                               \
        unsigned short: WEFT_FIELD_UNSIGNED,                                                                 \
        int: WEFT_FIELD_INT,                                                                                 \
        unsigned: WEFT_FIELD_UNSIGNED,                                                                       \
        long: WEFT_FIELD_INT,                                                                                \
        unsigned long: WEFT_FIELD_UNSIGNED,                                                                  \
        long long: WEFT_FIELD_INT,                                                                           \
        unsigned long long: WEFT_FIELD_UNSIGNED,                                                             \
        float: WEFT_FIELD_FLOAT,                                                                             \
        double: WEFT_FIELD_DOUBLE,                                                                           \
        char *: WEFT_FIELD_STRING,                                                                           \
        const char *: WEFT_FIELD_STRING,                                                                     \
        weft_value: WEFT_FIELD_VALUE,                                                                        \
        default: WEFT_FIELD_POINTER)
#define WEFT__FIELD(f, x) \
    {#x, WEFT__FIELD_TYPE(((struct f *)0)->x), offsetof(struct f, x), sizeof(((struct f *)0)->x)},

#define WEFT__PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, picked, ...) \
    picked
#define WEFT__FIELDS(...)                                                                                \
    WEFT__PICK(__VA_ARGS__, WEFT__F16, WEFT__F15, WEFT__F14, WEFT__F13, WEFT__F12, WEFT__F11, WEFT__F10, \
               WEFT__F9, WEFT__F8, WEFT__F7, WEFT__F6, WEFT__F5, WEFT__F4, WEFT__F3, WEFT__F2, WEFT__F1, \
               WEFT__F0, )                                                                               \
    (__VA_ARGS__)
#define WEFT__F0(f)
#define WEFT__F1(f, a) WEFT__FIELD(f, a)
#define WEFT__F2(f, a, b) WEFT__FIELD(f, a) WEFT__FIELD(f, b)
#define WEFT__F3(f, a, b, c) WEFT__F2(f, a, b) WEFT__FIELD(f, c)
#define WEFT__F4(f, a, b, c, d) WEFT__F3(f, a, b, c) WEFT__FIELD(f, d)
#define WEFT__F5(f, a, ...) WEFT__FIELD(f, a) WEFT__F4(f, __VA_ARGS__)
#define WEFT__F6(f, a, ...) WEFT__FIELD(f, a) WEFT__F5(f, __VA_ARGS__)
#define WEFT__F7(f, a, ...) WEFT__FIELD(f, a) WEFT__F6(f, __VA_ARGS__)
#define WEFT__F8(f, a, ...) WEFT__FIELD(f, a) WEFT__F7(f, __VA_ARGS__)
#define WEFT__F9(f, a, ...) WEFT__FIELD(f, a) WEFT__F8(f, __VA_ARGS__)
#define WEFT__F10(f, a, ...) WEFT__FIELD(f, a) WEFT__F9(f, __VA_ARGS__)
#define WEFT__F11(f, a, ...) WEFT__FIELD(f, a) WEFT__F10(f, __VA_ARGS__)
#define WEFT__F12(f, a, ...) WEFT__FIELD(f, a) WEFT__F11(f, __VA_ARGS__)
#define WEFT__F13(f, a, ...) WEFT__FIELD(f, a) WEFT__F12(f, __VA_ARGS__)
#define WEFT__F14(f, a, ...) WEFT__FIELD(f, a) WEFT__F13(f, __VA_ARGS__)
#define WEFT__F15(f, a, ...) WEFT__FIELD(f, a) WEFT__F14(f, __VA_ARGS__)
#define WEFT__F16(f, a, ...) WEFT__FIELD(f, a) WEFT__F15(f, __VA_ARGS__)
#define WEFT__FIRST(...) WEFT__FIRST_(__VA_ARGS__, )
#define WEFT__FIRST_(first, ...) first
#define WEFT__JOIN_(a, b) a##b
#define WEFT__JOIN(a, b) WEFT__JOIN_(a, b)

/*
 * Describes members of a coroutine's structure, at most 16, by name, type and place, for debuggers and the
 * playground: weft_fields(fetch, url, delay);
 */
#define weft_fields(...)                                                                                 \
    static const weft_field WEFT__JOIN(WEFT__FIRST(__VA_ARGS__),                                         \
                                       _weft_field_list)[] = {WEFT__FIELDS(__VA_ARGS__){NULL, 0, 0, 0}}; \
    static const weft__fields WEFT__JOIN(WEFT__FIRST(__VA_ARGS__), _weft_fields) = {                     \
        WEFT__JOIN(WEFT__FIRST(__VA_ARGS__), _weft_field_list)}

/*
 * Makes a coroutine callable from JavaScript by its name, with these members as its arguments (see
 * weft_fields): weft_export(fetch_all, permits);
 */
#define weft_export(...)      \
    weft_fields(__VA_ARGS__); \
    WEFT__EXPORT(WEFT__FIRST(__VA_ARGS__))
#define WEFT__EXPORT(name) WEFT__EXPORT_(name)
#if defined(__wasm__)
#define WEFT__EXPORT_ATTRIBUTE(name) __attribute__((used, export_name("weft_export_" #name)))
#else
#define WEFT__EXPORT_ATTRIBUTE(name)
#endif
#define WEFT__EXPORT_(name)                                                  \
    static const weft_type name##_weft_type;                                 \
    const weft_type *weft_export_##name(void);                               \
    WEFT__EXPORT_ATTRIBUTE(name) const weft_type *weft_export_##name(void) { \
        return &name##_weft_type;                                            \
    }                                                                        \
    _Static_assert(1, "")

#endif
#endif
