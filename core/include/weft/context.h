#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

/*
 * Context variables: what a task's coroutines share without passing it on, as Python's contextvars.
 *
 *     static const weft_context_variable user = WEFT_CONTEXT_VARIABLE("user");
 *     …
 *     weft_context_set(&user, "ada");
 *     printf("%s\n", weft_value_string(weft_context_get(&user)));
 *
 * A task gets a copy of its creator's variables: what it sets then is its own. Callbacks run with the
 * variables of the moment in which they were asked for, generators with those of who iterates. A task that
 * never met a variable pays nothing for them.
 */

#include <weft/base.h>
#include <weft/error.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/* A variable is static or global: its address tells it apart. */
typedef struct weft_context_variable {
    const char *name;
    weft_value initial; /* what it is where nobody has set it: none by default */
} weft_context_variable;

/*
 * Its value in this context; where nobody has set it the initial one, which is the failure LookupError for
 * variables made without one. Borrowed until the variable is set or reset here. Also in the function of
 * weft_to_thread. var.get()
 */
weft_value weft_context_get(const weft_context_variable *variable);

/* What a set can be taken back with. All of it is internal; a zeroed one is empty. */
typedef struct weft_context_token {
    const weft_context_variable *variable;
    struct weft_context *context;
    struct weft__binding *old;
} weft_context_token;

/*
 * Sets the variable in this context, which owns the value from now on and frees it with the last context that
 * has it. With a token for weft_context_reset, or NULL. Returns NULL, or why it cannot, which frees the
 * value: no memory, or a thread without a loop. var.set(value)
 */
const weft_error *weft_context_set_value(const weft_context_variable *variable, weft_value value,
                                         weft_context_token *token);

/*
 * Makes the variable what it was before the set that filled the token, and empties that. Returns NULL;
 * RuntimeError if the token is empty; InvalidArgument in another context than that of the set, and
 * OutOfMemory, which leave it as it is. var.reset(token)
 */
const weft_error *weft_context_reset(weft_context_token *token);

/* Empties a token that will not be used, as in weft_drop. An empty one is allowed. */
void weft_context_token_free(weft_context_token *token);

/* --- Contexts as objects --- */

/* A set of variables with their values, for weft_context_run and for tasks that share it. Counted. */
typedef struct weft_context weft_context;

/* A copy of the current one, which the caller holds; NULL without memory. contextvars.copy_context() */
weft_context *weft_context_copy(void);

/* The context of a task, to share or to look into; borrowed. NULL without memory. task.get_context() */
weft_context *weft_task_context(weft_task *task);

/* Keep and let go of one. They belong to their loop's thread. NULL is allowed. */
weft_context *weft_context_retain(weft_context *context);
void weft_context_release(weft_context *context);

/*
 * Calls a function in the context: what it sets stays there. Returns NULL, or RuntimeError if the context is
 * the current one already or is being run, or OutOfMemory for NULL, which a failed weft_context_copy gives.
 * context.run(f)
 */
const weft_error *weft_context_run(weft_context *context, void (*function)(void *argument), void *argument);

/* A variable's value in a context that need not be the current one; borrowed. context.get(var) */
weft_value weft_context_value(const weft_context *context, const weft_context_variable *variable);

WEFT_END_DECLARATIONS

#ifndef __cplusplus

/* static const weft_context_variable user = WEFT_CONTEXT_VARIABLE("user"): without an initial value. */
#define WEFT_CONTEXT_VARIABLE(name)                           \
    {                                                         \
        (name), {                                             \
            {.error = &weft_error_lookup}, NULL, WEFT_FAILURE \
        }                                                     \
    }

/* The same, with an initial value: a constant of this type. */
#define WEFT_CONTEXT_VARIABLE_BOOL(name, x)   \
    {                                         \
        (name), {                             \
            {.integer = (x)}, NULL, WEFT_BOOL \
        }                                     \
    }
#define WEFT_CONTEXT_VARIABLE_INT(name, x)   \
    {                                        \
        (name), {                            \
            {.integer = (x)}, NULL, WEFT_INT \
        }                                    \
    }
#define WEFT_CONTEXT_VARIABLE_DOUBLE(name, x) \
    {                                         \
        (name), {                             \
            {.real = (x)}, NULL, WEFT_DOUBLE  \
        }                                     \
    }
#define WEFT_CONTEXT_VARIABLE_STRING(name, x)  \
    {                                          \
        (name), {                              \
            {.string = (x)}, NULL, WEFT_STRING \
        }                                      \
    }
#define WEFT_CONTEXT_VARIABLE_POINTER(name, x)   \
    {                                            \
        (name), {                                \
            {.pointer = (x)}, NULL, WEFT_POINTER \
        }                                        \
    }

/*
 * Sets the variable to any number, boolean, string or pointer, in this context; with a token to take it back
 * with. Returns what weft_context_set_value does. var.set(value)
 */
#define weft_context_set(variable, x) weft_context_set_value((variable), weft_value_of(x), NULL)
#define weft_context_set_token(variable, x, token) \
    weft_context_set_value((variable), weft_value_of(x), (token))

#endif
#endif
