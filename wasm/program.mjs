// One instance of the module: its memory, its loop, the coroutines that JavaScript waits for.
import { baseOf } from "./address.mjs";
import { describeAt, framesOf, taskTreeOf, tasksOf } from "./call-graph.mjs";
import { javascriptCalls } from "./calls.mjs";
import { errorFrom, traceOf } from "./errors.mjs";
import { httpTransfers } from "./fetch.mjs";
import { coroutinesOf, checkFields, setFields } from "./fields.mjs";
import { hand } from "./incoming.mjs";
import { Memory, OutOfMemory } from "./memory.mjs";
import { outputOf } from "./output.mjs";
import { parametersOf, setParameters } from "./parameters.mjs";
import { Replay } from "./replay.mjs";
import { eventLoop, noEventLoop } from "./tasks.mjs";
import { Exit, reportError, wasi } from "./wasi.mjs";
import { webSockets } from "./websocket.mjs";

const cancelled = 1; // WEFT_CANCELLED

// Unwinds main, which weft_main does not return to. No Error: nobody needs its stack.
class Unwind {}

const reasonOf = (signal) => {
  const { reason } = signal;
  return String(reason?.message ?? reason ?? "");
};

// Text for C ends at its first zero.
const cText = (text) => text.replace(/\0.*/s, "");

const importsOf = new WeakMap(); // of each module: asking takes as long as an instance does
function importList(module) {
  if (!importsOf.has(module)) importsOf.set(module, WebAssembly.Module.imports(module));
  return importsOf.get(module);
}

// Where only zeros follow.
function endOf(bytes) {
  const words = new BigUint64Array(bytes.buffer);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0n) end--;
  return end * 8;
}

// At once where that is allowed, which takes half of the time: pages may not do so with large modules.
function instanceOf(module, imports) {
  try {
    return new WebAssembly.Instance(module, imports);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return WebAssembly.instantiate(module, imports);
  }
}

// A user's function, called from C's calls: what it throws is the page's to hear, not C's.
function quietly(failure, action) {
  try {
    return action() ?? 0;
  } catch (error) {
    reportError(error);
    return failure;
  }
}

export class Program {
  #memory;
  #output;
  #onRecords; // gets the event log, in C's memory
  #onExternal;
  #pending = []; // what C has JavaScript do: calls, transfers, WebSockets
  #runs = new Map(); // by task: what waits for it
  #main = null; // what waits for main, once it was called
  #ended = null; // an error that says why nothing can run here any more
  #endTime = null;
  #depth = 0; // calls into C that have not returned
  #arguments = [];
  #mainError = null;
  #known = null; // coroutines, once somebody has asked for them

  #system; // what WASI's functions keep

  /** What comes from outside, of a replay; else null. */
  replay = null;

