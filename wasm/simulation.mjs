// A program in virtual time that runs when it is told to.
import { Program } from "./program.mjs";
import { ReplayError } from "./replay.mjs";

// The event log's, as far as they are needed here: see docs/events.md.
const recordSize = 32;
const stringDefinition = 1;
const decision = 22;
const choices = [undefined, "timer-tie", "external", "ready"];

/** The choices among the log's records. */
export function* decisionsIn(records) {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let at = 0; at < records.length; at += recordSize) {
    const kind = records[at + 24];
    if (kind === stringDefinition) at += Math.ceil(view.getUint32(at + 28, true) / recordSize) * recordSize;
    else if (kind === decision && choices[records[at + 25]])
      yield {
        kind: choices[records[at + 25]],
        candidates: view.getUint16(at + 26, true),
        chosen: view.getUint32(at + 28, true),
      };
  }
}

export class Simulation {
  #program; // null: closed
  #decisions = [];
  #arrived = false; // something has, since the last advance
  #arrivals = []; // who waits for it

  /**
   * @param {WebAssembly.Module} module
   * @param {import("./weft.d.ts").SimulateOptions} options
   * @param {Record<string, string>} env
   */
  static async start(module, options, env) {
    const simulation = new Simulation();
    const { onEvent } = options;
    const onRecords = (records, base) => {
      simulation.#decisions.push(...decisionsIn(records));
      onEvent?.(records.slice(), base);
    };
    const onExternal = (external) => {
      simulation.#arrive();
      options.onExternal?.(external);
    };
    simulation.#program = await Program.start(module, { ...options, onExternal }, env, onRecords);
    simulation.#program.begin(["weft", ...(options.args ?? [])]);
    if (options.from) simulation.#restore(options.from);
    return simulation;
  }

  #restore(checkpoint) {
    if (!this.#program.replay || this.#program.end) throw new TypeError("a checkpoint is for a replay of the same program");
    this.#program.restore(checkpoint);
    this.#decisions = [...checkpoint.decisions];
  }

  checkpoint() {
    const program = this.#open;
    if (!program.replay || program.end) throw new Error("only a replay that goes on has checkpoints");
    return Object.freeze({ steps: program.steps, decisions: [...this.#decisions], ...program.save() });
  }

  get #open() {
    if (this.#program === null) throw new Error("the simulation is closed");
    return this.#program;
  }

  advance({ toStep = Infinity, budget = Infinity } = {}) {
    const program = this.#open;
    if (Number.isNaN(Number(toStep)) || Number.isNaN(Number(budget))) throw new TypeError("toStep and budget must be numbers");
    if (program.entered) throw new Error("a program cannot be advanced from within one of its steps");
    this.#arrived = false;
    const until = performance.now() + budget;
    for (let ran = false; ; ) {
      if (program.end) return "done";
      if (program.steps >= toStep) return "stopped";
      const due = program.replay?.next;
      if (due && program.steps === due.step && program.waits === due.wait) {
        program.replay.deliver();
        continue;
      }
      const milliseconds = Math.max(0, until - performance.now());
      if (ran && milliseconds === 0) return "more";
      const waits = program.advance(Math.min(toStep, stopBefore(due, program)), milliseconds);
      ran = true;
      checkReplay(due, program, waits);
      if (waits && !due) return "waiting";
    }
  }

  #arrive() {
    this.#arrived = true;
    for (const resolve of this.#arrivals.splice(0)) resolve();
  }

  arrival() {
    return this.#arrived ? Promise.resolve() : new Promise((resolve) => this.#arrivals.push(resolve));
  }

  get steps() {
    return this.#open.steps;
  }

  now() {
    return this.#open.now();
  }

  get end() {
    return this.#open.end;
  }

  get decisions() {
    return this.#decisions;
  }

  tasks() {
    return this.#open.tasks();
  }

  taskTree() {
    return this.#open.taskTree();
  }

  frames(task) {
    return this.#open.frames(task);
  }

  get memory() {
    return this.#open.memory;
  }

  describe(address, what) {
    return this.#open.describe(address, what);
  }

  get blocks() {
    return this.#open.blocks;
  }

  cancel(task, message = "") {
    return this.#open.cancelTask(task, message);
  }

  close() {
    this.#program?.abandon();
    this.#program = null;
  }
}

// The step at which the run must stop for what comes next; one that came during a wait comes before the next step.
const stopBefore = (due, { steps }) => (due === undefined ? Infinity : Math.max(due.step, steps + 1));

// It has run past what was to come, or waits before it.
function checkReplay(due, { steps, waits, end }, isWaiting) {
  if (!due) return;
  const missed = end !== null || steps > due.step || (steps === due.step && waits > due.wait);
  if (missed || (isWaiting && steps < due.step))
    throw new ReplayError(`after ${steps} steps the program does something else than in the recorded run`);
}
