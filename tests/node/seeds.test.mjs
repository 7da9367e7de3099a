// ./weft run --seeds: how many runs ended how, the shortest list of decisions, and the exit status.
import assert from "node:assert/strict";
import test from "node:test";
import { at, howItEnded, run, runModule } from "./lib/project.mjs";

const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WEFT_")));
const seeds = (options, command) => run(process.execPath, [at("wasm/seeds.mjs"), ...options, "--", ...command], { base: clean });
const native = (name) => [at("build/native", name)];
const wasm = (name) => [process.execPath, runModule, at("build/wasm", `${name}.wasm`)];

// The rows of the table: how they ended, with the number of runs and the first seed.
const rowsOf = (stdout) => new Map([...stdout.matchAll(/^ +(\d+) +(\d+)  (.*)$/gm)].map(([, count, seed, words]) => [words, { count, seed }]));

for (const [host, program, count] of [["native", native("examples/race"), 40], ["wasm", wasm("examples/race"), 12]])
  test(`a lost wake-up is found and made short: ${host}`, async () => {
    const { status, stdout, stderr } = await seeds(["--seeds", String(count), "--again", "run {}"], program);
    assert.equal(status, 1, stderr);
    assert.match(stdout, new RegExp(`^${count} runs ended in 2 ways:\n`));
    const rows = rowsOf(stdout);
    const deadlock = rows.get("Deadlock");
    assert.equal(Number(deadlock.count) + Number(rows.get("ended, as in the ordinary order").count), count);
    assert.match(stdout, new RegExp(`^Seed ${deadlock.seed}: Deadlock$`, "m"));
    assert.match(stdout, /^It takes one decision against the ordinary order \(found in \d+ runs\):$/m);
    const [, decisions] = /^ {2}run --decisions "([\d ]+)"$/m.exec(stdout);
    assert.equal(decisions.split(" ").filter((chosen) => chosen !== "0").length, 1);
    assert.match(stdout, /Task-1 \(task 1\) waits for the tasks of group/, "the tree of tasks");
    assert.match(stdout, /└── /, "the tree of tasks");
    const again = await run(program[0], program.slice(1), { base: clean, env: { WEFT_DECISIONS: decisions } });
    assert.equal(again.status, 1);
    assert.match(again.stderr, /^Deadlock: /m);
  });

test("a program without a race ends in one way, with status 0", async () => {
  const result = await seeds(["--seeds", "20"], native("examples/lock"));
  assert.equal(result.status, 0, howItEnded(result));
  assert.deepEqual([...rowsOf(result.stdout)], [["ended, as in the ordinary order", { count: "20", seed: "0" }]]);
});

test("every way to end is told, also of those that would not end", async () => {
  const { status, stdout } = await seeds(["--seeds", "24", "--limit", "1"], native("tests/programs/endings"));
  assert.equal(status, 1);
  const words = [...rowsOf(stdout).keys()].sort();
  assert.deepEqual(words, [
    "ErrorGroup: unhandled errors in a task group",
    "did not end in 1 s",
    "ended by SIGABRT",
    "ended with status 3",
    "ended, as in the ordinary order",
    "printed more than 1 MB",
  ]);
});

test("another output is another ending, unless it does not matter", async () => {
  const program = native("tests/programs/choices");
  const { status, stdout } = await seeds(["--seeds", "10"], program);
  assert.equal(status, 1);
  assert.match(stdout, /ended, but it printed "\d{3}"/);
  const ignoring = await seeds(["--seeds", "10", "--ignore-output"], program);
  assert.equal(ignoring.status, 0, ignoring.stdout);
  assert.match(ignoring.stdout, /^10 runs ended in 1 way:/);
});

test("the order of ready tasks is varied only if asked", async () => {
  const program = native("examples/create_task");
  const ready = async (...options) => (await seeds(["--seeds", "6", ...options, "--ignore-output"], program)).status;
  assert.equal(await ready(), 0);
  assert.equal(await ready("--permute-ready"), 0);
});
