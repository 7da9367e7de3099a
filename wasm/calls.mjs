// C's calls of JavaScript functions: see weft/javascript.h.
import { reportError } from "./wasi.mjs";

const isThenable = (result) => result !== null && typeof result === "object" && typeof result.then === "function";
const messageOf = (error) => String(error instanceof Error ? error.message : error);

/** Gives C a call's outcome, and returns the one that it took: a value that C cannot have is an error. */
export function settle(memory, handle, { what, value }) {
  const { c } = memory;
  if (what === "error") {
    memory.withText(value, (text) => c.weft_wasm_call_rejected(handle, text));
    return { what, value };
  }
  const texts = [];
  try {
    memory.setValue(c.weft_wasm_call_value(handle), value, (text) => texts[texts.push(memory.newText(text)) - 1]);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return settle(memory, handle, { what: "error", value: error.message });
  }
  c.weft_wasm_call_resolved(handle);
  for (const text of texts) memory.free(text);
  return { what, value: value ?? null };
}

/**
 * @param {() => import("./memory.mjs").Memory} memory
 * @param {Record<string, (...values: any[]) => unknown>} functions
 * @param {(action: () => void) => void} enter runs what calls C
 * @param {(id: number, outcome: object, atOnce: boolean) => void} came hears of each outcome that C took
 */
export function javascriptCalls(memory, functions, enter, came) {
  const pending = new Map(); // by C's handle

  function functionNamed(name) {
    const found = Object.hasOwn(Object.prototype, name) ? undefined : functions[name];
    if (typeof found !== "function") throw new TypeError(`the imports given to loadWeft have no function "${name}"`);
    return found;
  }

  // C may have given the call up, and its handle may have come to another.
  function end(handle, call, outcome, atOnce) {
    if (pending.get(handle) !== call) return;
    enter(() => {
      const id = memory().c.weft_wasm_call_id(handle) >>> 0;
      came(id, settle(memory(), handle, outcome), atOnce);
    });
    pending.delete(handle);
  }

  const imports = {
    weft_js_call(handle, values, count, size) {
      const controller = new AbortController();
      const resolve = (value, atOnce) => end(handle, controller, { what: "value", value }, atOnce);
      const reject = (error, atOnce) => end(handle, controller, { what: "error", value: messageOf(error) }, atOnce);
      pending.set(handle, controller);
      try {
        const [name, ...rest] = Array.from({ length: count }, (_, i) => memory().value(values + i * size));
        const result = functionNamed(name).call(functions, ...rest, controller.signal);
        if (isThenable(result))
          Promise.resolve(result).then(
            (value) => resolve(value, false),
            (error) => reject(error, false),
          );
        else resolve(result, true);
      } catch (error) {
        reject(error, true);
      }
    },
    weft_js_abort(handle) {
      const controller = pending.get(handle);
      pending.delete(handle);
      try {
        controller?.abort();
      } catch (error) {
        reportError(error);
      }
    },
  };
  return {
    imports,
    /** Tells the functions that are still awaited that nobody does any more. */
    abandon: () => [...pending.keys()].forEach(imports.weft_js_abort),
  };
}
