#ifndef WEFT_CORE_SCOPE_H
#define WEFT_CORE_SCOPE_H

/* The open blocks of a frame, and how errors, returns and breaks travel through them: scope.c, travel.c. */

#include <weft/weft.h>

typedef struct weft__traceback weft__traceback;

enum weft__scope_kind { SCOPE_HOLD, SCOPE_TRY, SCOPE_WITH, SCOPE_FOR, SCOPE_LOOP };
enum weft__scope_state {
    SCOPE_ENTER,
    SCOPE_BODY = WEFT__BODY_STATE,
    SCOPE_CATCH = WEFT__CATCH_STATE,
    SCOPE_FINALLY = WEFT__FINALLY_STATE,
    SCOPE_EXIT,
    SCOPE_CLOSED
};
/* How far the current state is. */
enum weft__scope_mark { MARK_ARMED, MARK_INSIDE, MARK_ENDED, MARK_WAITING };
/* What happens once the block has closed. */
enum weft__scope_pending { PENDING_NONE, PENDING_ERROR, PENDING_RETURN, PENDING_BREAK, PENDING_CONTINUE };

/* An open block of a frame. */
struct weft__scope {
    weft__scope *outer;
    uint32_t at; /* the block's label */
    uint8_t kind, state, mark, pending;
    uint8_t wanted;          /* weft_kind of the variable that takes a value */
    bool offered;            /* the clauses of this state have been asked whether they want it */
    bool ended;              /* SCOPE_FOR: the generator has */
    const weft_error *error; /* pending; counted */
    weft__traceback *traceback;
    const weft_error *caught; /* in a catch: what weft_reraise raises; counted */
    weft__traceback *caught_traceback;
    weft_value value; /* pending return, or what the body is given */
};

typedef struct weft__with_scope {
    weft__scope scope;
    weft_manager manager;
    union { /* of a timeout or group that has no variable */
        weft_deadline deadline;
        weft_group group;
    } own;
} weft__with_scope;

typedef struct weft__for_scope {
    weft__scope scope;
    weft_frame *generator;
} weft__for_scope;

/* The outermost scope of a frame that has created something: what is held for it. */
typedef struct weft__held {
    void *object; /* a future or a generator's frame; NULL: let go of early */
    uint32_t id;  /* growing along the list */
    bool generator;
} weft__held;

typedef struct weft__hold_scope {
    weft__scope scope;
    weft__held *items;
    uint32_t count, room;
    uint32_t first; /* before it all are gone */
    uint32_t gone;  /* items that were let go of early */
} weft__hold_scope;

enum {
    MANAGER_USER,
    MANAGER_TIMEOUT,
    MANAGER_TIMEOUT_AT,
    MANAGER_GROUP,
    MANAGER_NEW_GROUP,
    MANAGER_SEMAPHORE,
    MANAGER_LOCK
};

/* The innermost open block; NULL if there is none. */
static inline weft__scope *weft__innermost_block(const weft_frame *frame) {
    weft__scope *scope = frame->a.scopes;
    return scope == NULL || scope->kind == SCOPE_HOLD ? NULL : scope;
}
static inline weft__with_scope *weft__as_with(weft__scope *scope) {
    return (weft__with_scope *)(void *)scope;
}
static inline weft__for_scope *weft__as_for(weft__scope *scope) {
    return (weft__for_scope *)(void *)scope;
}
static inline bool weft__is_group(const weft__scope *scope) {
    const weft__with_scope *with = (const weft__with_scope *)(const void *)scope;
    return scope->kind == SCOPE_WITH &&
           (with->manager.kind == MANAGER_GROUP || with->manager.kind == MANAGER_NEW_GROUP);
}

void weft__scope_clear(weft_loop *loop, weft__scope *scope); /* nothing is pending any more */
void weft__scope_fail(weft_loop *loop, weft__scope *scope, const weft_error *error); /* takes the error */
void weft__scope_pop(weft_loop *loop, weft_frame *frame);                            /* frees the innermost */
void weft__scopes_free(weft_loop *loop, weft_frame *frame); /* all of a frame, with what is held */
/* Frees blocks, innermost first, up to one that has a generator to be freed before them; NULL: all are. */
weft_frame *weft__scopes_free_to_generator(weft_loop *loop, weft_frame *frame);

/* travel.c: the loop's error, and what leaves blocks early */
void weft__set_error(weft_loop *loop, const weft_error *error, weft__traceback *traceback); /* takes both */
/* A failed or cancelled future's, on its way again. */
void weft__set_error_of(weft_loop *loop, weft_future *future);
extern const weft_error weft__raised_null;
/* The loop's error arrives in a frame; returns the frame. */
weft_frame *weft__throw(weft_frame *frame, weft_loop *loop);
void weft__throw_new(weft_frame *frame, weft_loop *loop, int code, const char *format, ...)
    WEFT__PRINTF(4, 5);
/* A new error, which it takes, in the frame's body at a line. */
void weft__raise_at(weft_frame *frame, weft_loop *loop, int line, const weft_error *error);
void weft__propagate(weft_frame *frame, weft_loop *loop);
/* The block goes to the state that follows when something leaves the part of it that runs. */
void weft__scope_leave_state(weft__scope *scope);
/* The innermost block has closed with something pending: it goes on outwards. */
void weft__travel_on(weft_frame *frame, weft_loop *loop);

#endif
