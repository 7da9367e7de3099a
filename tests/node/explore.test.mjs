// Exploring orders, shrinking decisions, and where two runs part: with made-up programs, and with real ones.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { endingOf, explore, firstDifference, shrink } from "../../wasm/explore.mjs";
import { loadWeft } from "../../wasm/weft.mjs";
import { at } from "./lib/project.mjs";

test("explore", async (context) => {
  const run = ({ seed }) => ({ signature: seed % 4 === 3 ? "deadlock" : seed === 6 ? "crash" : "ended" });
  await context.test("counts how many ended how, with the first seed of each", async () => {
    const { done, groups } = await explore({ seeds: 10, run });
    assert.equal(done, 10);
    assert.deepEqual(groups.map(({ signature, count, seed }) => [signature, count, seed]), [["ended", 7, 0], ["deadlock", 2, 3], ["crash", 1, 6]]);
  });
  await context.test("takes the seeds that it is given", async () => {
    const { groups } = await explore({ seeds: [7, 3], run });
    assert.deepEqual(groups.map(({ count, seed }) => [count, seed]), [[2, 3]]);
  });
  await context.test("has no more under way than it may, and knows the first seed all the same", async () => {
    let now = 0;
    let most = 0;
    const slowly = async ({ seed }) => {
      most = Math.max(most, ++now);
      for (let i = 0; i < (seed % 5) * 3; i++) await null;
      now--;
      return { signature: seed > 0 ? "b" : "a" };
    };
    const { groups } = await explore({ seeds: 50, concurrency: 3, run: slowly });
    assert.equal(most, 3);
    assert.deepEqual(groups.map(({ count, seed }) => [count, seed]), [[49, 1], [1, 0]]);
  });
  await context.test("tells how far it is, and ends early when told to", async () => {
    const controller = new AbortController();
    const told = [];
    const onProgress = ({ done, count, groups }) => {
      told.push([done, count, groups.length]);
      if (done === 4) controller.abort();
    };
    const { done } = await explore({ seeds: 10, run, onProgress, signal: controller.signal });
    assert.equal(done, 4);
    assert.deepEqual(told, [[1, 10, 1], [2, 10, 1], [3, 10, 1], [4, 10, 2]]);
  });
});

test("shrink", async (context) => {
  const program = (fails) => ({ decisions }) => ({ signature: fails((i) => decisions[i] ?? 0) ? "fails" : "ended" });
  const many = (length) => Array.from({ length }, (_, i) => (i * 7) % 5);
  const shrunk = async (decisions, fails, options) => shrink(decisions, program(fails), "fails", options);

  await context.test("leaves the one decision that counts", async () => {
    const { decisions, runs, holds } = await shrunk(many(200), (at) => at(123) > 0);
    assert.deepEqual([decisions, holds], [[...Array(123).fill(0), 1], true]);
    assert(runs < 40, `${runs} runs`);
  });
  await context.test("leaves two that count together, each as small as it can be", async () => {
    const { decisions } = await shrunk(many(60), (at) => at(3) > 0 && at(41) > 1);
    assert.deepEqual(decisions.flatMap((chosen, i) => (chosen === 0 ? [] : [[i, chosen]])), [[3, 1], [41, 2]]);
  });
  await context.test("finds the smallest value where it is not 1", async () =>
    assert.deepEqual((await shrunk([0, 900], (at) => at(1) >= 37)).decisions, [0, 37]),
  );
  await context.test("leaves nothing where the ordinary order fails, too", async () =>
    assert.deepEqual((await shrunk(many(50), () => true)).decisions, []),
  );
  await context.test("leaves no decision that could be 0 alone", async () => {
    for (let seed = 1; seed < 30; seed++) {
      const fails = (at) => (at(seed % 7) + at(seed % 11) + at(20)) % 3 === 1 || at(5) * at(9) > 4;
      const start = many(30).map((chosen, i) => (chosen + seed * i) % 4);
      if (!fails((i) => start[i] ?? 0)) continue;
      const { decisions, holds } = await shrunk(start, fails);
      assert(holds && fails((i) => decisions[i] ?? 0));
      for (const [place, chosen] of decisions.entries())
        if (chosen > 0) assert(!fails((i) => (i === place ? 0 : (decisions[i] ?? 0))), `${decisions} at ${place}`);
      assert.notEqual(decisions.at(-1), 0);
    }
  });
  await context.test("says so if the list does not lead there", async () =>
    assert.deepEqual(await shrunk([1, 2], () => false), { decisions: [1, 2], runs: 1, holds: false }),
  );
  await context.test("keeps to its limit of runs", async () => {
    let best = 0;
    const { runs, decisions } = await shrunk(many(300), (at) => at(7) > 0 && at(291) > 0, { limit: 8, onProgress: () => best++ });
    assert.equal(runs, 8);
    assert(best > 0 && decisions.length > 290);
  });
});

