// Timers, hops and clocks: with a setTimeout and a clock of the test's own.
import assert from "node:assert/strict";
import test from "node:test";
import { failure, load, tasksDone } from "./lib/wasm.mjs";

// Replaces the event loop's timers. Times are milliseconds.
function fakeTimers(context) {
  const set = new Map();
  const fake = { time: 0, longestCrowd: 0, calls: [], inCallback: false, nested: 0, broken: false };
  let last = 0;
  context.mock.method(performance, "now", () => fake.time);
  context.mock.method(globalThis, "setTimeout", (callback, milliseconds) => {
    if (fake.broken) throw new Error("no timers");
    if (fake.inCallback) fake.nested++;
    fake.calls.push(milliseconds);
    set.set(++last, { callback, due: fake.time + milliseconds });
    fake.longestCrowd = Math.max(fake.longestCrowd, set.size);
    return last;
  });
  context.mock.method(globalThis, "clearTimeout", (id) => set.delete(id));
  fake.pending = () => [...set.values()].map(({ due }) => due);
  // Lets the clock show `time` and the earliest timer fire, whether it is due or not.
  fake.fireAt = async (time) => {
    fake.time = time;
    const [id, { callback }] = [...set].sort(([, a], [, b]) => a.due - b.due)[0];
    set.delete(id);
    fake.inCallback = true;
    callback();
    fake.inCallback = false;
    await fake.beforeHop?.();
    await tasksDone();
  };
  return fake;
}

const state = (promise) => {
  const seen = { done: false };
  promise.then((value) => Object.assign(seen, { done: true, value }));
  return seen;
};

test("one timer", async (context) => {
  await context.test("is rounded up to a millisecond", async (t) => {
    const fake = fakeTimers(t);
    const { weft } = await load("waits");
    const run = state(weft.run("wait", { seconds: 0.0101 }));
    await tasksDone();
    assert.deepEqual(fake.calls, [11]);
    await fake.fireAt(11);
    assert.equal(run.value, 0.011);
    assert.deepEqual(fake.pending(), []);
  });

  await context.test("that fires early is set again for the rest", async (t) => {
    const fake = fakeTimers(t);
    const { weft } = await load("waits");
    const run = state(weft.run("wait", { seconds: 1 }));
    await tasksDone();
    await fake.fireAt(999.5);
    assert.equal(run.done, false);
    assert.deepEqual(fake.calls, [1000, 1]);
    await fake.fireAt(1000.5);
    assert.equal(run.value, 1.0005);
  });

  await context.test("is never set for longer than 31 bits", async (t) => {
    const fake = fakeTimers(t);
    const { weft } = await load("waits");
    const run = state(weft.run("wait", { seconds: 3e6 }));
    await tasksDone();
    assert.deepEqual(fake.calls, [2 ** 31 - 1]);
    await fake.fireAt(2 ** 31 - 1);
    assert.equal(run.done, false);
    assert.deepEqual(fake.calls, [2 ** 31 - 1, 3e9 - (2 ** 31 - 1)]);
    await fake.fireAt(3e9);
    assert.equal(run.value, 3e6);
  });

  await context.test("serves a thousand sleepers", async (t) => {
    const fake = fakeTimers(t);
    const { weft } = await load("waits");
    const run = state(weft.run("crowd", { count: 1000, step: 0.01 }));
    await tasksDone();
    while (fake.pending().length > 0) await fake.fireAt(Math.min(...fake.pending()));
    assert.equal(run.value, 1000);
    assert.equal(fake.longestCrowd, 1);
    assert(fake.calls.length >= 1000);
    assert.equal(fake.nested, 0, "a timer was set inside a timer's callback");
  });

  await context.test("only hops", async (t) => {
    const fake = fakeTimers(t);
    const { weft } = await load("waits");
    const run = state(weft.run("wait", { seconds: 0.01 }));
    await tasksDone();
    let doneByCallback;
    fake.beforeHop = async () => {
      for (let i = 0; i < 20; i++) await null; // as many microtasks as a promise could need
      doneByCallback = run.done;
    };
    await fake.fireAt(10);
    assert.equal(doneByCallback, false, "the loop was turned within the timer's callback");
    assert.equal(run.done, true);
  });

  await context.test("is dropped with its loop", async (t) => {
    const fake = fakeTimers(t);
    const { weft } = await load("waits");
    const controller = new AbortController();
    const error = failure(weft.run("wait", { seconds: 1 }, { signal: controller.signal }));
    await tasksDone();
    assert.deepEqual(fake.pending(), [1000]);
    controller.abort();
    assert.equal((await error).name, "Cancelled");
    await tasksDone();
    assert.deepEqual(fake.pending(), []);
  });

  await context.test("that the platform refuses is reported", async (t) => {
    const fake = fakeTimers(t);
    const { weft, printed } = await load("waits");
    fake.broken = true;
    const controller = new AbortController();
    const error = failure(weft.run("wait", { seconds: 1 }, { signal: controller.signal }));
    await tasksDone();
    assert.match(printed.stderr, /cannot set a timer: JavaScript could not set a timer/);
    controller.abort();
    assert.equal((await error).name, "Cancelled");
  });
});

