#ifndef WEFT_PARAM_H
#define WEFT_PARAM_H

/* Parameters: variables of a program whose values can be chosen when it is started. */

#include <weft/base.h>

#ifndef __cplusplus /* as all of a body */

/*
 * Defines a variable of this file, an int, a double or a bool, with its value, and the least and most that it
 * may be, all constants:
 *
 *     WEFT_PARAM(int, permits, 3, 1, 10);
 *     WEFT_PARAM(double, delay, 0.5, 0.1, 3); // Delay of each fetch, s
 *     WEFT_PARAM(bool, fair, true, false, true);
 *
 * `./weft run FILE.c --param permits=5`, or the environment variable WEFT_PARAM_permits, chooses another
 * value, which it has before main begins. What is no such value is an error of weft_main, weft_run and every
 * runner; so is a name given to --param that no parameter has. JavaScript lists a module's parameters and
 * gives them values: `parameters` of loadWeft. In the playground each is a slider, with the comment that
 * begins on its line as its label; one word behind the comment's last comma is the unit.
 *
 * No two parameters of a program may have one name. With compilers that have no __attribute__ the values are
 * the source's.
 */
#define WEFT_PARAM(type, name, value, least, most)     \
    static type name = (value);                        \
    WEFT__PARAM_CHECK(type, name, value, least, most); \
    WEFT__PARAM_DESCRIBE(type, name, value, least, most)

#endif

WEFT_BEGIN_DECLARATIONS

/* --- Internal: what the macro above expands to. --- */

typedef enum weft__param_type { WEFT__PARAM_BOOL, WEFT__PARAM_INT, WEFT__PARAM_DOUBLE } weft__param_type;

typedef struct weft__param {
    const char *name;
    const char *setting; /* its environment variable */
    void *variable;
    weft__param_type type;
    int in_range; /* 1 */
    double least, most;
    struct weft__param *next; /* in the list of all */
} weft__param;

/* Before main: gives it the value that the environment asks for. */
void weft__param_add(weft__param *param);

double weft__param_value(const weft__param *param);
void weft__param_set(const weft__param *param, double value); /* which it may have */

WEFT_END_DECLARATIONS

#ifndef __cplusplus

#define WEFT__PARAM_CHECK(type, name, value, least, most)                                    \
    _Static_assert(_Generic((type)0, _Bool : 1, int : 1, double : 1, default : 0),           \
                   "the parameter " #name " must be an int, a double or a bool");            \
    _Static_assert(_Generic((type)0, double : 1, default                                     \
                            : WEFT__PARAM_INTS(value, least, most)),                         \
                   "the value, least and most of the parameter " #name " must be integers"); \
    _Static_assert(_Generic((value) + (least) + (most), int                                  \
                            : (least) <= (value) && (value) <= (most), default : 1),         \
                   "the value of the parameter " #name " must be between its least and its most")
#define WEFT__PARAM_INTS(value, least, most) _Generic((value) + (least) + (most), int : 1, default : 0)

#if defined(__GNUC__)
#if defined(__wasm__)
#define WEFT__PARAM_EXPORT(name) __attribute__((used, export_name("weft_param_" #name)))
#else
#define WEFT__PARAM_EXPORT(name)
#endif

#define WEFT__PARAM_TYPE(type) \
    _Generic((type)0, _Bool : WEFT__PARAM_BOOL, int : WEFT__PARAM_INT, default : WEFT__PARAM_DOUBLE)

/* A double out of range, which no static assertion may compare, divides by zero, which is no constant. */
#define WEFT__PARAM_DESCRIBE(type, name, value, least, most)                                \
    static weft__param weft__param_##name = {#name,                                         \
                                             "WEFT_PARAM_" #name,                           \
                                             &name,                                         \
                                             WEFT__PARAM_TYPE(type),                        \
                                             1 / ((least) <= (value) && (value) <= (most)), \
                                             (least),                                       \
                                             (most),                                        \
                                             NULL};                                         \
    weft__param *weft_param_##name(void);                                                   \
    WEFT__PARAM_EXPORT(name) weft__param *weft_param_##name(void) {                         \
        return &weft__param_##name;                                                         \
    }                                                                                       \
    __attribute__((constructor)) static void weft__add_##name(void) {                       \
        weft__param_add(&weft__param_##name);                                               \
    }                                                                                       \
    _Static_assert(1, "")
#else
#define WEFT__PARAM_DESCRIBE(type, name, value, least, most) _Static_assert(1, "")
#endif

#endif
#endif
