// C's calls of JavaScript functions: see weft/javascript.h.
import { reportError } from "./wasi.mjs";

const isThenable = (result) => result !== null && typeof result === "object" && typeof result.then === "function";
const messageOf = (error) => String(error instanceof Error ? error.message : error);

/**
 * @param {() => import("./memory.mjs").Memory} memory
 * @param {Record<string, (...values: any[]) => unknown>} functions
 * @param {(action: () => void) => void} enter runs what calls C
 */
export function javascriptCalls(memory, functions, enter) {
  const pending = new Map(); // by C's handle

  function functionNamed(name) {
    const found = Object.hasOwn(Object.prototype, name) ? undefined : functions[name];
    if (typeof found !== "function") throw new TypeError(`the imports given to loadWeft have no function "${name}"`);
    return found;
  }

  // C may have given the call up, and its handle may have come to another.
  function settle(handle, call, action) {
    if (pending.get(handle) !== call) return;
    enter(() => action(memory().c));
    pending.delete(handle);
  }
  const reject = (handle, call, error) =>
    settle(handle, call, (c) =>
      memory().withText(messageOf(error), (text) => c.weft_wasm_call_rejected(handle, text)),
    );
  const resolve = (handle, call, result) => {
    const texts = [];
    const newText = (text) => texts[texts.push(memory().newText(text)) - 1];
    settle(handle, call, (c) => {
      try {
        memory().setValue(c.weft_wasm_call_value(handle), result, newText);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        memory().withText(error.message, (text) => c.weft_wasm_call_rejected(handle, text));
        return;
      }
      c.weft_wasm_call_resolved(handle);
      for (const text of texts) memory().free(text);
    });
  };

  return {
    weft_js_call(handle, values, count, size) {
      const controller = new AbortController();
      pending.set(handle, controller);
      try {
        const [name, ...rest] = Array.from({ length: count }, (_, i) => memory().value(values + i * size));
        const result = functionNamed(name).call(functions, ...rest, controller.signal);
        if (isThenable(result))
          Promise.resolve(result).then(
            (value) => resolve(handle, controller, value),
            (error) => reject(handle, controller, error),
          );
        else resolve(handle, controller, result);
      } catch (error) {
        reject(handle, controller, error);
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
}
