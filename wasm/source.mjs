// Brings the module that loadWeft is to run, from wherever it is.

const isBytes = (source) => source instanceof ArrayBuffer || ArrayBuffer.isView(source);
const isResponse = (source) => typeof Response === "function" && source instanceof Response;

// In Node a text without a scheme is a path; elsewhere addresses are relative to the page.
const inNode = typeof process === "object" && typeof process.versions?.node === "string";

function addressOf(source) {
  if (source instanceof URL) return source;
  return URL.canParse?.(source) || /^[a-z][a-z+.-]+:/i.test(source) ? new URL(source) : source;
}

async function readFile(path) {
  const name = "node:fs/promises"; // a variable, so that bundlers for pages leave it alone
  const { readFile } = await import(/* @vite-ignore */ name);
  return WebAssembly.compile(await readFile(path));
}

async function compileResponse(response) {
  if (!response.ok) throw new Error(`could not load ${response.url}: ${response.status} ${response.statusText}`);
  const streams = /^application\/wasm\b/.test(response.headers.get("content-type") ?? "");
  if (streams && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

async function compile(given) {
  const source = await given;
  if (source instanceof WebAssembly.Module) return source;
  if (isBytes(source)) return WebAssembly.compile(source);
  if (isResponse(source)) return compileResponse(source);
  if (typeof source !== "string" && !(source instanceof URL))
    throw new TypeError("loadWeft needs `wasm`: bytes, a WebAssembly.Module, a Response, or an address");
  const address = addressOf(source);
  const isFile = inNode && (typeof address === "string" || address.protocol === "file:");
  return isFile ? readFile(address) : compileResponse(await fetch(address));
}

const known = new WeakSet(); // modules that were found to be weft's

/** @param {import("./weft.d.ts").LoadOptions["wasm"]} source */
export async function moduleFrom(source) {
  const module = await compile(source);
  if (known.has(module)) return module;
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  if (!names.has("weft_wasm_turn") || !names.has("memory"))
    throw new TypeError(
      "this is not a module of weft: link it with -lweft as a standalone module, as CMake's weft_add_module does",
    );
  known.add(module);
  return module;
}
