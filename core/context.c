/*
 * Context variables.
 *
 * A context points at a list of bindings that never changes while somebody else has it, too: copying a
 * context is one small object, and setting a variable makes a new list. There are few variables, so a list is
 * searched from its front.
 *
 * Nothing is done for them at a step. The current context is found when it is asked for: that of the callback
 * or function that runs in one (`loop->place`), else the running task's, else the loop's own.
 */

#include "internal.h"

typedef struct weft__binding {
    const weft_context_variable *variable;
    weft_value value;
    uint32_t references;
} weft__binding;

typedef struct weft__bindings {
    uint32_t references, count;
    weft__binding *items[];
} weft__bindings;

struct weft_context {
    weft__bindings *bindings; /* counted; NULL: none */
    uint32_t references;
    bool running; /* a function does, in weft_context_run */
    uint8_t loop; /* the loop's tag */
};

const weft_error weft_error_lookup = {.code = WEFT_LOOKUP,
                                      .message = "a context variable that has no value here"};

/* In a thread of weft_to_thread: the context of who started it, which only its loop's thread may change. */
static _Thread_local weft_context *in_thread;

/* --- Bindings --- */

static void release_binding(weft_loop *loop, weft__binding *binding) {
    if (binding == NULL || --binding->references > 0)
        return;
    weft_value_free(&binding->value);
    weft__delete(loop, binding, sizeof *binding);
}

static size_t size_of(uint32_t count) {
    return sizeof(weft__bindings) + count * sizeof(weft__binding *);
}

static void release_bindings(weft_loop *loop, weft__bindings *bindings) {
    if (bindings == NULL || --bindings->references > 0)
        return;
    for (uint32_t i = 0; i < bindings->count; i++)
        release_binding(loop, bindings->items[i]);
    weft__delete(loop, bindings, size_of(bindings->count));
}

/* Where the variable is bound; the count of bindings if it is not. */
static uint32_t index_of(const weft__bindings *bindings, const weft_context_variable *variable) {
    uint32_t count = bindings == NULL ? 0 : bindings->count, i = 0;
    while (i < count && bindings->items[i]->variable != variable)
        i++;
    return i;
}

/* A list with the binding, or without one for NULL, in that place. Nobody else has it. NULL without memory.
 */
static weft__bindings *changed(weft_loop *loop, const weft__bindings *from, uint32_t place,
                               weft__binding *binding) {
    uint32_t count = from == NULL ? 0 : from->count, kept = 0;
    uint32_t made_count = count + (place == count) - (binding == NULL);
    weft__bindings *made = weft__new(loop, size_of(made_count));
    if (made == NULL)
        return NULL;
    made->references = 1;
    made->count = made_count;
    for (uint32_t i = 0; i < count; i++)
        if (i != place) {
            from->items[i]->references++;
            made->items[kept++] = from->items[i];
        }
    if (binding != NULL)
        made->items[kept] = binding;
    return made;
}

/* Puts a binding, whose reference it takes, in place of the variable's; NULL takes that out. Gives the old
 * one back, counted, or NULL. False without memory, with nothing changed. */
static bool replace(weft_loop *loop, weft_context *context, const weft_context_variable *variable,
                    weft__binding *binding, weft__binding **old) {
    weft__bindings *bindings = context->bindings;
    uint32_t place = index_of(bindings, variable), count = bindings == NULL ? 0 : bindings->count;
    *old = place < count ? bindings->items[place] : NULL;
    if (*old == NULL && binding == NULL)
        return true;
    if (*old != NULL && binding != NULL && bindings->references == 1) {
        bindings->items[place] = binding;
        return true;
    }
    bool last = binding == NULL && count == 1;
    weft__bindings *made = last ? NULL : changed(loop, bindings, place, binding);
    if (made == NULL && !last)
        return false;
    if (*old != NULL)
        (*old)->references++;
    context->bindings = made;
    release_bindings(loop, bindings);
    return true;
}

/* --- Contexts --- */

static weft_context *context_new(weft_loop *loop, weft__bindings *bindings) {
    weft_context *context = weft__new(loop, sizeof *context);
    if (context == NULL)
        return NULL;
    *context = (weft_context){.bindings = bindings, .references = 1, .loop = loop->tag};
    if (bindings != NULL)
        bindings->references++;
    return context;
}

void weft__context_free(weft_loop *loop, weft_context *context) {
    if (context == NULL || --context->references > 0)
        return;
    release_bindings(loop, context->bindings);
    weft__delete(loop, context, sizeof *context);
}

/* The current context; NULL if there is none yet, which is as good as an empty one. */
static weft_context *current(const weft_loop *loop) {
    if (loop->place != NULL)
        return *loop->place;
    if (loop->current == NULL)
        return loop->context;
    return loop->current->future.extra == NULL ? NULL : loop->current->future.extra->context;
}

/* The current context, made if there is none yet; NULL without memory. */
static weft_context *make_current(weft_loop *loop) {
    weft__extra *extra = NULL;
    weft_context **place = loop->place;
    if (place == NULL && loop->current == NULL)
        place = &loop->context;
    else if (place == NULL && (extra = weft__extra_of(loop, &loop->current->future)) != NULL)
        place = &extra->context;
    if (place != NULL && *place == NULL)
        *place = context_new(loop, NULL);
    return place == NULL ? NULL : *place;
}

bool weft__context_again(weft_loop *loop, const weft_context *from, weft_context **copy) {
    *copy = from == NULL || from->bindings == NULL ? NULL : context_new(loop, from->bindings);
    return *copy != NULL || from == NULL || from->bindings == NULL;
}

bool weft__context_snapshot(weft_loop *loop, weft_context **copy) {
    return weft__context_again(loop, current(loop), copy);
}