test("a hop goes through a MessageChannel where there is no setImmediate", async (context) => {
  const ports = [];
  const { MessageChannel, setImmediate } = globalThis;
  context.mock.property?.(globalThis, "setImmediate", undefined);
  globalThis.setImmediate = undefined;
  globalThis.MessageChannel = class {
    constructor() {
      Object.assign(this, (({ port1, port2 }) => ({ port1, port2 }))(new MessageChannel()));
      ports.push(this.port1);
    }
  };
  let loaded;
  try {
    loaded = await load("waits");
  } finally {
    Object.assign(globalThis, { MessageChannel, setImmediate });
  }
  context.after(() => ports.forEach((port) => port.close()));
  assert.equal(ports.length, 1);
  assert((await loaded.weft.run("wait", { seconds: 0.005 })) >= 0.005);
  assert.equal(await loaded.weft.run("crowd", { count: 20, step: 0.001 }), 20);
});

test("long work goes in slices", async (context) => {
  for (const clock of ["real", "virtual"])
    await context.test(`on the ${clock} clock`, async () => {
      const { weft } = await load("waits", { clock });
      const run = state(weft.run("spin", { steps: 2_000_000 }));
      let slices = 0;
      while (!run.done) {
        await new Promise((resolve) => setImmediate(resolve));
        slices++;
      }
      assert(slices > 3, `it had the thread for all but ${slices} moments`);
    });
});

test("the virtual clock", async (context) => {
  await context.test("takes no time", async (t) => {
    const fake = fakeTimers(t);
    const { weft } = await load("waits", { clock: "virtual" });
    assert.equal(await weft.run("wait", { seconds: 86400 * 365 }), 86400 * 365);
    assert.deepEqual(fake.calls, []);
  });
  await context.test("starts at zero for every loop", async () => {
    const { weft } = await load("waits", { clock: "virtual" });
    assert.equal(weft.now(), 0);
    assert.equal(await weft.run("wait", { seconds: 5 }), 5);
    assert.equal(await weft.run("wait", { seconds: 3 }), 3);
    assert.equal(weft.now(), 3);
  });
  await context.test("is the clock of C's library, too", async () => {
    const { weft, printed } = await load("waits", { clock: "virtual" });
    const first = await weft.run("world");
    assert.equal(printed.stdout, "3600 seconds later\nbusy for 1\n");
    assert.equal((await load("waits", { clock: "virtual" })).weft.constructor, Object);
    assert.equal(await (await load("waits", { clock: "virtual" })).weft.run("world"), first);
  });
  await context.test("passes while C's library sleeps", async () => {
    const { weft } = await load("waits", { clock: "virtual" });
    const slept = await weft.run("doze");
    assert.ok(slept >= 0.3 && slept < 0.31, `${slept} s`);
  });

  const race = async (options) => {
    const { weft, printed } = await load("waits", { clock: "virtual", ...options });
    await weft.run("race");
    return printed.stdout.replaceAll("\n", "");
  };
  await context.test("is first in, first out without a seed", async () => assert.equal(await race(), "01234567"));
  await context.test("repeats itself for a seed", async () => {
    const orders = new Set();
    for (const seed of [1, 2, 3, 4, 5]) {
      const order = await race({ seed });
      assert.equal(await race({ seed }), order);
      assert.equal([...order].sort().join(""), "01234567");
      orders.add(order);
    }
    assert(orders.size > 1, "every seed chose alike");
  });
  await context.test("follows decisions", async () => {
    assert.equal(await race({ decisions: [7] }), "70123456");
    assert.equal(await race({ decisions: [1, 1] }), "12034567");
  });
});