  /**
   * @param {WebAssembly.Module} module
   * @param {import("./weft.d.ts").LoadOptions & { external?: import("./weft.d.ts").External[] }} options
   * @param {Record<string, string>} env
   * @param {(records: Uint8Array) => void} [onRecords] where `advance` turns the loop: gets all of the log, in C's memory
   */
  static async start(module, options, env, onRecords) {
    const program = new Program();
    const { onEvent } = options;
    program.#output = outputOf(options);
    program.#onRecords = onRecords ?? (onEvent && ((records, base) => onEvent(records.slice(), base)));
    program.#onExternal = options.onExternal;
    program.instance = await instanceOf(module, program.#imports(module, options, env, onRecords !== undefined));
    program.#memory = new Memory(program.instance.exports);
    program.instance.exports._initialize?.();
    if (options.parameters !== undefined) setParameters(program.#memory, options.parameters);
    return program;
  }

  /** Whether main has come to its end, or something called exit. */
  get exited() {
    return this.#ended instanceof Exit;
  }

  /** Whether C is being run: something that it called back is asking. */
  get entered() {
    return this.#depth > 0;
  }

  /** How it ended; null while it has not. */
  get end() {
    const ended = this.#ended;
    if (ended === null) return null;
    if (!this.exited) return { status: null, error: null, crash: ended.cause };
    return { status: ended.status, error: this.#mainError, crash: null };
  }

  get memory() {
    return this.#memory.view();
  }

  /** How many blocks of memory the C library has given out; null where nobody counts. */
  get blocks() {
    return this.instance.exports.weft_wasm_blocks?.() ?? null;
  }

  get steps() {
    return this.#memory.c.weft_wasm_steps();
  }

  /** How many times it could only wait for the outside, in virtual time. */
  get waits() {
    return this.#memory.c.weft_wasm_waits();
  }

  get #coroutines() {
    return (this.#known ??= coroutinesOf(this.#memory));
  }

  get coroutines() {
    return new Map([...this.#coroutines].map(([name, { coroutine }]) => [name, coroutine]));
  }

  get parameters() {
    return parametersOf(this.#memory);
  }

  now() {
    return this.#endTime ?? this.#memory.c.weft_wasm_now();
  }

  tasks() {
    return this.#ended ? [] : tasksOf(this.#memory);
  }

  taskTree() {
    return this.#ended ? "" : taskTreeOf(this.#memory);
  }

  frames(task) {
    return this.#look([], () => framesOf(this.#memory, task));
  }

  describe(address, what) {
    return this.#look(null, () => describeAt(this.#memory, address, what));
  }

  // Where a program that has crashed stood can be read as long as its memory makes sense.
  #look(nothing, read) {
    if (this.exited) return nothing;
    if (!this.#ended) return read();
    try {
      return read();
    } catch {
      return nothing;
    }
  }

  // --- Running ---

  run(name, fields, signal) {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      if (this.#main) throw new Error("no coroutine can be run while main runs");
      const found = this.#coroutines.get(name);
      if (!found) {
        const names = [...this.#coroutines.keys()].join(", ");
        throw new TypeError(`there is no coroutine "${name}"; ${names ? `weft_export named ${names}` : "weft_export named none"}`);
      }
      checkFields(found.coroutine, fields);
      this.#enter(() => this.#start(found, fields, { resolve, reject, signal, texts: [] }), reject);
      if (this.#ended) reject(this.#ended); // it ended while it started
    });
  }

  #start({ type, coroutine }, fields, waiting) {
    const { c } = this.#memory;
    const frame = c.weft_wasm_frame(type) >>> 0;
    if (frame === 0) throw new OutOfMemory();
    try {
      const newText = (text) => waiting.texts[waiting.texts.push(this.#memory.newText(text)) - 1];
      setFields(this.#memory, frame, coroutine, fields, newText);
    } catch (error) {
      this.#memory.free(frame);
      this.#freeTexts(waiting);
      throw error;
    }
    const task = c.weft_wasm_start(frame) >>> 0;
    if (task === 0) {
      this.#freeTexts(waiting);
      throw new OutOfMemory();
    }
    this.#runs.set(task, waiting);
    this.#listen(waiting, (message) => c.weft_wasm_cancel(task, message));
  }

  #freeTexts({ texts }) {
    for (const text of texts) this.#memory.free(text);
  }

  // Cancels by the signal, until `waiting.ended` is called.
  #listen(waiting, cancel) {
    const { signal } = waiting;
    waiting.ended = () => {};
    if (!signal) return;
    const onAbort = () => this.#cancel(cText(reasonOf(signal)), cancel);
    if (signal.aborted) onAbort();
    else {
      signal.addEventListener("abort", onAbort, { once: true });
      waiting.ended = () => signal.removeEventListener("abort", onAbort);
    }
  }

  #cancel(message, cancel) {
    this.#enter(() => this.#memory.withText(message, (text) => cancel(text, message)), reportError);
  }

  /** Cancels the task of that number; false if there is none. */
  cancelTask(id, message) {
    let told = false;
    this.#cancel(cText(message), (text) => {
      this.#came({ what: "cancel", id, value: cText(message) });
      told = this.#memory.c.weft_wasm_cancel_task(id, text) !== 0;
    });
    return told;
  }

  #cancelMain(text, message) {
    const { c } = this.#memory;
    this.#came({ what: "cancel", id: c.weft_wasm_main_task() >>> 0, value: message });
    c.weft_wasm_cancel_main(text);
  }

  // Something is coming from outside. C is being run if it comes at once.
  #came(external, atOnce = this.#depth > 1) {
    const { steps: step, waits } = this;
    quietly(0, () => void this.#onExternal?.({ step, wait: atOnce ? null : waits, ...external }));
  }

  // C calls this when a task has ended, to have its outcome read.
  #taskEnded(task) {
    const waiting = this.#runs.get(task >>> 0);
    this.#runs.delete(task >>> 0);
    try {
      waiting.ended();
      const { c } = this.#memory;
      const pointer = c.weft_wasm_task_error(task);
      if (pointer === 0) {
        waiting.resolve(this.#memory.value(c.weft_wasm_task_value(task)));
      } else {
        const error = errorFrom(this.#memory, pointer, traceOf(this.#memory, task));
        if (error.code === cancelled && waiting.signal?.aborted) error.cause ??= waiting.signal.reason;
        waiting.reject(error);
      }
      this.#freeTexts(waiting);
    } catch (error) {
      waiting.reject(error);
    }
  }

  main(programArguments, signal) {
    return new Promise((resolve, reject) => this.#callMain(programArguments, { resolve, reject, signal }));
  }

  /** Calls main, which from then on runs while `advance` turns the loop. Throws if it cannot be called. */
  begin(programArguments) {
    let failure = null;
    this.#callMain(programArguments, { resolve() {}, reject: (error) => (failure = error) });
    if (failure && failure !== this.#ended) throw failure;
  }

  #callMain(programArguments, waiting) {
    if (this.#ended) throw this.#ended;
    if (this.#main || this.#runs.size > 0) throw new Error("main cannot be called while the module runs something");
    this.#arguments = programArguments.map(cText);
    const { c } = this.#memory;
    const start = this.#mainOf(c);
    this.#main = waiting;
    this.#listen(waiting, (text, message) => this.#cancelMain(text, message));
    this.#enter(() => c.weft_wasm_exit(start()), waiting.reject);
  }

  // weft_main's task has ended.
  #mainEnded(task) {
    const pointer = this.#memory.c.weft_wasm_task_error(task);
    if (pointer !== 0) this.#mainError = errorFrom(this.#memory, pointer, traceOf(this.#memory, task));
  }

  /** Turns the loop until so many steps were made, or for so many milliseconds; true if it can only wait for the outside. */
  advance(toStep, milliseconds) {
    let waits = false;
    this.#enter(() => (waits = this.#memory.c.weft_wasm_advance(toStep, milliseconds) === 1), reportError);
    return waits;
  }

  /** All that the rest of a replay depends on. */
  save() {
    const bytes = new Uint8Array(this.#memory.buffer);
    return { size: bytes.length, bytes: bytes.slice(0, endOf(bytes)), system: this.#system.save(), replay: this.replay.save() };
  }

  /**
   * Goes to where another instance with the same options was. main must have been called, as it was there: that it has left its
   * part of the stack is known to the instance alone.
   */
  restore({ size, bytes, system, replay }) {
    const { memory } = this.instance.exports;
    if (memory.buffer.byteLength < size) memory.grow((size - memory.buffer.byteLength) / 65536);
    new Uint8Array(memory.buffer).fill(0, bytes.length);
    new Uint8Array(memory.buffer).set(bytes);
    this.#system.restore(system);
    this.replay.restore(replay);
  }

  /** What SIGINT does to a process; whether main ran. */
  interrupt() {
    let interrupted = false;
    const { c } = this.#memory;
    if (this.#main)
      this.#enter(() => {
        if (c.weft_wasm_main_task() !== 0) this.#came({ what: "interrupt", id: c.weft_wasm_main_task() >>> 0, value: null });
        interrupted = c.weft_wasm_interrupt() !== 0;
      }, reportError);
    return interrupted;
  }

  /** Tells functions of JavaScript's that it waits for them no longer, and ends what it has open. */
  abandon() {
    for (const { abandon } of this.#pending) abandon();
  }

  // C compilers have several names for main; where it takes arguments, they are put into memory for good.
  #mainOf(c) {
    const withoutArguments = c.__main_void;
    if (withoutArguments) return withoutArguments;
    const main = c.main ?? c.__main_argc_argv;
    if (!main) throw new TypeError("the module has no main");
    return () => {
      const texts = this.#arguments.map((text) => this.#memory.newText(text));
      const list = this.#memory.allocate(4 * (texts.length + 1));
      [...texts, 0].forEach((pointer, i) => this.#memory.view().setUint32(list + 4 * i, pointer, true));
      return main(texts.length, list);
    };
  }

  // --- Entering C ---

  // Every call of C's that runs the program comes through here: it may exit, and it may crash.
  #enter(action, failed) {
    if (this.#ended) return;
    this.#depth++;
    try {
      action();
    } catch (error) {
      if (error instanceof Unwind) return;
      if (error instanceof Exit) this.#exit(error);
      else if (error instanceof OutOfMemory || error instanceof TypeError) failed(error);
      else this.#crash(error);
    } finally {
      this.#depth--;
    }
  }

  #exit(exit) {
    this.#end(exit);
    this.#main?.resolve(exit.status);
  }

  #crash(cause) {
    this.#end(new Error(`the program crashed: ${cause?.message ?? cause}`, { cause }));
    this.#main?.reject(this.#ended);
  }

  #end(why) {
    this.#ended = why;
    this.abandon();
    this.#endTime = this.#memory.c.weft_wasm_now();
    this.#flush();
    this.#output.end();
    this.#main?.ended();
    for (const waiting of this.#runs.values()) {
      waiting.ended();
      waiting.reject(why);
    }
    this.#runs.clear();
  }

  // A crash may have left no log that could be read.
  #flush() {
    try {
      this.#memory.c.weft_wasm_flush();
    } catch {
      // then that is how far it goes
    }
  }

  // --- What the module imports ---

  #imports(module, options, env, turnedByCaller) {
    const { onTrace } = options;
    const traceText = new TextDecoder(); // a character may come in two pieces
    const write = (bytes, stream) => {
      if (this.#onRecords) this.#logOutput(bytes, stream);
      this.#output.write(bytes, stream);
    };
    const system = (this.#system = wasi({
      memory: () => this.instance.exports.memory,
      args: () => this.#arguments,
      env,
      write,
      read: options.read,
      virtualTime: options.clock === "virtual" ? () => this.now() : null,
      seed: options.seed ?? 0,
    }));
    const turn = (byTimer) =>
      this.#enter(() => {
        const loopEnded = this.#memory.c.weft_wasm_turn(byTimer) !== 0;
        if (!loopEnded) return;
        this.abandon();
        this.#output.end();
      }, reportError);
    const known = {
      wasi_snapshot_preview1: system.imports,
      env: {
        ...(turnedByCaller ? noEventLoop : eventLoop(turn)),
        ...this.#outside(options),
        weft_js_unwind() {
          throw new Unwind();
        },
        weft_js_ended: (task) => this.#taskEnded(task),
        weft_js_main_ended: (task) => this.#mainEnded(task),
        weft_js_wants_events: () => (this.#onRecords ? 1 : 0),
        weft_js_events: (pointer, length, base) =>
          quietly(0, () => this.#onRecords(this.#memory.bytes(pointer >>> 0, length), base)),
        weft_js_trace: (part, pointer, length) =>
          quietly(3, () => {
            if (!onTrace) return 3;
            const text = traceText.decode(this.#memory.bytes(pointer >>> 0, length), { stream: part === 1 });
            onTrace(["open", "write", "close"][part], text);
          }),
        emscripten_notify_memory_growth() {},
      },
    };
    const all = {};
    for (const { module: from, name, kind } of importList(module)) {
      all[from] ??= {};
      all[from][name] = known[from]?.[name] ?? missing(from, name, kind, system);
    }
    return all;
  }

  // What C calls JavaScript by: its functions and the network, or what is known of them.
  #outside({ external, imports = {}, base, fetch = globalThis.fetch, WebSocket = globalThis.WebSocket }) {
    const memory = () => this.#memory;
    const enter = (action) => this.#enter(action, reportError);
    if (external) {
      this.replay = new Replay(external, memory, enter);
      return this.replay.imports;
    }
    const came = (id, outcome, atOnce) => this.#came({ ...outcome, id }, atOnce);
    const give = (handle, event) =>
      enter(() => {
        const id = this.#memory.c.weft_wasm_incoming_id(handle) >>> 0;
        hand(this.#memory, handle, event);
        came(id, event, false);
      });
    const world = { fetch, WebSocket, base: baseOf(base) };
    this.#pending = [javascriptCalls(memory, imports, enter, came), httpTransfers(memory, world, give), webSockets(memory, world, give)];
    return Object.assign({}, ...this.#pending.map((each) => each.imports));
  }

  #logOutput(bytes, stream) {
    if (this.#ended || !this.#memory) return;
    const text = this.#memory.allocate(bytes.length + 1);
    this.#memory.bytes(text, bytes.length).set(bytes);
    this.#memory.view().setUint8(text + bytes.length, 0);
    this.#memory.c.weft_wasm_output(stream === "stdout" ? 1 : 2, text);
    this.#memory.free(text);
  }
}

// What is not there says so when it is called, since most programs never do.
function missing(from, name, kind, system) {
  if (kind !== "function") throw new TypeError(`the module needs ${from}.${name}, a ${kind}, which loadWeft does not have`);
  if (from === "wasi_snapshot_preview1") return system.missing;
  return () => {
    throw new Error(`${from}.${name} is not there: it was neither linked in nor is it a part of loadWeft`);
  };
}
