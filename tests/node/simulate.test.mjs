// A program in virtual time that runs when it is told to: the same steps as with loadWeft, wherever it is stopped.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { loadWeft, simulate } from "../../wasm/weft.mjs";
import { at, filesOf, stem } from "./lib/project.mjs";
import { failure, moduleNamed, tasksDone } from "./lib/wasm.mjs";

const examples = filesOf("examples", /\.c$/).map(stem);
const exampleModule = (name) => new WebAssembly.Module(readFileSync(at("build/wasm/examples", `${name}.wasm`)));

// Options that keep what a program says, and its log.
function kept() {
  const said = { text: "", log: [], external: [] };
  return {
    said,
    options: {
      print: (text) => (said.text += text),
      onEvent: (chunk, base) => {
        if (base === 0) said.log = [];
        said.log.push(Buffer.from(chunk));
      },
      onExternal: (external) => said.external.push(external),
    },
  };
}
const logOf = ({ log }) => Buffer.concat(log);


function resumesIn(said) {
  const log = logOf(said);
  let count = 0;
  for (let at = 0; at < log.length; at += 32)
    if (log[at + 24] === 1) at += Math.ceil(log.readUInt32LE(at + 28) / 32) * 32; // a text
    else if (log[at + 24] === 6) count++;
  return count;
}

async function start(what, more = {}) {
  const { said, options } = kept();
  const simulation = await simulate({ wasm: moduleNamed("simulated"), args: [what], ...options, ...more });
  return { simulation, said };
}

async function loaded(module, more = {}, args = []) {
  const { said, options } = kept();
  const weft = await loadWeft({ wasm: module, clock: "virtual", ...options, ...more });
  said.status = await weft.main(args);
  return said;
}

test("an example is simulated as loadWeft runs it", async (context) => {
  for (const name of examples)
    await context.test(name, async () => {
      const module = exampleModule(name);
      const seed = 3;
      const whole = await loaded(module, { seed });
      const { said, options } = kept();
      const simulation = await simulate({ wasm: module, seed, ...options });
      assert.equal(simulation.advance(), "done");
      assert.equal(simulation.end.status, whole.status);
      assert.equal(simulation.end.error === null, whole.status === 0); // in another order an example may fail
      assert.equal(said.text, whole.text);
      assert.ok(logOf(said).equals(logOf(whole)), "the logs differ");

      // stopped at every step
      const stepwise = kept();
      const slow = await simulate({ wasm: module, seed, ...stepwise.options });
      let steps = 0;
      while (slow.advance({ toStep: steps + 1 }) === "stopped") {
        assert.ok(slow.steps > steps);
        steps = slow.steps;
        slow.taskTree(); // looking changes nothing
        for (const { id } of slow.tasks()) assert.ok(slow.frames(id).length > 0);
      }
      assert.equal(steps, simulation.steps);
      assert.equal(stepwise.said.text, whole.text);
      assert.ok(logOf(stepwise.said).equals(logOf(whole)), "the logs differ");
    });
});

