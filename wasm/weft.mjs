// weft for JavaScript: loads a module of C coroutines and runs them as promises. See weft.d.ts.
import { WeftError } from "./errors.mjs";
import { Program } from "./program.mjs";
import { Simulation } from "./simulation.mjs";
import { moduleFrom } from "./source.mjs";

export { WeftError };

const isUint32 = (n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32;
const isInjection = (injection) => Number.isSafeInteger(injection?.step) && injection.step > 0 && isUint32(injection.task) && injection.task > 0;
const isListOf = (list, isItem) => list === undefined || (Array.isArray(list) && list.every(isItem));

function canParse(url) {
  try {
    return Boolean(new URL(url));
  } catch {
    return false;
  }
}

function checkOutside({ base, fetch, WebSocket }) {
  if (base !== undefined && !canParse(base)) throw new TypeError(`base must be an absolute URL, not ${base}`);
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("fetch must be a function");
  if (WebSocket !== undefined && typeof WebSocket !== "function") throw new TypeError("WebSocket must be a class");
}

function check({ clock = "real", seed, decisions, injections, permuteReady, onExternal, onEvent, env, ...others }) {
  checkOutside(others);
  if (clock !== "real" && clock !== "virtual") throw new TypeError(`clock must be "real" or "virtual", not ${clock}`);
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0))
    throw new TypeError("seed must be an integer from 0 to 2^53 - 1");
  if (!isListOf(decisions, isUint32)) throw new TypeError("decisions must be an array of integers from 0 to 2^32 - 1");
  if (!isListOf(injections, isInjection)) throw new TypeError("injections must be an array of { step, task }, integers from 1");
  const simulated = [seed, decisions, injections, permuteReady || undefined, onExternal];
  if (clock === "real" && simulated.some((option) => option !== undefined))
    throw new TypeError('seed, decisions, injections, permuteReady and onExternal are for clock: "virtual"');
  if (onEvent && env?.WEFT_TRACE) throw new TypeError("the event log goes to onEvent or to WEFT_TRACE, not to both");
}

// Before anything is started: nothing could stop it again.
function checked(signal) {
  if (signal && typeof signal.addEventListener !== "function")
    throw new TypeError(`signal must be an AbortSignal, not ${String(signal)}`);
  return signal;
}

// What weft_main reads, on every host.
function environment({ clock, seed, decisions, injections, permuteReady, debug, env }) {
  return {
    ...env,
    ...(clock === "virtual" && { WEFT_VIRTUAL: "1" }),
    ...(seed !== undefined && { WEFT_SEED: String(seed) }),
    ...(decisions !== undefined && { WEFT_DECISIONS: decisions.join(" ") }),
    ...(injections !== undefined && { WEFT_INJECTIONS: injections.map(({ step, task }) => `${step}:${task}`).join(" ") }),
    ...(permuteReady && { WEFT_PERMUTE_READY: "1" }),
    ...(debug && { WEFT_DEBUG: "1" }),
  };
}

/** @type {typeof import("./weft.d.ts").loadWeft} */
export async function loadWeft(options) {
  check(options ?? {});
  const module = await moduleFrom(options?.wasm);
  const env = environment(options);
  let program = await Program.start(module, options, env);
  let next = null; // the start of a program in place of one that has exited

  async function afresh() {
    next ??= Program.start(module, options, env).finally(() => (next = null));
    program = await next;
    return program;
  }
  // Hands a program to `start`: at once, unless C is asking from within a callback, or the program has exited.
  async function withProgram(start) {
    if (program.entered) await null;
    return start(program.exited ? await afresh() : program);
  }
  const { coroutines, parameters } = program;

  return {
    coroutines,
    parameters,
    run: (name, fields = {}, { signal } = {}) => withProgram((running) => running.run(name, fields, checked(signal))),
    main: (args = [], { signal } = {}) => withProgram((running) => running.main(["weft", ...args], checked(signal))),
    interrupt: () => program.interrupt(),
    now: () => program.now(),
    tasks: () => program.tasks(),
    taskTree: () => program.taskTree(),
    get instance() {
      return program.instance;
    },
  };
}

/** @type {typeof import("./weft.d.ts").simulate} */
export async function simulate(options) {
  const simulated = { ...options, clock: "virtual" };
  check(simulated);
  return Simulation.start(await moduleFrom(options?.wasm), simulated, environment(simulated));
}
