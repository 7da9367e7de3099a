// One instance of the module: its memory, its loop, the coroutines that JavaScript waits for.
import { taskTreeOf, tasksOf } from "./call-graph.mjs";
import { javascriptCalls } from "./calls.mjs";
import { errorFrom, traceOf } from "./errors.mjs";
import { coroutinesOf, checkFields, setFields } from "./fields.mjs";
import { Memory, OutOfMemory } from "./memory.mjs";
import { outputOf } from "./output.mjs";
import { parametersOf, setParameters } from "./parameters.mjs";
import { eventLoop } from "./tasks.mjs";
import { Exit, reportError, wasi } from "./wasi.mjs";

const cancelled = 1; // WEFT_CANCELLED

// Unwinds main, which weft_main does not return to.
class Unwind extends Error {}

const reasonOf = (signal) => {
  const { reason } = signal;
  return String(reason?.message ?? reason ?? "");
};

// Text for C ends at its first zero.
const cText = (text) => text.replace(/\0.*/s, "");

export class Program {
  #memory;
  #output;
  #runs = new Map(); // by task: what waits for it
  #main = null; // what waits for main, once it was called
  #ended = null; // an error that says why nothing can run here any more
  #endTime = null;
  #depth = 0; // calls into C that have not returned
  #arguments = [];
  #coroutines;

  /**
   * @param {WebAssembly.Module} module
   * @param {import("./weft.d.ts").LoadOptions} options
   * @param {Record<string, string>} env
   */
  static async start(module, options, env) {
    const program = new Program();
    program.#output = outputOf(options);
    program.instance = await WebAssembly.instantiate(module, program.#imports(module, options, env));
    program.#memory = new Memory(program.instance.exports);
    program.instance.exports._initialize?.();
    if (options.parameters !== undefined) setParameters(program.#memory, options.parameters);
    program.#coroutines = coroutinesOf(program.#memory);
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
    const onAbort = () => this.#enter(() => this.#memory.withText(cText(reasonOf(signal)), cancel), reportError);
    if (signal.aborted) onAbort();
    else {
      signal.addEventListener("abort", onAbort, { once: true });
      waiting.ended = () => signal.removeEventListener("abort", onAbort);
    }
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
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      if (this.#main || this.#runs.size > 0) throw new Error("main cannot be called while the module runs something");
      this.#arguments = programArguments.map(cText);
      const { c } = this.#memory;
      const start = this.#mainOf(c);
      this.#main = { resolve, reject, signal };
      this.#listen(this.#main, c.weft_wasm_cancel_main);
      this.#enter(() => c.weft_wasm_exit(start()), reject);
    });
  }

  /** What SIGINT does to a process; whether main ran. */
  interrupt() {
    let interrupted = false;
    if (this.#main) this.#enter(() => (interrupted = this.#memory.c.weft_wasm_interrupt() !== 0), reportError);
    return interrupted;
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
    this.#endTime = this.#memory.c.weft_wasm_now();
    this.#output.end();
    this.#main?.ended();
    for (const waiting of this.#runs.values()) {
      waiting.ended();
      waiting.reject(why);
    }
    this.#runs.clear();
  }

  // --- What the module imports ---

  #imports(module, options, env) {
    const { onEvent, onTrace, imports = {} } = options;
    const memory = () => this.#memory;
    const traceText = new TextDecoder(); // a character may come in two pieces
    const quietly = (failure, action) => {
      try {
        return action() ?? 0;
      } catch (error) {
        reportError(error);
        return failure;
      }
    };
    const write = (bytes, stream) => {
      if (onEvent) this.#logOutput(bytes, stream);
      this.#output.write(bytes, stream);
    };
    const system = wasi({
      memory: () => this.instance.exports.memory,
      args: () => this.#arguments,
      env,
      write,
      read: options.read,
      virtualTime: options.clock === "virtual" ? () => this.now() : null,
      seed: options.seed ?? 0,
    });
    const turn = (byTimer) =>
      this.#enter(() => {
        const loopEnded = this.#memory.c.weft_wasm_turn(byTimer) !== 0;
        if (loopEnded) this.#output.end();
      }, reportError);
    const known = {
      wasi_snapshot_preview1: system.imports,
      env: {
        ...eventLoop(turn),
        ...javascriptCalls(memory, imports, (action) => this.#enter(action, reportError)),
        weft_js_unwind() {
          throw new Unwind();
        },
        weft_js_ended: (task) => this.#taskEnded(task),
        weft_js_wants_events: () => (onEvent ? 1 : 0),
        weft_js_events: (pointer, length, base) =>
          quietly(0, () => onEvent(this.#memory.bytes(pointer >>> 0, length).slice(), base)),
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
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      all[from] ??= {};
      all[from][name] = known[from]?.[name] ?? missing(from, name, kind, system);
    }
    return all;
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
