#ifndef WEFT_VALUE_H
#define WEFT_VALUE_H

/*
 * Values: what coroutines return, generators yield and futures carry. A value knows its kind, and whether it
 * owns the memory that it points to. Owned values move: whoever takes one frees it, with weft_value_free or,
 * for a string or pointer taken into a C variable, with the function it was made with (weft_free for
 * weft_format).
 */

#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

/* What a value is. */
typedef enum weft_kind {
    WEFT_NONE,
    WEFT_BOOL,
    WEFT_INT, /* of 64 bits */
    WEFT_DOUBLE,
    WEFT_STRING,
    WEFT_POINTER,
    WEFT_FAILURE /* an error in a value's place: an item of a gather with errors returned, or memory that ran
                    out */
} weft_kind;

/* One value, to be read by the functions below. Who has it frees it, unless it is borrowed. */
typedef struct weft_value {
    union {
        int64_t integer; /* of a boolean: 0 or 1 */
        double real;
        const char *string;
        void *pointer;
        const weft_error *error;
    } as;
    void (*release)(void *); /* frees what the value owns; NULL if it owns nothing */
    uint8_t kind;            /* a weft_kind */
} weft_value;

/* The values of a gather, in the order of its arguments. */
typedef struct weft_values {
    size_t count;
    weft_value items[1];
} weft_values;

/* Frees what the value owns, if anything, and makes it none. */
void weft_value_free(weft_value *value);

/*
 * A string formatted as by printf, in memory of the current loop, owned by the value. Without memory the
 * value is a failure: returning it from a coroutine raises out-of-memory.
 */
weft_value weft_format(const char *format, ...) WEFT__PRINTF(1, 2);

/* A value that owns `pointer` and frees it with `release`. A NULL pointer gives the failure out-of-memory. */
weft_value weft_owned_pointer(void *pointer, void (*release)(void *));
weft_value weft_owned_string(char *string, void (*release)(void *));

/* An error in a value's place: how a function that runs in a thread fails. The value owns the error. */
weft_value weft_failure(int code, const char *format, ...) WEFT__PRINTF(2, 3);

/* The value as text, as much as fits into `size` bytes with the closing zero. Returns the length of the
 * whole. */
size_t weft_value_print(weft_value value, char *buffer, size_t size);

/* "none", "int", … */
const char *weft_kind_name(weft_kind kind);

/* Reads of a value; one of another kind gives 0, false, 0.0 or NULL. Integers and booleans read as doubles,
 * too. */
bool weft_value_bool(weft_value value);
int64_t weft_value_int(weft_value value);
double weft_value_double(weft_value value);
const char *weft_value_string(weft_value value);
void *weft_value_pointer(weft_value value);
const weft_error *weft_value_error(weft_value value);

static inline weft_value weft__of_none(void) {
    weft_value value = {{0}, NULL, WEFT_NONE};
    return value;
}
static inline weft_value weft__of_bool(bool x) {
    weft_value value = {{0}, NULL, WEFT_BOOL};
    value.as.integer = x;
    return value;
}
static inline weft_value weft__of_int(int64_t x) {
    weft_value value = {{0}, NULL, WEFT_INT};
    value.as.integer = x;
    return value;
}
static inline weft_value weft__of_unsigned(uint64_t x) {
    return weft__of_int((int64_t)x);
}
static inline weft_value weft__of_double(double x) {
    weft_value value = {{0}, NULL, WEFT_DOUBLE};
    value.as.real = x;
    return value;
}
static inline weft_value weft__of_string(const char *x) {
    weft_value value = {{0}, NULL, WEFT_STRING};
    value.as.string = x;
    return value;
}
static inline weft_value weft__of_pointer(const void *x) {
    weft_value value = {{0}, NULL, WEFT_POINTER};
    union {
        const void *from;
        void *to;
    } cast = {x};
    value.as.pointer = cast.to;
    return value;
}
static inline weft_value weft__of_error(const weft_error *x) {
    weft_value value = {{0}, NULL, WEFT_FAILURE};
    value.as.error = x;
    return value;
}
static inline weft_value weft__of_value(weft_value x) {
    return x;
}

static inline bool weft__to_bool(weft_value value) {
    return value.as.integer != 0;
}
static inline int64_t weft__to_int(weft_value value) {
    return value.as.integer;
}
static inline double weft__to_double(weft_value value) {
    return value.kind == WEFT_DOUBLE ? value.as.real : (double)weft__to_int(value);
}
static inline void *weft__to_pointer(weft_value value) {
    return value.kind == WEFT_NONE ? NULL : value.as.pointer;
}
static inline weft_value weft__to_value(weft_value value) {
    return value;
}

WEFT_END_DECLARATIONS

#ifndef __cplusplus

/* Nothing, as a value. */
#define weft_none() weft__of_none()

/* Any number, boolean, string or pointer as a value that owns nothing. Structures and functions do not
 * compile. */
#define weft_value_of(x) \
    _Generic((x),                                                                                            \
        _Bool: weft__of_bool,                                                                                \
        char: weft__of_int,                                                                                  \
        signed char: weft__of_int,                                                                           \
        unsigned char: weft__of_int,                                                                         \
        short: weft__of_int,                                                                                 \
        unsigned short: weft__of_int,                                                                        \
        int: weft__of_int,                                                                                   \
        unsigned: weft__of_int,                                                                              \
        long: weft__of_int,                                                                                  \
        unsigned long: weft__of_unsigned,                                                                    \
        long long: weft__of_int,                                                                             \
        unsigned long long: weft__of_unsigned,                                                               \
        float: weft__of_double,                                                                              \
        double: weft__of_double,                                                                             \
        char *: weft__of_string,                                                                             \
        const char *: weft__of_string,                                                                       \
        const weft_error *: weft__of_error,                                                                  \
        weft_value: weft__of_value,                                                                          \
        default: weft__of_pointer)(x)

#endif
#endif
