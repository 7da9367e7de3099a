// What came from outside into a run in virtual time, given again to one that is to go the same way.
import { settle } from "./calls.mjs";

/** The run does not go as the recorded one did: the program, or an option, is another one. */
export class ReplayError extends Error {
  name = "ReplayError";
}

const where = ({ step, wait }) => `after ${step} steps and ${wait} waits`;

export class Replay {
  #memory;
  #enter;
  #atOnce; // what functions gave without a promise, by operation
  #later; // all else, in its order
  #delivered = 0; // of those
  #handles = new Map(); // C's, of pending calls, by operation

  /**
   * @param {readonly import("./weft.d.ts").External[]} external
   * @param {() => import("./memory.mjs").Memory} memory
   * @param {(action: () => void) => void} enter runs what calls C
   */
  constructor(external, memory, enter) {
    this.#memory = memory;
    this.#enter = enter;
    this.#atOnce = new Map(external.filter(({ wait }) => wait === null).map((each) => [each.id, each]));
    this.#later = external.filter(({ wait }) => wait !== null).reverse();
  }

  /** What C imports in place of calls of JavaScript. */
  get imports() {
    return {
      weft_js_call: (handle) => {
        const id = this.#memory().c.weft_wasm_call_id(handle) >>> 0;
        const outcome = this.#atOnce.get(id);
        if (outcome) this.#enter(() => settle(this.#memory(), handle, outcome));
        else this.#handles.set(id, handle);
      },
      weft_js_abort: (handle) => {
        this.#handles.delete(this.#memory().c.weft_wasm_call_id(handle) >>> 0);
      },
    };
  }

  /** What comes next, of that which does not come at once; undefined if nothing will. */
  get next() {
    return this.#later.at(-1);
  }

  /** How far it is, for a replay of the same from there. */
  save() {
    return { delivered: this.#delivered, handles: [...this.#handles] };
  }

  /** What was added behind what was known then comes after it. */
  restore({ delivered, handles }) {
    this.#later.length -= delivered;
    this.#delivered = delivered;
    this.#handles = new Map(handles);
  }

  /** Lets come what comes next. */
  deliver() {
    const external = this.#later.pop();
    this.#delivered++;
    const { c } = this.#memory();
    if (external.what === "interrupt") this.#enter(() => c.weft_wasm_interrupt());
    else if (external.what === "cancel")
      this.#enter(() => this.#memory().withText(external.value, (text) => c.weft_wasm_cancel_task(external.id, text)));
    else this.#settle(external);
  }

  #settle(external) {
    const handle = this.#handles.get(external.id);
    if (handle === undefined) throw new ReplayError(`operation ${external.id} does not wait ${where(external)}`);
    this.#handles.delete(external.id);
    this.#enter(() => settle(this.#memory(), handle, external));
  }
}