test("advance", async (context) => {
  await context.test("does nothing before its first call", async () => {
    const { simulation, said } = await start("ties");
    assert.equal(simulation.steps, 0);
    assert.equal(simulation.end, null);
    assert.equal(simulation.advance({ toStep: 0 }), "stopped");
    assert.equal(simulation.now(), 0);
    assert.equal(said.text, "");
  });
  await context.test("stands right behind the step: the clock has not moved", async () => {
    const { simulation } = await start("ties");
    assert.equal(simulation.advance({ toStep: 4 }), "stopped");
    assert.equal(simulation.now(), 0);
    assert.equal(simulation.advance({ toStep: 5 }), "stopped");
    assert.equal(simulation.now(), 1);
  });
  await context.test("counts eager starts, and stops behind the step around them", async () => {
    const { simulation } = await start("eager");
    assert.equal(simulation.advance({ toStep: 1 }), "stopped");
    assert.equal(simulation.steps, 3);
    assert.equal(simulation.advance({ toStep: 2 }), "stopped");
    assert.equal(simulation.steps, 3);
  });
  await context.test("comes back when its time is over", async () => {
    const { simulation } = await start("ticks");
    assert.equal(simulation.advance({ budget: 1 }), "more");
    assert.ok(simulation.steps > 0);
    assert.equal(simulation.advance({ toStep: simulation.steps + 5, budget: 1000 }), "stopped");
  });
  await context.test("says that it is done as often as it is asked", async () => {
    const { simulation } = await start("ties");
    for (let i = 0; i < 3; i++) assert.equal(simulation.advance(), "done");
    assert.equal(simulation.end.status, 0);
    assert.deepEqual(simulation.tasks(), []);
  });
  await context.test("refuses what is no number, and a closed simulation", async () => {
    const { simulation } = await start("ties");
    assert.throws(() => simulation.advance({ toStep: "soon" }), TypeError);
    simulation.close();
    assert.throws(() => simulation.advance(), /closed/);
    simulation.close();
  });
  await context.test("cannot be called by what the program calls", async () => {
    let simulation, said;
    const print = () => {
      try {
        simulation.advance();
      } catch (error) {
        said = error.message;
      }
    };
    ({ simulation } = await start("ties", { print }));
    assert.equal(simulation.advance(), "done");
    assert.match(said, /within one of its steps/);
  });
});

test("how it ends is a value", async (context) => {
  await context.test("an error, with its traceback", async () => {
    const { simulation, said } = await start("fails");
    simulation.advance();
    const { status, error, crash } = simulation.end;
    assert.deepEqual([status, error.name, error.message, crash], [1, "RuntimeError", "on purpose", null]);
    assert.equal(error.traceback[0].function, "fails");
    assert.match(said.text, /RuntimeError: on purpose/);
  });
  await context.test("a deadlock", async () => {
    const { simulation } = await start("deadlocks");
    simulation.advance();
    assert.equal(simulation.end.error.name, "Deadlock");
  });
  await context.test("no memory", async () => {
    const { simulation } = await start("eats_memory");
    simulation.advance();
    assert.equal(simulation.end.error.name, "OutOfMemory");
  });
  await context.test("a crash", async () => {
    const { simulation, said } = await start("traps");
    assert.equal(simulation.advance(), "done");
    const { status, error, crash } = simulation.end;
    assert.deepEqual([status, error], [null, null]);
    assert.ok(crash instanceof WebAssembly.RuntimeError);
    assert.match(crash.message, /unreachable/);
    assert.deepEqual([simulation.steps, simulation.now()], [2, 1]);
    assert.equal(said.text, "before\n");
    assert.equal(resumesIn(said), 2, "the log is whole");
    assert.deepEqual(simulation.frames(1).map((frame) => frame.function), ["traps"]);
  });
  await context.test("a main that runs no coroutine", async () => {
    const { simulation, said } = await start("nothing");
    assert.deepEqual(simulation.end, { status: 3, error: null, crash: null });
    assert.equal(said.text, "there is no nothing\n");
  });
  await context.test("no main is the caller's mistake", async () =>
    assert.match((await failure(simulate({ wasm: moduleNamed("values") }))).message, /has no main/),
  );
});

test("choices", async (context) => {
  const ordered = async (options) => {
    const { simulation, said } = await start("ties", options);
    simulation.advance();
    return [said.text.trim().split("\n").join(""), simulation.decisions];
  };
  await context.test("none by default", async () =>
    assert.deepEqual(await ordered({}), [
      "123",
      [
        { kind: "timer-tie", candidates: 3, chosen: 0 },
        { kind: "timer-tie", candidates: 2, chosen: 0 },
      ],
    ]),
  );
  await context.test("are taken from the list, and told", async () => {
    const [order, decisions] = await ordered({ decisions: [2, 1] });
    assert.equal(order, "321");
    assert.deepEqual(decisions.map(({ chosen }) => chosen), [2, 1]);
  });
  await context.test("of a seed can be repeated by what was told", async () => {
    const [order, decisions] = await ordered({ seed: 4 });
    const [again] = await ordered({ decisions: decisions.map(({ chosen }) => chosen) });
    assert.equal(again, order);
  });
  await context.test("among ready tasks only if asked", async () => {
    const [, usual] = await ordered({ seed: 5 });
    assert.ok(usual.every(({ kind }) => kind === "timer-tie"));
    const [, permuted] = await ordered({ seed: 5, permuteReady: true });
    assert.ok(permuted.some(({ kind }) => kind === "ready"));
  });
});

