// What came from outside into a run in virtual time, given again to one that is to go the same way.
import { settle } from "./calls.mjs";
import { hand, isIncoming } from "./incoming.mjs";

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
      ...this.#network,
    };
  }

  // Transfers and connections that send nothing: all that they get is known.
  get #network() {
    const idOf = (handle) => this.#memory().c.weft_wasm_incoming_id(handle) >>> 0;
    const begin = (handle) => void this.#handles.set(idOf(handle), handle);
    const end = (handle) => void this.#handles.delete(idOf(handle));
    const nothing = () => {};
    return {
      weft_js_http_begin: begin,
      weft_js_http_field: nothing,
      weft_js_http_send: nothing,
      weft_js_http_next: nothing,
      weft_js_http_abandon: end,
      weft_js_websocket_dial: begin,
      weft_js_websocket_send: nothing,
      weft_js_websocket_watch: nothing,
      weft_js_websocket_close: nothing,
      weft_js_websocket_leave: end,
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
    if (isIncoming(external.what)) {
      this.#enter(() => hand(this.#memory(), handle, external));
      return;
    }
    this.#handles.delete(external.id);
    this.#enter(() => settle(this.#memory(), handle, external));
  }
}
