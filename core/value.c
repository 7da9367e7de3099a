#include "internal.h"
#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void weft_value_free(weft_value *value) {
    if (value->release != NULL)
        value->release(value->as.pointer);
    *value = weft__of_none();
}

/* --- Values that own what they point to --- */

static weft_value out_of_memory(void) {
    return weft__of_error(&weft_error_out_of_memory);
}

weft_value weft_owned_pointer(void *pointer, void (*release)(void *)) {
    if (pointer == NULL)
        return out_of_memory();
    weft_value value = weft__of_pointer(pointer);
    value.release = release;
    return value;
}

weft_value weft_owned_string(char *string, void (*release)(void *)) {
    weft_value value = weft_owned_pointer(string, release);
    if (value.kind == WEFT_POINTER) {
        value.as.string = string;
        value.kind = WEFT_STRING;
    }
    return value;
}

weft_value weft__format_list(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    char *string = weft_allocate(size);
    if (string != NULL) {
        string[0] = '\0';
        vsnprintf(string, size, format, again);
    }
    va_end(again);
    /* A thread has no loop, so this is malloc's; weft_free, called on the loop, could be another allocator's.
     */
    return weft_owned_string(string, weft__current != NULL ? weft_free : free);
}

weft_value weft_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_value value = weft__format_list(format, arguments);
    va_end(arguments);
    return value;
}

/* --- As text --- */

const char *weft_kind_name(weft_kind kind) {
    static const char *const names[] = {
        [WEFT_NONE] = "none",      [WEFT_BOOL] = "bool",     [WEFT_INT] = "int",
        [WEFT_DOUBLE] = "double",  [WEFT_STRING] = "string", [WEFT_POINTER] = "pointer",
        [WEFT_FAILURE] = "failure"};
    return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

/* The shortest text that reads back as the same number, with a point so that it does not look like an
 * integer. */
static void print_double(weft__text *text, double x) {
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, x);
        if (strtod(digits, NULL) == x)
            break;
    }
    weft__text_add(text, isfinite(x) && strpbrk(digits, ".,e") == NULL ? "%s.0" : "%s", digits);
}

static void print_error(weft__text *text, const weft_error *error) {
    if (error == NULL)
        weft__text_add(text, "NULL");
    else
        weft__text_add(text, error->message[0] != '\0' ? "%s: %s" : "%s", weft_error_name(error->code),
                       error->message);
}

static void print_value(weft__text *text, weft_value value) {
    switch (value.kind) {
    case WEFT_BOOL:
        weft__text_add(text, "%s", value.as.integer != 0 ? "true" : "false");
        break;
    case WEFT_INT:
        weft__text_add(text, "%" PRId64, value.as.integer);
        break;
    case WEFT_DOUBLE:
        print_double(text, value.as.real);
        break;
    case WEFT_STRING:
        weft__text_add(text, "%s", value.as.string != NULL ? value.as.string : "NULL");
        break;
    case WEFT_POINTER:
        if (value.as.pointer != NULL)
            weft__text_add(text, "0x%" PRIxPTR, (uintptr_t)value.as.pointer);
        else
            weft__text_add(text, "NULL");
        break;
    case WEFT_FAILURE:
        print_error(text, value.as.error);
        break;
    default:
        weft__text_add(text, "none");
    }
}

size_t weft_value_print(weft_value value, char *buffer, size_t size) {
    weft__text text = weft__text_in(buffer, size);
    print_value(&text, value);
    return text.length;
}

/* --- Reads --- */

bool weft_value_bool(weft_value value) {
    return value.kind == WEFT_BOOL && value.as.integer != 0;
}

int64_t weft_value_int(weft_value value) {
    return value.kind == WEFT_INT ? value.as.integer : 0;
}

double weft_value_double(weft_value value) {
    switch (value.kind) {
    case WEFT_DOUBLE:
        return value.as.real;
    case WEFT_INT:
        return (double)value.as.integer;
    case WEFT_BOOL:
        return value.as.integer != 0;
    default:
        return 0.0;
    }
}

const char *weft_value_string(weft_value value) {
    return value.kind == WEFT_STRING ? value.as.string : NULL;
}

void *weft_value_pointer(weft_value value) {
    return value.kind == WEFT_POINTER ? value.as.pointer : NULL;
}

const weft_error *weft_value_error(weft_value value) {
    return value.kind == WEFT_FAILURE ? value.as.error : NULL;
}

weft_value weft__string_value(const char *text, size_t length) {
    char *copy = weft_allocate(length + 1);
    if (copy == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return weft_owned_string(copy, weft_free);
}

/* A value that stays good when the loop of its memory is closed. */
weft_value weft__value_detach(weft_value value) {
    if (value.kind != WEFT_STRING || value.release != weft_free)
        return value;
    size_t size = strlen(value.as.string) + 1;
    char *copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, value.as.string, size);
    weft_value_free(&value);
    return weft_owned_string(copy, free);
}