test("endings", async (context) => {
  const of = (run, options) => endingOf({ status: 0, output: "", ...run }, options);
  await context.test("are told apart", () => {
    const runs = [{}, { status: 3 }, { error: "IndexError: 5" }, { error: "Deadlock: nothing" }, { crash: "SIGSEGV" }, { endless: "did not end in 1 s" }];
    assert.deepEqual(runs.map((run) => of(run).kind), ["ended", "status", "error", "deadlock", "crash", "endless"]);
    assert.equal(new Set(runs.map((run) => of(run).signature)).size, runs.length);
    assert.deepEqual(runs.map((run) => of(run).failed), [false, true, true, true, true, true]);
  });
  await context.test("differ by the lines that were printed, in whatever order, unless they do not matter", () => {
    assert.notEqual(of({ output: "1" }).signature, of({ output: "2" }).signature);
    assert.notEqual(of({ output: "1\n1\n" }).signature, of({ output: "1\n" }).signature);
    assert.equal(of({ output: "1\n2\n" }).signature, of({ output: "2\n1\n" }).signature);
    assert.equal(of({ status: 1, output: "1" }).signature, of({ status: 1, output: "2" }).signature);
    assert.equal(of({ output: "1" }, { ignoreOutput: true }).signature, of({ output: "2" }, { ignoreOutput: true }).signature);
  });
  await context.test("a deadlock is the same whoever waits at the same places", () => {
    const deadlock = (...waits) => of({ error: ["Deadlock: nothing can wake the tasks any more:", ...waits].join("\n  ") }).signature;
    const one = deadlock("a (task 4) waits for event 2 at a.c:3 in f");
    assert.equal(one, deadlock("b (task 7) waits for event 9 at a.c:3 in f", "a (task 4) waits for event 2 at a.c:3 in f"));
    assert.notEqual(one, deadlock("a (task 4) waits for event 2 at a.c:4 in f"));
    assert.notEqual(one, deadlock("a (task 4) waits for lock 2 at a.c:3 in f"));
  });
});

test("where two runs part", async (context) => {
  const wasm = new WebAssembly.Module(readFileSync(at("build/wasm/tests/programs/choices.wasm")));
  const log = async (options) => {
    const chunks = [];
    const weft = await loadWeft({ wasm, clock: "virtual", print: () => {}, onEvent: (chunk) => chunks.push(chunk), ...options });
    await weft.main([]);
    return chunks;
  };
  const ordinary = await log({});
  await context.test("nowhere, if they are the same", async () => assert.equal(firstDifference(ordinary, await log({ decisions: [0, 0] })), null));
  // main's step, the first steps of three tasks, then they wake: the first of them is step 5
  await context.test("at the first step that comes in another order", async () => {
    assert.equal(firstDifference(ordinary, await log({ decisions: [1] })), 5);
    assert.equal(firstDifference(ordinary, await log({ decisions: [0, 1] })), 6);
  });
  await context.test("at a cancellation", async () => assert.equal(firstDifference(ordinary, await log({ injections: [{ step: 4, task: 1 }] })), 4));
  await context.test("where one of them ends", async () => {
    assert.equal(firstDifference(ordinary, []), 1);
    assert(firstDifference(ordinary, ordinary.slice(0, -1)) > 1);
  });
});
