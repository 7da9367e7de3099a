/*
 * Stops a program of the playground where its behaviour is undefined, with words and the line.
 *
 * Programs are compiled there with clang's -fsanitize: before what may be undefined it checks, and calls the
 * function below that is named after the check. Each gets static data that clang has laid out, which begins
 * with the place in the source, and the values that were about to be used.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* --- What clang passes --- */

struct place {
    const char *file;
    uint32_t line, column;
};

struct type {
    uint16_t kind;
    uint16_t
        info; /* of an integer: signed in the lowest bit, above it log2 of the bits; of a float: its bits */
    char name[]; /* in quotes */
};

enum { INTEGER, FLOAT };

/* A value of up to 32 bits; of a wider one, its address. */
typedef uintptr_t operand;

struct one_type {
    struct place place;
    const struct type *type;
};

struct two_types {
    struct place place;
    const struct type *first, *second;
};

struct access {
    struct place place;
    const struct type *type;
    uint8_t log_alignment;
    uint8_t kind; /* an index of `accesses` */
};

struct argument {
    struct place place, attribute;
    int32_t index; /* from 1 */
};

struct builtin {
    struct place place;
    uint8_t kind; /* 0: __builtin_ctz, 1: __builtin_clz, 2: __builtin_assume */
};

/* --- Stopping --- */

static char message[512];

/* What the program was stopped for; empty if it was not. */
__attribute__((export_name("weft_undefined"))) const char *weft_undefined(void);
const char *weft_undefined(void) {
    return message;
}

