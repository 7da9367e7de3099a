// The compilers that weft is held to, and the checks that they make.
import { at, run } from "./project.mjs";

// Their words, and above all their quotation marks, depend on the language otherwise.
const compile = (command, args) => run(command, args, { env: { LC_ALL: "C" } });

const warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"];
const core = ["-I", at("core/include")];
const nativeIncludes = [...core, "-I", at("native/include")];
const wasmIncludes = [...core, "-I", at("wasm/include")];

// name, how to call it, and which public headers it can see
export const compilers = [
  { name: "gcc", c: "gcc", cxx: "g++", includes: nativeIncludes, hosts: ["core", "native"] },
  { name: "clang", c: "clang", cxx: "clang++", includes: nativeIncludes, hosts: ["core", "native"] },
  { name: "emcc", c: "emcc", cxx: "em++", includes: wasmIncludes, hosts: ["core", "wasm"] },
];

// Compiles to nothing, optimised, with weft's own warnings as errors.
export function check({ c, includes }, file, flags = []) {
  return compile(c, ["-std=c11", "-O2", "-c", "-o", "/dev/null", ...warnings, ...includes, ...flags, file]);
}

export function checkCxx({ cxx, includes }, file, flags = []) {
  return compile(cxx, ["-std=c++11", "-fsyntax-only", ...warnings, ...includes, ...flags, file]);
}

// The passes that see a local variable used across an await; `./weft run` makes the same.
const localsPasses = { gcc: "cmake/locals-gcc.rsp", clang: "cmake/locals-clang.rsp" };

// Where Debian 12 keeps the header of llhttp (cmake/llhttp.cmake); elsewhere the compiler finds it by itself.
const llhttp = ["-isystem", "/usr/share/include/llhttp"];

export function checkLocals(compiler, file, flags = []) {
  return compile(compiler, [`@${at(localsPasses[compiler])}`, ...nativeIncludes, ...llhttp, ...flags, file]);
}
