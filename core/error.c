/*
 * Errors. Each is one block of memory: the structure, its children, its message. Chains of causes and groups
 * within groups may be of any depth, so nothing here recurses: walks and releases thread their lists through
 * the blocks themselves.
 */

#include "internal.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct block block;
struct block {
    weft_error error;
    void (*release)(void *context, void *pointer); /* of the allocator that gave the memory */
    void *context;
    block *next;  /* in the list of a walk or a release; NULL: in none */
    block *above; /* in a walk: whose child or cause it was reached as */
    size_t taken; /* in a walk: children gone into, and one more for the cause */
    const weft_error *children[];
};

#define STATIC_ERROR(number) \
    { .code = (number), .message = "" }
const weft_error weft_error_cancelled = STATIC_ERROR(WEFT_CANCELLED);
const weft_error weft_error_timed_out = STATIC_ERROR(WEFT_TIMED_OUT);
const weft_error weft_error_out_of_memory = STATIC_ERROR(WEFT_OUT_OF_MEMORY);

/* The block of an error; NULL for a static one, which is never followed nor written. */
static block *block_of(const weft_error *error) {
    union {
        const weft_error *from;
        block *to;
    } cast = {error};
    return error == NULL || error->references == 0 ? NULL : cast.to;
}

/* --- Making --- */

/* In a thread without a loop the memory is malloc's, and the block knows it. */
static block *new_block(weft_loop *loop, size_t children, size_t message_length) {
    size_t head = offsetof(block, children);
    if (children > (SIZE_MAX - head - message_length - 1) / sizeof(weft_error *))
        return NULL;
    size_t size = head + children * sizeof(weft_error *) + message_length + 1;
    block *made = loop != NULL ? loop->allocator.allocate(loop->allocator.context, size) : malloc(size);
    if (made == NULL)
        return NULL;
    *made = (block){.error = {.references = 1, .child_count = children}};
    if (loop != NULL) {
        made->release = loop->allocator.release;
        made->context = loop->allocator.context;
    }
    made->error.children = children > 0 ? made->children : NULL;
    made->error.message = (char *)&made->children[children];
    return made;
}

static char *message_of(block *made) {
    return (char *)&made->children[made->error.child_count];
}

static const weft_error *new_error(const weft_error *cause, int code, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = format != NULL ? vsnprintf(NULL, 0, format, arguments) : 0;
    if (length < 0)
        length = 0;
    block *made = new_block(weft__current, 0, (size_t)length);
    if (made != NULL) {
        made->error.code = code;
        made->error.cause = weft_error_retain(cause);
        message_of(made)[0] = '\0';
        if (length > 0)
            vsnprintf(message_of(made), (size_t)length + 1, format, again);
    }
    va_end(again);
    return made != NULL ? &made->error : &weft_error_out_of_memory;
}

const weft_error *weft_error_new(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = new_error(NULL, code, format, arguments);
    va_end(arguments);
    return error;
}

const weft_error *weft_error_from(const weft_error *cause, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = new_error(cause, code, format, arguments);
    va_end(arguments);
    return error;
}

const weft_error *weft__error_at(const char *function, const char *file, int line, const weft_error *cause,
                                 int code, const char *message) {
    block *made = block_of(weft_error_from(cause, code, "%s", message));
    if (made == NULL)
        return &weft_error_out_of_memory;
    made->error.function = function;
    made->error.file = file;
    made->error.line = line;
    return &made->error;
}

const weft_error *weft_error_group(const char *message, const weft_error *const *children, size_t count) {
    size_t length = message != NULL ? strlen(message) : 0;
    block *made = new_block(weft__current, count, length);
    if (made == NULL)
        return &weft_error_out_of_memory;
    made->error.code = WEFT_GROUP;
    for (size_t i = 0; i < count; i++)
        made->children[i] = weft_error_retain(children[i]);
    if (length > 0)
        memcpy(message_of(made), message, length);
    message_of(made)[length] = '\0';
    return &made->error;
}

static const weft_error *named_error(int code, const char *name, const char *format, va_list arguments) {
    block *made = block_of(new_error(NULL, code, format, arguments));
    if (made == NULL)
        return &weft_error_out_of_memory;
    made->error.system = name;
    return &made->error;
}

