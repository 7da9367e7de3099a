// C awaiting promises of JavaScript's.
import assert from "node:assert/strict";
import test from "node:test";
import { failure, load, tasksDone } from "./lib/wasm.mjs";

const later = (value, milliseconds = 2) => new Promise((resolve) => setTimeout(resolve, milliseconds, value));

test("a promise", async (context) => {
  const answers = {};
  const imports = {
    now: (key) => answers[key],
    soon: async (key) => answers[key],
    later: (key) => later(answers[key]),
    thenable: (key) => ({ then: (resolve) => resolve(answers[key]) }),
  };
  const { weft } = await load("promises", { imports });
  const values = [null, true, false, 0, -5, 2 ** 53 - 1, -(2 ** 31) - 1, 0.5, "", "täxt 𝄞", 2n ** 60n];
  for (const name of Object.keys(imports))
    await context.test(`${name}: resolves with a value`, async () => {
      for (const [key, value] of values.entries()) {
        answers[key] = value;
        assert.equal(await weft.run("ask", { name, argument: key }), value);
      }
    });
  await context.test("undefined is none", async () =>
    assert.equal(await weft.run("ask", { name: "soon", argument: "nothing" }), null),
  );
  await context.test("many at once resolve each on its own", async () => {
    const all = Array.from({ length: 200 }, (_, i) => i);
    for (const i of all) answers[`k${i}`] = i * i;
    const runs = all.map((i) => weft.run("ask", { name: "later", argument: `k${i}` }));
    assert.deepEqual(await Promise.all(runs), all.map((i) => i * i));
  });
});

test("arguments reach JavaScript, and a signal after them", async () => {
  const calls = [];
  const { weft } = await load("promises", {
    imports: { none: (...all) => void calls.push(all), many: (...all) => void calls.push(all) },
  });
  await weft.run("arguments");
  assert.equal(calls.length, 2);
  for (const call of calls) assert(call.pop() instanceof AbortSignal);
  assert.deepEqual(calls, [[], ["ä", true, 2, 2.5, -(2n ** 63n) + 1n, null, 3000000000]]);
});

test("a rejection", async (context) => {
  const imports = {
    rejects: () => Promise.reject(new Error("not today ✓")),
    throws() {
      throw new RangeError("too far");
    },
    rejectsWithText: () => Promise.reject("bare words"),
    rejectsWithNothing: () => Promise.reject(),
    object: () => ({ a: 1 }),
    wide: () => 2n ** 64n,
  };
  const { weft } = await load("promises", { imports });
  const messages = {
    rejects: "not today ✓",
    throws: "too far",
    rejectsWithText: "bare words",
    rejectsWithNothing: "undefined",
    object: "C takes null, booleans, numbers and strings, not an object (Object)",
    wide: "18446744073709551616 does not fit into 64 bits",
    unknown: 'the imports given to loadWeft have no function "unknown"',
    toString: 'the imports given to loadWeft have no function "toString"',
  };
  for (const [name, message] of Object.entries(messages))
    await context.test(`${name} is an error in C`, async () => {
      assert.equal(await weft.run("catches", { name }), `caught ${message}`);
      const error = await failure(weft.run("ask", { name }));
      assert.equal(error.name, "JavaScriptError");
      assert.equal(error.code, 13);
      assert.equal(error.message, message);
      assert.deepEqual(error.traceback.map((entry) => entry.function), ["ask"]);
    });
  await context.test("without imports says so, too", async () => {
    const bare = await load("promises");
    assert.match((await failure(bare.weft.run("ask", { name: "f" }))).message, /no function "f"/);
  });
});

test("a wait that ends early", async (context) => {
  const signals = [];
  const hang = (...all) => {
    signals.push(all.at(-1));
    return new Promise((_, reject) => all.at(-1).addEventListener("abort", () => reject(new Error("unheard"))));
  };
  const { weft, printed } = await load("promises", { imports: { hang } });

  await context.test("by cancellation aborts the call", async () => {
    const controller = new AbortController();
    const error = failure(weft.run("ask", { name: "hang" }, { signal: controller.signal }));
    await tasksDone();
    assert.equal(signals.at(-1).aborted, false);
    controller.abort();
    assert.equal((await error).name, "Cancelled");
    assert.equal(signals.at(-1).aborted, true);
  });
  await context.test("by a timeout aborts the call", async () => {
    const error = await failure(weft.run("impatient", { name: "hang", patience: 0.005 }));
    assert.equal(error.name, "TimedOut");
    assert.equal(signals.at(-1).aborted, true);
  });
  await context.test("by the end of the loop aborts the call", async () => {
    await weft.run("starts", { name: "hang" });
    assert.equal(signals.length, 3);
    assert.equal(signals.at(-1).aborted, true);
  });
  await tasksDone();
  assert.equal(printed.all, "");
});

test("a promise that settles after its wait is over is not heard", async () => {
  let settle;
  const slow = () => new Promise((resolve) => (settle = resolve));
  const { weft, printed } = await load("promises", { imports: { slow, soon: () => later(7) } });
  await failure(weft.run("impatient", { name: "slow", patience: 0.002 }));
  settle("late");
  assert.equal(await weft.run("ask", { name: "soon" }), 7);
  assert.equal(printed.all, "");
});

test("a pending promise holds the virtual clock", async () => {
  const { weft, printed } = await load("promises", { clock: "virtual", imports: { later: () => later(1, 5) } });
  await weft.run("beside");
  assert.equal(printed.stdout, "promise at 0\nslept until 1000\n");
});

test("promises leave no memory behind", async () => {
  let rejecting = false;
  const answer = async () => {
    if (rejecting) throw new Error("a message of some length");
    return "a string of some length";
  };
  const { weft } = await load("promises", { imports: { answer } });
  const { weft_wasm_allocate: allocate, weft_wasm_free: free, memory } = weft.instance.exports;
  const runs = async (count) => {
    for (let i = 0; i < count; i++) {
      rejecting = i % 2 === 1;
      await weft.run("catches", { name: "answer" });
    }
  };
  // where the next object lands tells whether anything is left where earlier ones were
  const landing = () => {
    const pointers = Array.from({ length: 200 }, () => allocate(64));
    pointers.forEach((pointer) => free(pointer));
    return Math.max(...pointers);
  };
  await runs(50);
  const before = { at: landing(), size: memory.buffer.byteLength };
  await runs(3000);
  assert.deepEqual({ at: landing(), size: memory.buffer.byteLength }, before);
});