test("cancellations", async (context) => {
  await context.test("are injected before a step", async () => {
    const first = await start("waits");
    first.simulation.advance({ toStep: 1 });
    const [{ id }] = first.simulation.tasks();
    const { simulation, said } = await start("waits", { injections: [{ step: 2, task: id }] });
    simulation.advance();
    assert.match(said.text, /^cancelled at 1000: \n/);
    assert.equal(simulation.end.error.name, "Cancelled");
  });
  await context.test("come at once from outside, and can be replayed", async () => {
    const { simulation, said } = await start("waits");
    simulation.advance({ toStep: 1 });
    const [{ id }] = simulation.tasks();
    assert.equal(simulation.cancel(id, "enough"), true);
    assert.equal(simulation.cancel(99), false);
    assert.equal(simulation.advance(), "done");
    assert.match(said.text, /^cancelled at 0: enough\n/);
    assert.equal(simulation.cancel(id), false);
    const again = await start("waits", { external: said.external });
    assert.equal(again.simulation.advance(), "done");
    assert.ok(logOf(again.said).equals(logOf(said)), "the logs differ");
  });
});

test("frames", async () => {
  const { simulation } = await start("ties");
  simulation.advance({ toStep: 4 });
  const [main, one, two] = simulation.tasks();
  assert.deepEqual(simulation.frames(main.id).map((frame) => frame.function), ["ties"]);
  const [frame] = simulation.frames(two.id);
  assert.deepEqual([frame.function, frame.fields.map(({ name }) => name)], ["sleeps", ["number", "seconds", "tired", "name"]]);
  assert.match(frame.file, /simulated\.c$/);
  assert.equal(frame.line, two.stack[0].line);
  const member = (name) => frame.address + frame.fields.find((field) => field.name === name).offset;
  assert.equal(simulation.memory.getInt32(member("number"), true), 2);
  assert.equal(simulation.memory.getFloat64(member("seconds"), true), 1);
  assert.notEqual(simulation.frames(one.id)[0].address, frame.address);
  assert.deepEqual(simulation.frames(4711), []);
});

test("a checkpoint", async (context) => {
  for (const name of ["generator", "race", "to_thread", "workers"])
    await context.test(`of ${name} goes on as it would have gone on`, async () => {
      const { said, options } = kept();
      const module = exampleModule(name);
      const whole = await simulate({ wasm: module, external: [], seed: 7, ...options });
      const checkpoints = [];
      while (whole.advance({ toStep: whole.steps + 1 }) === "stopped")
        checkpoints.push({ checkpoint: whole.checkpoint(), records: logOf(said).length });
      for (const { checkpoint, records } of checkpoints) {
        const rest = kept();
        let first = null;
        const onEvent = (chunk, base) => {
          first ??= base;
          rest.said.log.push(Buffer.from(chunk));
        };
        const simulation = await simulate({ wasm: module, external: [], seed: 7, ...rest.options, onEvent, from: checkpoint });
        assert.equal(simulation.steps, checkpoint.steps);
        assert.equal(simulation.advance(), "done");
        assert.equal(first ?? records / 32, records / 32); // there may be nothing more
        assert.ok(logOf(rest.said).equals(logOf(said).subarray(records)), `the log differs after step ${checkpoint.steps}`);
        assert.deepEqual(simulation.decisions, whole.decisions);
      }
    });
  await context.test("is for replays only", async () => {
    const { simulation } = await start("ties");
    assert.throws(() => simulation.checkpoint(), /only a replay/);
  });
});