const weft_error *weft__error_of_system(const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = named_error(WEFT_SYSTEM, name, format, arguments);
    va_end(arguments);
    return error;
}

const weft_error *weft__error_named(int code, const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = named_error(code, name, format, arguments);
    va_end(arguments);
    return error;
}

static void release_failure(void *pointer) {
    weft_error_release(pointer);
}

weft_value weft__owned_failure(const weft_error *error) {
    weft_value value = weft__of_error(error);
    value.release = release_failure;
    return value;
}

weft_value weft_failure(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_value value = weft__owned_failure(new_error(NULL, code, format, arguments));
    va_end(arguments);
    return value;
}

/* --- Counting --- */

const weft_error *weft_error_retain(const weft_error *error) {
    block *held = block_of(error);
    if (held != NULL)
        held->error.references++;
    return error;
}

/* Takes one reference away; if it was the last, puts the block on the list of those to free. */
static void let_go(const weft_error *error, block **list) {
    block *held = block_of(error);
    if (held == NULL || --held->error.references > 0)
        return;
    held->next = *list;
    *list = held;
}

void weft_error_release(const weft_error *error) {
    block *list = NULL;
    let_go(error, &list);
    while (list != NULL) {
        block *gone = list;
        list = gone->next;
        let_go(gone->error.cause, &list);
        for (size_t i = 0; i < gone->error.child_count; i++)
            let_go(gone->children[i], &list);
        if (gone->release != NULL)
            gone->release(gone->context, gone);
        else
            free(gone);
    }
}

/* --- Walking --- */

/* The blocks that a walk has met, first to last; the last one's `next` is itself, so that none of theirs is
 * NULL. */
typedef struct visited {
    block *first, *last;
} visited;

/* False if it was met before, or is static. */
static bool meet(visited *list, const weft_error *error) {
    block *met = block_of(error);
    if (met == NULL || met->next != NULL)
        return false;
    if (list->last != NULL)
        list->last->next = met;
    else
        list->first = met;
    list->last = met;
    met->next = met;
    return true;
}

static block *following(const block *met) {
    return met->next == met ? NULL : met->next;
}

static void forget(visited *list) {
    for (block *met = list->first, *next; met != NULL; met = next) {
        next = following(met);
        met->next = NULL;
    }
}

/* --- Copying --- */

/* Without its cause and children. Nothing refers to it yet. */
static block *copy_block(const block *from) {
    size_t length = strlen(from->error.message);
    block *copy = new_block(NULL, from->error.child_count, length);
    if (copy == NULL)
        return NULL;
    copy->error.code = from->error.code;
    copy->error.system = from->error.system;
    copy->error.function = from->error.function;
    copy->error.file = from->error.file;
    copy->error.line = from->error.line;
    copy->error.references = 0;
    memcpy(message_of(copy), from->error.message, length + 1);
    return copy;
}

/* The copy of an error that was met; a static error is its own. */
static const weft_error *copy_of(const weft_error *error) {
    block *from = block_of(error);
    if (from == NULL)
        return error;
    from->above->error.references++;
    return &from->above->error;
}

static void free_copies(visited *list) {
    for (block *met = list->first; met != NULL; met = following(met))
        free(met->above);
}

const weft_error *weft__error_copy(const weft_error *error) {
    bool whole = true;
    visited list = {NULL, NULL};
    meet(&list, error);
    for (block *from = list.first; from != NULL; from = following(from)) {
        whole &= (from->above = copy_block(from)) != NULL;
        meet(&list, from->error.cause);
        for (size_t i = 0; i < from->error.child_count; i++)
            meet(&list, from->children[i]);
    }
    for (block *from = list.first; whole && from != NULL; from = following(from)) {
        from->above->error.cause = copy_of(from->error.cause);
        for (size_t i = 0; i < from->error.child_count; i++)
            from->above->children[i] = copy_of(from->children[i]);
    }
    if (!whole)
        free_copies(&list);
    const weft_error *copy = whole ? copy_of(error) : &weft_error_out_of_memory;
    forget(&list);
    return copy;
}