__attribute__((noreturn, format(printf, 2, 3))) static void stop(struct place place, const char *format,
                                                                 ...) {
    static const char prefix[] = "undefined behaviour: ";
    char what[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(message, sizeof message, "%s at %s:%" PRIu32 ":%" PRIu32, what, place.file, place.line,
             place.column);
    fflush(stdout); /* what was printed before comes before */
    fprintf(stderr, "%s%s\n", prefix, message);
    fflush(stderr);
    __builtin_trap();
}

/* --- Values in words --- */

struct text {
    char characters[48];
};

static int bits_of(const struct type *type) {
    return type->kind == INTEGER ? 1 << (type->info >> 1) : type->info;
}

static bool is_signed(const struct type *type) {
    return type->kind == INTEGER && (type->info & 1) != 0;
}

static int64_t signed_of(const struct type *type, operand value) {
    if (bits_of(type) > 32)
        return *(const int64_t *)value;
    int unused = 32 - bits_of(type);
    return (int32_t)((uint32_t)value << unused) >> unused;
}

static uint64_t unsigned_of(const struct type *type, operand value) {
    if (bits_of(type) > 32)
        return *(const uint64_t *)value;
    return (uint32_t)value & UINT32_MAX >> (32 - bits_of(type));
}

static double float_of(const struct type *type, operand value) {
    union {
        uintptr_t bits;
        float number;
    } narrow = {.bits = value};
    if (bits_of(type) == 32)
        return narrow.number;
    return bits_of(type) == 64 ? *(const double *)value : (double)*(const long double *)value;
}

static struct text text_of(const struct type *type, operand value) {
    struct text result = {"?"};
    const size_t size = sizeof result.characters;
    if (type->kind == FLOAT)
        snprintf(result.characters, size, "%.17g", float_of(type, value));
    else if (type->kind != INTEGER || bits_of(type) > 64)
        return result;
    else if (is_signed(type))
        snprintf(result.characters, size, "%" PRId64, signed_of(type, value));
    else
        snprintf(result.characters, size, "%" PRIu64, unsigned_of(type, value));
    return result;
}

#define TEXT(type, value) (text_of((type), (value)).characters)

/* --- The checks --- */

/* The names and parameters are clang's. */
#define HANDLER(name, ...)                                                   \
    __attribute__((noreturn, used)) void __ubsan_handle_##name(__VA_ARGS__); \
    void __ubsan_handle_##name(__VA_ARGS__)

static _Noreturn void overflow(const struct one_type *data, const char *operator, operand left,
                               operand right) {
    stop(data->place, "signed integer overflow: %s %s %s does not fit %s", TEXT(data->type, left), operator,
         TEXT(data->type, right), data->type->name);
}

HANDLER(add_overflow_abort, const struct one_type *data, operand left, operand right) {
    overflow(data, "+", left, right);
}
HANDLER(sub_overflow_abort, const struct one_type *data, operand left, operand right) {
    overflow(data, "-", left, right);
}
HANDLER(mul_overflow_abort, const struct one_type *data, operand left, operand right) {
    overflow(data, "*", left, right);
}
HANDLER(negate_overflow_abort, const struct one_type *data, operand number) {
    stop(data->place, "signed integer overflow: -(%s) does not fit %s", TEXT(data->type, number),
         data->type->name);
}
HANDLER(divrem_overflow_abort, const struct one_type *data, operand left, operand right) {
    if (unsigned_of(data->type, right) == 0)
        stop(data->place, "division of %s by zero", TEXT(data->type, left));
    overflow(data, "/", left, right);
}

HANDLER(shift_out_of_bounds_abort, const struct two_types *data, operand left, operand right) {
    const char *type = data->first->name;
    bool negative = is_signed(data->second) && signed_of(data->second, right) < 0;
    if (negative || unsigned_of(data->second, right) >= (uint64_t)bits_of(data->first))
        stop(data->place, "shift of %s, which has %d bits, by %s", type, bits_of(data->first),
             TEXT(data->second, right));
    stop(data->place, "shift of %s to the left by %s does not fit %s", TEXT(data->first, left),
         TEXT(data->second, right), type);
}

HANDLER(out_of_bounds_abort, const struct two_types *data, operand index) {
    stop(data->place, "index %s is outside of the array %s", TEXT(data->second, index), data->first->name);
}
HANDLER(local_out_of_bounds_abort, const struct place *data) {
    stop(*data, "access outside of the object");
}

HANDLER(type_mismatch_v1_abort, const struct access *data, uintptr_t pointer) {
    static const char *const accesses[] = {
        "load of",     "store to",    "reference to", "member of",       "call of",       "construction of",
        "downcast to", "downcast to", "upcast to",    "virtual call of", "non-null type", "dynamic type of"};
    const char *what = data->kind < sizeof accesses / sizeof *accesses ? accesses[data->kind] : "access to";
    uintptr_t alignment = (uintptr_t)1 << data->log_alignment;
    if (pointer == 0)
        stop(data->place, "null pointer: %s %s", what, data->type->name);
    if (pointer % alignment != 0)
        stop(data->place, "misaligned pointer: %s %s at %#" PRIxPTR ", which is no multiple of %" PRIuPTR,
             what, data->type->name, pointer, alignment);
    stop(data->place, "object too small: %s %s at %#" PRIxPTR, what, data->type->name, pointer);
}

HANDLER(pointer_overflow_abort, const struct place *data, uintptr_t base, uintptr_t result) {
    stop(*data, "pointer arithmetic from %#" PRIxPTR " to %#" PRIxPTR, base, result);
}

HANDLER(float_cast_overflow_abort, const struct two_types *data, operand from) {
    stop(data->place, "%s does not fit %s", TEXT(data->first, from), data->second->name);
}

HANDLER(load_invalid_value_abort, const struct one_type *data, operand loaded) {
    stop(data->place, "%s is no value of type %s", TEXT(data->type, loaded), data->type->name);
}

HANDLER(vla_bound_not_positive_abort, const struct one_type *data, operand bound) {
    stop(data->place, "array of %s elements", TEXT(data->type, bound));
}

HANDLER(invalid_builtin_abort, const struct builtin *data) {
    static const char *const builtins[] = {"__builtin_ctz of 0", "__builtin_clz of 0",
                                           "a false __builtin_assume"};
    stop(data->place, "%s", data->kind < 3 ? builtins[data->kind] : "a builtin function's argument");
}

HANDLER(alignment_assumption_abort, const struct one_type *data, uintptr_t pointer, uintptr_t alignment,
        uintptr_t offset) {
    stop(data->place, "%#" PRIxPTR " is not aligned to %" PRIuPTR " as was promised", pointer - offset,
         alignment);
}

HANDLER(nonnull_arg_abort, const struct argument *data) {
    stop(data->place, "null pointer as argument %" PRId32 ", which must not be null", data->index);
}
HANDLER(nonnull_return_v1_abort, const struct place *attribute, const struct place *at) {
    (void)attribute;
    stop(*at, "null pointer returned, which must not be null");
}

HANDLER(builtin_unreachable, const struct place *data) {
    stop(*data, "a place was reached that was said to be unreachable");
}
HANDLER(missing_return, const struct place *data) {
    stop(*data, "the end of a function was reached that returns a value");
}