test("the world outside", async (context) => {
  let pending = [];
  const imports = {
    later: (number) => new Promise((resolve) => pending.push(() => resolve(number * 10))),
    at_once: (number) => number,
    fails: () => Promise.reject(new Error("no")),
    never: (number, signal) => new Promise(() => signal.addEventListener("abort", () => aborted++)),
  };
  let aborted = 0;
  // Runs it to the end and lets come what is pending when it waits, the last first and two at a time.
  async function live(more) {
    pending = [];
    const { simulation, said } = await start("outside", { imports, ...more });
    for (;;) {
      const state = simulation.advance();
      if (state === "done") return { simulation, said };
      assert.equal(state, "waiting");
      const arrival = simulation.arrival();
      for (const resolve of pending.splice(-2).reverse()) resolve();
      await arrival;
      await tasksDone(1);
    }
  }
  await context.test("is waited for", async () => {
    const { simulation, said } = await live();
    assert.deepEqual(simulation.end, { status: 0, error: null, crash: null });
    assert.deepEqual(said.text.trim().split("\n"), [
      "at_once 5: 5 at 0", "fails 6: no", "later 4: 40 at 0", "later 3: 30 at 0", "later 2: 20 at 0", "later 1: 10 at 0", "later 8: 80 at 0",
      "later 9: 90 at 2",
    ]);
    assert.equal(aborted, 1);
    assert.ok(simulation.decisions.some(({ kind }) => kind === "external"));
  });
  for (const [title, more] of Object.entries({ "in order": {}, "as a seed chooses": { seed: 11 } }))
    await context.test(`is replayed exactly, ${title}`, async () => {
      const { simulation, said } = await live(more);
      const called = () => assert.fail("a replay calls nothing");
      for (const stops of [[], Array.from({ length: simulation.steps }, (_, i) => i + 1)]) {
        const again = await start("outside", { ...more, external: structuredClone(said.external), imports: { later: called, at_once: called } });
        for (const toStep of stops) assert.equal(again.simulation.advance({ toStep }), "stopped");
        assert.equal(again.simulation.advance(), "done");
        assert.equal(again.said.text, said.text);
        assert.ok(logOf(again.said).equals(logOf(said)), "the logs differ");
      }
    });
  await context.test("is replayed from any checkpoint, too", async () => {
    const { simulation: first, said } = await live();
    for (let step = 1; step < first.steps; step++) {
      const { simulation } = await start("outside", { external: said.external });
      simulation.advance({ toStep: step });
      const again = await start("outside", { external: said.external, from: simulation.checkpoint() });
      assert.equal(again.simulation.advance(), "done");
      const log = logOf(again.said);
      assert.ok(log.length > 0 && logOf(said).subarray(-log.length).equals(log), `the log differs after step ${step}`);
    }
  });
  await context.test("of a run of loadWeft's is replayed, with its cancellation", async () => {
    const { said, options } = kept();
    const controller = new AbortController();
    pending = [];
    const weft = await loadWeft({ wasm: moduleNamed("simulated"), clock: "virtual", imports, ...options });
    const main = weft.main(["outside"], { signal: controller.signal });
    await tasksDone();
    pending.pop()();
    await tasksDone();
    controller.abort(new Error("closing"));
    assert.equal(await main, 1);
    assert.deepEqual(said.external.map(({ what }) => what), ["value", "error", "value", "cancel"]);
    const again = await start("outside", { external: said.external });
    assert.equal(again.simulation.advance(), "done");
    assert.equal(again.said.text, said.text);
    assert.ok(logOf(again.said).equals(logOf(said)), "the logs differ");
  });
  await context.test("waits for ever where the record ends", async () => {
    const { said } = await live();
    const { simulation } = await start("outside", { external: said.external.slice(0, 3) });
    for (let i = 0; i < 3; i++) assert.equal(simulation.advance(), "waiting");
  });
  await context.test("that does not fit is no replay", async () => {
    const { said } = await live();
    const { simulation } = await start("ties", { external: said.external });
    assert.throws(() => simulation.advance(), { name: "ReplayError" });
    const moved = said.external.map((each) => (each.wait === null ? each : { ...each, id: each.id + 1 }));
    const other = await start("outside", { external: moved });
    assert.throws(() => other.simulation.advance(), { name: "ReplayError" });
  });
  await context.test("is told when nobody waits any more", async () => {
    aborted = 0;
    const { simulation } = await start("outside", { imports });
    simulation.advance({ toStep: 8 });
    simulation.close();
    assert.equal(aborted, 1);
  });
});