bool weft_error_has(const weft_error *error, int code) {
    if (error == NULL || error->code == code)
        return error != NULL;
    bool found = false;
    visited list = {NULL, NULL};
    meet(&list, error);
    for (block *group = list.first; group != NULL && !found; group = following(group))
        for (size_t i = 0; i < group->error.child_count && !found; i++) {
            const weft_error *child = group->children[i];
            found = child != NULL && child->code == code;
            meet(&list, child);
        }
    forget(&list);
    return found;
}

/* --- As text --- */

enum { DEEPEST_INDENT = 32 };

static void print_line(weft__text *text, const weft_error *error, size_t depth, const char *how) {
    int indent = 2 * (int)(depth < DEEPEST_INDENT ? depth : DEEPEST_INDENT);
    const char *between = error->message[0] != '\0' ? ": " : "";
    weft__text_add(text, "%*s%s%s%s%s\n", indent, "", how, weft_error_name(error->code), between,
                   error->message);
}

/* What an error leads to next: its children in order, then its cause; NULL at the end. */
static const weft_error *next_below(block *from) {
    while (from->taken < from->error.child_count) {
        const weft_error *child = from->children[from->taken++];
        if (child != NULL)
            return child;
    }
    return from->taken++ == from->error.child_count ? from->error.cause : NULL;
}

static bool at_cause(const block *from) {
    return from->taken > from->error.child_count;
}

/* Children stand below their group, indented; a cause below all of that, not indented, so that chains stay
 * readable. */
size_t weft_error_print(const weft_error *error, char *buffer, size_t size) {
    weft__text text = weft__text_in(buffer, size);
    if (error == NULL)
        return 0;
    size_t depth = 0;
    visited list = {NULL, NULL};
    print_line(&text, error, depth, "");
    block *at = meet(&list, error) ? block_of(error) : NULL;
    if (at != NULL) {
        at->above = NULL;
        at->taken = 0;
    }
    while (at != NULL) {
        const weft_error *below = next_below(at);
        if (below == NULL) {
            at = at->above;
            if (at != NULL && !at_cause(at))
                depth--;
            continue;
        }
        print_line(&text, below, depth + !at_cause(at), at_cause(at) ? "caused by " : "");
        if (meet(&list, below)) { /* what was printed before is not gone into again */
            depth += !at_cause(at);
            block *entered = block_of(below);
            entered->above = at;
            entered->taken = 0;
            at = entered;
        }
    }
    forget(&list);
    return text.length;
}

/* --- Names --- */

enum { NAMES = 256 /* a power of two */ };

/* Any thread may register or look up a name: a code is claimed first, then named. */
static struct {
    _Atomic int code;
    _Atomic(const char *) name;
} registered[NAMES];

bool weft_error_register(int code, const char *name) {
    if (code < WEFT_USER || name == NULL)
        return false;
    for (unsigned i = 0; i < NAMES; i++) {
        unsigned slot = ((unsigned)code + i) % NAMES;
        int owner = 0;
        if (atomic_compare_exchange_strong(&registered[slot].code, &owner, code) || owner == code) {
            atomic_store(&registered[slot].name, name);
            return true;
        }
    }
    return false;
}

static const char *registered_name(int code) {
    for (unsigned i = 0; i < NAMES; i++) {
        unsigned slot = ((unsigned)code + i) % NAMES;
        int owner = atomic_load(&registered[slot].code);
        if (owner == code)
            return atomic_load(&registered[slot].name);
        if (owner == 0)
            return NULL;
    }
    return NULL;
}

const char *weft_error_name(int code) {
    switch (code) {
#define X(name, number, text) \
    case number:              \
        return text;
        WEFT_ERRORS(X)
#undef X
    default:
        break;
    }
    const char *name = code >= WEFT_USER ? registered_name(code) : NULL;
    if (name != NULL)
        return name;
    /* A few names live at a time, so that two of them can be printed together. */
    static _Thread_local char unnamed[4][24];
    static _Thread_local unsigned turn;
    char *text = unnamed[turn++ % 4];
    snprintf(text, sizeof unnamed[0], "Error %d", code);
    return text;
}
