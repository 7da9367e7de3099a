/* Reads and writes of C's structures for JavaScript, which knows none of their layouts. */

#include "bridge.h"

#include <stdlib.h>
#include <weft/coroutine.h>
#include <weft/error.h>
#include <weft/param.h>
#include <weft/value.h>

/* --- Memory --- */

WEFT__CALLABLE(weft_wasm_allocate) void *weft_wasm_allocate(size_t size) {
    return malloc(size);
}
WEFT__CALLABLE(weft_wasm_free) void weft_wasm_free(void *pointer) {
    free(pointer);
}

/* --- Coroutines that were exported, and their fields --- */

static const weft_field *field(const weft_type *type, size_t i) {
    return &type->fields->list[i];
}
WEFT__CALLABLE(weft_wasm_field_count) size_t weft_wasm_field_count(const weft_type *type) {
    size_t count = 0;
    if (type->fields->list != NULL)
        while (field(type, count)->name != NULL)
            count++;
    return count;
}
WEFT__CALLABLE(weft_wasm_field_name) const char *weft_wasm_field_name(const weft_type *type, size_t i) {
    return field(type, i)->name;
}
WEFT__CALLABLE(weft_wasm_field_type) uint32_t weft_wasm_field_type(const weft_type *type, size_t i) {
    return field(type, i)->type;
}
WEFT__CALLABLE(weft_wasm_field_offset) uint32_t weft_wasm_field_offset(const weft_type *type, size_t i) {
    return field(type, i)->offset;
}
WEFT__CALLABLE(weft_wasm_field_size) uint32_t weft_wasm_field_size(const weft_type *type, size_t i) {
    return field(type, i)->size;
}

/* --- Parameters --- */

WEFT__CALLABLE(weft_wasm_param_name) const char *weft_wasm_param_name(const weft__param *param) {
    return param->name;
}
WEFT__CALLABLE(weft_wasm_param_type) int weft_wasm_param_type(const weft__param *param) {
    return param->type;
}
WEFT__CALLABLE(weft_wasm_param_least) double weft_wasm_param_least(const weft__param *param) {
    return param->least;
}
WEFT__CALLABLE(weft_wasm_param_most) double weft_wasm_param_most(const weft__param *param) {
    return param->most;
}
WEFT__CALLABLE(weft_wasm_param_value) double weft_wasm_param_value(const weft__param *param) {
    return weft__param_value(param);
}
WEFT__CALLABLE(weft_wasm_param_set) void weft_wasm_param_set(const weft__param *param, double value) {
    weft__param_set(param, value);
}

/* --- Values; 64-bit integers go in halves --- */

WEFT__CALLABLE(weft_wasm_value_kind) int weft_wasm_value_kind(const weft_value *value) {
    return value->kind;
}
WEFT__CALLABLE(weft_wasm_value_bool) int weft_wasm_value_bool(const weft_value *value) {
    return weft_value_bool(*value);
}
WEFT__CALLABLE(weft_wasm_value_low) int weft_wasm_value_low(const weft_value *value) {
    return (int)(uint32_t)(uint64_t)weft_value_int(*value);
}
WEFT__CALLABLE(weft_wasm_value_high) int weft_wasm_value_high(const weft_value *value) {
    return (int)(uint32_t)((uint64_t)weft_value_int(*value) >> 32);
}
WEFT__CALLABLE(weft_wasm_value_double) double weft_wasm_value_double(const weft_value *value) {
    return weft_value_double(*value);
}
WEFT__CALLABLE(weft_wasm_value_pointer) const void *weft_wasm_value_pointer(const weft_value *value) {
    return value->kind == WEFT_STRING ? weft_value_string(*value) : weft_value_pointer(*value);
}
WEFT__CALLABLE(weft_wasm_value_error) const weft_error *weft_wasm_value_error(const weft_value *value) {
    return weft_value_error(*value);
}

WEFT__CALLABLE(weft_wasm_set_none) void weft_wasm_set_none(weft_value *value) {
    *value = weft__of_none();
}
WEFT__CALLABLE(weft_wasm_set_bool) void weft_wasm_set_bool(weft_value *value, int x) {
    *value = weft__of_bool(x != 0);
}
WEFT__CALLABLE(weft_wasm_set_int) void weft_wasm_set_int(weft_value *value, int low, int high) {
    *value = weft__of_unsigned((uint64_t)(uint32_t)high << 32 | (uint32_t)low);
}
WEFT__CALLABLE(weft_wasm_set_double) void weft_wasm_set_double(weft_value *value, double x) {
    *value = weft__of_double(x);
}
WEFT__CALLABLE(weft_wasm_set_string) void weft_wasm_set_string(weft_value *value, const char *text) {
    *value = weft__of_string(text);
}

/* --- Errors --- */

WEFT__CALLABLE(weft_wasm_error_code) int weft_wasm_error_code(const weft_error *error) {
    return error->code;
}
WEFT__CALLABLE(weft_wasm_error_name) const char *weft_wasm_error_name(const weft_error *error) {
    return weft_error_name(error->code);
}
WEFT__CALLABLE(weft_wasm_error_message) const char *weft_wasm_error_message(const weft_error *error) {
    return error->message;
}
WEFT__CALLABLE(weft_wasm_error_function) const char *weft_wasm_error_function(const weft_error *error) {
    return error->function;
}
WEFT__CALLABLE(weft_wasm_error_file) const char *weft_wasm_error_file(const weft_error *error) {
    return error->file;
}
WEFT__CALLABLE(weft_wasm_error_line) int weft_wasm_error_line(const weft_error *error) {
    return error->line;
}
WEFT__CALLABLE(weft_wasm_error_cause) const weft_error *weft_wasm_error_cause(const weft_error *error) {
    return error->cause;
}
WEFT__CALLABLE(weft_wasm_error_count) size_t weft_wasm_error_count(const weft_error *error) {
    return error->child_count;
}
WEFT__CALLABLE(weft_wasm_error_child)
const weft_error *weft_wasm_error_child(const weft_error *error, size_t i) {
    return error->children[i];
}
