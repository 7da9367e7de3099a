// What a program's tasks are waiting for, as JavaScript is told while it runs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { at } from "./lib/project.mjs";
import { load, modulePath } from "./lib/wasm.mjs";

const until = async (holds) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};

// The first line of the program that has this text.
const lineOf = (text) => readFileSync(at("tests/wasm/waits.c"), "utf8").split("\n").findIndex((line) => line.includes(text)) + 1;

// Sleepers that go on until they are told to stop, at the latest when the test ends: a failed one would wait for them.
function start(topic, weft, fields) {
  const controller = new AbortController();
  const run = weft.run("crowd", fields, { signal: controller.signal });
  const stop = async () => {
    controller.abort();
    await run.catch(() => {});
  };
  topic.after(stop);
  return { run, stop };
}

test("tasks", async (context) => {
  await context.test("are none before a run and after it", async () => {
    const { weft } = await load("waits", { clock: "virtual" });
    assert.deepEqual(weft.tasks(), []);
    assert.equal(weft.taskTree(), "");
    await weft.run("wait", { seconds: 1 });
    assert.deepEqual(weft.tasks(), []);
    assert.equal(weft.taskTree(), "");
  });
  await context.test("on the real clock tell what they wait for, and who awaits them", async (topic) => {
    const { weft } = await load("waits");
    const { run, stop } = start(topic, weft, { count: 2, step: 1000 });
    await until(() => weft.tasks().length === 3);
    await until(() => weft.tasks().every(({ state }) => state === "waiting"));
    const [crowd, first, second] = weft.tasks();
    assert.equal(crowd.name, "Task-1");
    assert.equal(crowd.waitsFor.what, "group");
    assert.deepEqual(crowd.awaitedBy, []);
    assert.deepEqual(first.awaitedBy, [1]);
    assert.equal(second.waitsFor.what, "timer");
    assert(second.waitsFor.seconds > first.waitsFor.seconds && second.waitsFor.seconds <= 2000);
    assert.equal(second.stack.length, 1);
    assert.equal(second.stack[0].function, "wait");
    assert.match(second.stack[0].file, /waits\.c$/);
    assert.equal(second.stack[0].line, lineOf("weft_await(weft_sleep(self->seconds))"));
    assert.match(weft.taskTree(), /^Task-1 \(task 1\) waits for the tasks of group 2\n│ .+ in crowd\n└── group 2, opened at /);
    await stop();
    await assert.rejects(run, { name: "Cancelled" });
    assert.deepEqual(weft.tasks(), []);
  });
  await context.test("on the virtual clock, asked by the program itself", async () => {
    const seen = [];
    let weft;
    const print = () => seen.push({ tasks: weft.tasks(), tree: weft.taskTree() });
    ({ weft } = await load("waits", { clock: "virtual", print }));
    await weft.run("race");
    assert(seen.length > 0);
    for (const { tasks, tree } of seen) {
      assert.equal(tasks.filter(({ state }) => state === "running").length, 1);
      assert.match(tree, / runs\n/);
    }
  });
  await context.test("are many", async (topic) => {
    const { weft } = await load("waits");
    const { stop } = start(topic, weft, { count: 500, step: 1000 });
    await until(() => weft.tasks().length === 501);
    assert.equal(new Set(weft.tasks().map(({ id }) => id)).size, 501);
    await stop();
  });
});

test("a module that runs under Node tells its tasks at SIGUSR2", async () => {
  const child = spawn(process.execPath, [at("wasm/run.mjs"), modulePath("program"), "sleep"]);
  let told = "";
  child.stderr.on("data", (text) => (told += text));
  child.stdout.once("data", () => child.kill("SIGUSR2"));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await until(() => told.includes("Task-1") || child.exitCode !== null);
  child.kill("SIGKILL");
  await ended;
  assert.match(told, new RegExp(`^weft: 1 task in process ${child.pid}\nTask-1 \\(task 1\\) waits for a timer, .+ s left\n    at `));
});
