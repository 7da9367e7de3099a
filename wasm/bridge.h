#ifndef WEFT_WASM_BRIDGE_H
#define WEFT_WASM_BRIDGE_H

/*
 * How C and JavaScript call each other. Modules that loadWeft loads import their functions from it, under the
 * names below in the module "env", and no JavaScript travels with them. Programs linked with Emscripten's own
 * glue carry the functions' bodies with them; so those stand where they are called, since Emscripten does not
 * find them in other archive members.
 *
 * What crosses is int, double and pointer. No import throws, but for the one that unwinds.
 */

/* A function that JavaScript calls. */
#define WEFT__CALLABLE(name) __attribute__((used, visibility("default"), export_name(#name)))

#if defined(__EMSCRIPTEN__)
#include <emscripten.h>
#define WEFT__IMPORT(result, name, parameters, ...) EM_JS(result, name, parameters, __VA_ARGS__)
#else
#define WEFT__IMPORT(result, name, parameters, ...) \
    __attribute__((import_module("env"), import_name(#name))) result name parameters;
#endif

#endif
