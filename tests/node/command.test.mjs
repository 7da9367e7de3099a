// The weft command: what it accepts, what it hands to programs, what it refuses.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { at, howItEnded, run } from "./lib/project.mjs";

const elsewhere = mkdtempSync(join(tmpdir(), "weft-command-"));
after(() => rmSync(elsewhere, { recursive: true }));

// always from a folder that is not the project's, without settings of whoever runs the tests
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WEFT_")));
const weft = (...args) => run(at("weft"), args, { cwd: elsewhere, base: clean });
const program = (name) => at("tests/node/programs", name);

test("help", async (context) => {
  for (const args of [[], ["help"], ["--help"]])
    await context.test(`weft ${args.join(" ")}: usage on stdout, status 0`, async () => {
      const result = await weft(...args);
      assert.equal(result.status, 0);
      for (const command of ["play", "run", "test", "fuzz", "bench", "build", "setup"])
        assert.match(result.stdout, new RegExp(`^  \\./weft ${command}\\b`, "m"));
    });
});

test("misuse", async (context) => {
  const cases = [
    ["frobnicate"],
    ["setup", "now"],
    ["build", "all"],
    ["play", "--port"],
    ["play", "--port", "http"],
    ["play", "--fast"],
    ["run"],
    ["run", "--fast", program("nap.c")],
    ["run", program("nap.c"), program("nap.c")],
    ["run", program("nap.c"), "--seed", "x"],
    ["run", program("nap.c"), "--decisions", "missing.txt"],
    ["run", program("nap.c"), "--seeds", "0"],
    ["run", program("nap.c"), "--seeds", "some"],
    ["run", program("nap.c"), "--seeds", "5", "--limit", "0"],
    ["run", program("nap.c"), "--ignore-output"],
    ["run", program("nap.c"), "--trace"],
    ["run", program("nap.c"), "--param"],
    ["run", program("nap.c"), "--param", "seconds"],
    ["run", program("nap.c"), "--param", "=3"],
    ["run", program("nap.c"), "--param", "seconds="],
    ["test", "no-such-test"],
  ];
  for (const args of cases)
    await context.test(`weft ${args.map((arg) => arg.replace(/.*\//, "")).join(" ")}: status 2`, async () => {
      const result = await weft(...args);
      assert.equal(result.status, 2, howItEnded(result));
      assert.match(result.stderr, /^weft: .+; see \.\/weft help\n$/);
      assert.equal(result.stdout, "");
    });
});

test("run", async (context) => {
  await context.test("a missing file is named", async () => {
    const result = await weft("run", "nowhere.c");
    assert.equal(result.status, 1);
    assert.match(result.stderr, /nowhere\.c/);
  });
  await context.test("hands over arguments and returns the program's status", async () => {
    const result = await weft("run", program("arguments.c"), "--", "one", "--wasm", "t w o");
    assert.equal(result.stdout, "argument one\nargument --wasm\nargument t w o\n");
    assert.equal(result.status, 7, howItEnded(result));
  });
  await context.test("hands over the settings; a seed and decisions imply the virtual clock", async () => {
    writeFileSync(join(elsewhere, "decisions.txt"), "1 0 2\n");
    const settings = ["--seed", "5", "--decisions", "decisions.txt", "--trace", "out.json"];
    const result = await weft("run", ...settings, program("arguments.c"));
    assert.deepEqual(result.stdout.trim().split("\n"), [
      "WEFT_VIRTUAL=1",
      "WEFT_SEED=5",
      "WEFT_DECISIONS=1 0 2 ",
      "WEFT_TRACE=out.json",
    ]);
  });
  await context.test("takes decisions in place, too, and hands over whether ready tasks vary", async () => {
    const result = await weft("run", "--decisions", "3 0 1", "--permute-ready", program("arguments.c"));
    assert.deepEqual(result.stdout.trim().split("\n"), ["WEFT_VIRTUAL=1", "WEFT_DECISIONS=3 0 1", "WEFT_PERMUTE_READY=1"]);
  });
  await context.test("with seeds: says how to run what it has found once more", async () => {
    const result = await weft("run", at("examples/race.c"), "--seeds", "8", "--", "a b");
    assert.equal(result.status, 1, howItEnded(result));
    assert.match(result.stdout, /^ {2}\.\/weft run \S*race\.c --decisions "[0 ]*\d" -- a\\ b$/m);
  });
  await context.test("refuses a local variable that is lost across an await", async () => {
    const result = await weft("run", at("tests/compile-fail/local_array.c"));
    assert.equal(result.status, 1);
    assert.match(result.stderr, /jumps over variable initialization/);
  });
  for (const options of [[], ["--virtual"], ["--wasm"], ["--wasm", "--virtual"], ["--wasm", "--threads"]])
    await context.test(`${options.join(" ") || "natively"}: runs a coroutine`, async () => {
      const result = await weft("run", ...options, program("nap.c"));
      assert.equal(result.stdout, "rested\n", howItEnded(result));
      assert.equal(result.status, 0, howItEnded(result));
    });
  for (const options of [[], ["--wasm"]])
    await context.test(`${options.join(" ") || "natively"}: sets parameters`, async () => {
      const params = ["--param", "permits=5", "--param", "fair=false"];
      const result = await weft("run", ...params, ...options, at("tests/programs/params.c"));
      assert.equal(result.stdout, "permits 5, delay 0.5, fair false\n", howItEnded(result));
      assert.equal(result.status, 0, howItEnded(result));
    });
  await context.test("says what threads go with", async () => {
    const natively = await weft("run", "--threads", program("nap.c"));
    assert.match(natively.stderr, /--threads goes with --wasm/);
    const virtually = await weft("run", "--wasm", "--threads", "--virtual", program("nap.c"));
    assert.match(virtually.stderr, /--threads runs on the real clock/);
  });
  await context.test("names a parameter that the program does not have", async () => {
    const result = await weft("run", "--param", "permits=5", "--param", "permit=5", at("tests/programs/params.c"));
    assert.equal(result.status, 1);
    assert.equal(result.stderr, 'weft: the program has no parameter "permit"\n');
  });
  for (const options of [[], ["--wasm"]])
    await context.test(`${options.join(" ") || "natively"}: writes a trace`, async () => {
      const result = await weft("run", "--trace", "trace.json", ...options, program("nap.c"));
      assert.equal(result.status, 0, howItEnded(result));
      const trace = JSON.parse(readFileSync(join(elsewhere, "trace.json"), "utf8"));
      assert.ok((trace.traceEvents ?? trace).length > 0, "the trace is empty");
      rmSync(join(elsewhere, "trace.json"));
    });
});