bool weft__context_inherit(weft_loop *loop, weft_future *task) {
    weft_context *copy;
    if (!weft__context_snapshot(loop, &copy))
        return false;
    bool given = copy == NULL || weft__context_share(loop, task, copy);
    weft__context_free(loop, copy);
    return given;
}

bool weft__context_share(weft_loop *loop, weft_future *task, weft_context *context) {
    weft__extra *extra = weft__extra_of(loop, task);
    if (extra == NULL)
        return false;
    weft__context_free(loop, extra->context);
    extra->context = weft_context_retain(context);
    return true;
}

void weft__context_of_thread(weft_context *context) {
    in_thread = context;
}

weft_context *weft__context_in_thread(const weft_loop *loop) {
    return in_thread != NULL && in_thread->loop == loop->tag ? in_thread : NULL;
}

/* --- Variables --- */

weft_value weft_context_value(const weft_context *context, const weft_context_variable *variable) {
    const weft__bindings *bindings = context == NULL ? NULL : context->bindings;
    uint32_t place = index_of(bindings, variable);
    weft_value value =
        bindings == NULL || place == bindings->count ? variable->initial : bindings->items[place]->value;
    value.release = NULL;
    return value;
}

weft_value weft_context_get(const weft_context_variable *variable) {
    const weft_loop *loop = weft__current;
    return weft_context_value(loop == NULL ? in_thread : current(loop), variable);
}

static const weft_error no_loop = {.code = WEFT_RUNTIME,
                                   .message = "context variables are set where a loop runs"};

static const weft_error *refuse_value(weft_value *value, const weft_error *error) {
    weft_value_free(value);
    return error;
}

const weft_error *weft_context_set_value(const weft_context_variable *variable, weft_value value,
                                         weft_context_token *token) {
    weft_loop *loop = weft__current;
    if (value.kind == WEFT_FAILURE && value.as.error == &weft_error_out_of_memory)
        return &weft_error_out_of_memory; /* weft_format found none */
    if (loop == NULL)
        return refuse_value(&value, &no_loop);
    weft_context *context = make_current(loop);
    weft__binding *binding = context == NULL ? NULL : weft__new(loop, sizeof *binding), *old;
    if (binding == NULL)
        return refuse_value(&value, &weft_error_out_of_memory);
    *binding = (weft__binding){variable, value, 1};
    if (!replace(loop, context, variable, binding, &old)) {
        release_binding(loop, binding);
        return &weft_error_out_of_memory;
    }
    loop->has_variables = true;
    weft__watch_creation(loop);
    if (token != NULL)
        *token = (weft_context_token){variable, weft_context_retain(context), old};
    else
        release_binding(loop, old);
    return NULL;
}

const weft_error *weft_context_reset(weft_context_token *token) {
    static const weft_error used = {.code = WEFT_RUNTIME,
                                    .message = "the token of a context variable was used already"};
    static const weft_error elsewhere = {.code = WEFT_INVALID_ARGUMENT,
                                         .message =
                                             "the token of a context variable was made in another context"};
    weft_loop *loop = weft__current;
    weft__binding *replaced;
    if (token->context == NULL)
        return &used;
    if (loop == NULL || token->context != current(loop))
        return &elsewhere;
    if (!replace(loop, token->context, token->variable, token->old, &replaced))
        return &weft_error_out_of_memory;
    token->old = replaced;
    weft_context_token_free(token);
    return NULL;
}

void weft_context_token_free(weft_context_token *token) {
    weft_loop *loop = weft__current;
    if (loop != NULL && token->context != NULL) {
        release_binding(loop, token->old);
        weft__context_free(loop, token->context);
    }
    *token = (weft_context_token){NULL, NULL, NULL};
}

/* --- As objects --- */

weft_context *weft_context_copy(void) {
    weft_loop *loop = weft__current;
    const weft_context *from = loop == NULL ? NULL : current(loop);
    return loop == NULL ? NULL : context_new(loop, from == NULL ? NULL : from->bindings);
}

weft_context *weft_task_context(weft_task *task) {
    weft_loop *loop = weft__current;
    if (loop == NULL || task->future.handle.loop != loop->tag)
        return NULL;
    weft__extra *extra = weft__extra_of(loop, &task->future);
    if (extra != NULL && extra->context == NULL)
        extra->context = context_new(loop, NULL);
    return extra == NULL ? NULL : extra->context;
}

weft_context *weft_context_retain(weft_context *context) {
    if (context != NULL)
        context->references++;
    return context;
}

void weft_context_release(weft_context *context) {
    if (context != NULL && weft__current != NULL && context->loop == weft__current->tag)
        weft__context_free(weft__current, context);
}

/* Whether a function or the running task has it, even if another one is current now. */
static bool is_entered(const weft_loop *loop, const weft_context *context) {
    const weft__extra *extra = loop->current == NULL ? NULL : loop->current->future.extra;
    return context->running || context == current(loop) || (extra != NULL && extra->context == context);
}

const weft_error *weft_context_run(weft_context *context, void (*function)(void *argument), void *argument) {
    static const weft_error entered = {.code = WEFT_RUNTIME, .message = "the context is entered already"};
    weft_loop *loop = weft__current;
    if (context == NULL) /* weft_context_copy found none */
        return &weft_error_out_of_memory;
    if (loop == NULL || context->loop != loop->tag)
        return &no_loop;
    if (is_entered(loop, context))
        return &entered;
    context->running = true;
    weft_context_retain(context);
    weft_context *own = context, **outer = weft__context_enter(loop, &own);
    function(argument);
    weft__context_leave(loop, outer);
    context->running = false;
    weft__context_free(loop, context);
    return NULL;
}
