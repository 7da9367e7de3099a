// For the tests of the ES module: the modules of tests/wasm, and how promises end.
import { readFileSync } from "node:fs";
import { loadWeft } from "../../../wasm/weft.mjs";
import { at } from "./project.mjs";

export const modulePath = (name) => at("build/wasm/tests/wasm", `${name}.wasm`);

const compiled = new Map();
export function moduleNamed(name) {
  if (!compiled.has(name)) compiled.set(name, new WebAssembly.Module(readFileSync(modulePath(name))));
  return compiled.get(name);
}

// Loads a module and keeps what it prints, by stream and together.
export async function load(name, options = {}) {
  const printed = { stdout: "", stderr: "", all: "" };
  const print = (text, stream) => {
    printed[stream] += text;
    printed.all += text;
  };
  const weft = await loadWeft({ wasm: moduleNamed(name), print, ...options });
  return { weft, printed };
}

// The error that a promise rejects with.
export async function failure(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`it did not fail, but gave ${value}`);
}

// Once everything that was posted as a task before this call has run.
export const tasksDone = async (rounds = 4) => {
  for (let i = 0; i < rounds; i++) await new Promise((resolve) => setImmediate(resolve));
};
