// A program's main: by Weft.main, and as a process by wasm/run.mjs.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { loadWeft } from "../../wasm/weft.mjs";
import { run, runModule } from "./lib/project.mjs";
import { failure, load, modulePath, moduleNamed, tasksDone } from "./lib/wasm.mjs";

const folder = mkdtempSync(join(tmpdir(), "weft-program-"));
after(() => rmSync(folder, { recursive: true }));

const printedByApp = "half a hé, and no newline";

test("main", async (context) => {
  await context.test("gets arguments and environment, and prints all of it", async () => {
    const { weft, printed } = await load("program", { env: { WEFT_TEST: "ä=b" } });
    assert.equal(await weft.main(["one", "two wörds", ""]), 0);
    assert.equal(printed.stdout, `argument one\nargument two wörds\nargument \nenvironment ä=b\n${printedByApp}`);
    assert.equal(printed.stderr, "on stderr\n");
  });
  await context.test("can be called again, and starts afresh", async () => {
    const { weft, printed } = await load("program", { clock: "virtual" });
    for (let i = 0; i < 3; i++) assert.equal(await weft.main(), 0);
    assert.equal(printed.stdout, `environment none\n${printedByApp}`.repeat(3));
  });
  await context.test("ends with 1 and a traceback after an error", async () => {
    const { weft, printed } = await load("program", { clock: "virtual" });
    assert.equal(await weft.main(["fail"]), 1);
    assert.match(printed.stderr, /program\.c.*line \d+, in app\nRuntimeError: on purpose\n$/);
  });
  await context.test("ends with what it returns, or exits with", async () => {
    const { weft, printed } = await load("program");
    assert.equal(await weft.main(["return"]), 5);
    assert.equal(printed.stdout, "returns");
    assert.equal(await weft.main(["exit"]), 6);
  });
  await context.test("is cancelled by an AbortSignal", async () => {
    const { weft, printed } = await load("program");
    const controller = new AbortController();
    const main = weft.main(["sleep"], { signal: controller.signal });
    await tasksDone();
    controller.abort(new Error("closing"));
    assert.equal(await main, 1);
    assert.match(printed.stdout, /cancelled: closing\n$/);
    assert.match(printed.stderr, /Cancelled/);
  });
  await context.test("runs alone", async () => {
    const { weft } = await load("program");
    const main = weft.main();
    assert.match((await failure(weft.main())).message, /while the module runs something/);
    assert.equal(await main, 0);
  });
  await context.test("that is not there is an error", async () => {
    const { weft } = await load("values");
    assert.match((await failure(weft.main())).message, /has no main/);
    assert.equal(await weft.run("integer", { value: 1 }), 1);
  });
  await context.test("reads stdin", async () => {
    const { weft, printed } = await load("program", { read: (buffer) => new TextEncoder().encodeInto("lïne\n", buffer).written });
    assert.equal(await weft.main(["read"]), 0);
    assert.equal(printed.stdout, "read lïne\n\n");
    const empty = await load("program");
    await empty.weft.main(["read"]);
    assert.equal(empty.printed.stdout, "read nothing\n");
  });
});

test("without `print` the console gets whole lines", async (context) => {
  const log = context.mock.method(console, "log", () => {});
  const error = context.mock.method(console, "error", () => {});
  const weft = await loadWeft({ wasm: moduleNamed("program"), clock: "virtual" });
  await weft.main(["x"]);
  const lines = (mock) => mock.mock.calls.map((call) => call.arguments.join(" "));
  assert.deepEqual(lines(log), ["argument x", "environment none", printedByApp]);
  assert.deepEqual(lines(error), ["on stderr"]);
});

test("the event log", async (context) => {
  const records = (chunks) => {
    const found = [];
    for (const { chunk, base } of chunks) {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      assert.equal(chunk.byteLength % 32, 0);
      assert.equal(base, found.length, "chunks follow one another");
      for (let at = 0; at < chunk.byteLength; at += 32)
        found.push({ task: view.getUint32(at + 8, true), kind: view.getUint8(at + 24), subkind: view.getUint8(at + 25), payload: view.getUint32(at + 28, true) });
    }
    return found;
  };
  // Drops the records that hold texts.
  const events = (all) => {
    const kept = [];
    for (let i = 0; i < all.length; i++) {
      kept.push(all[i]);
      if (all[i].kind === 1) i += Math.ceil(all[i].payload / 32);
    }
    return kept;
  };
  const created = 3;
  const done = 12;
  const output = 23;
  const ways = {
    "of a run": (weft) => weft.run("race"),
    "of a main": (weft) => weft.main([]),
  };
  for (const [way, start] of Object.entries(ways))
    await context.test(way, async () => {
      const chunks = [];
      const onEvent = (chunk, base) => chunks.push({ chunk, base });
      const { weft } = await load(way === "of a main" ? "program" : "waits", { clock: "virtual", onEvent });
      await start(weft);
      const all = events(records(chunks));
      const count = (kind) => all.filter((event) => event.kind === kind).length;
      assert.equal(count(created), way === "of a main" ? 1 : 9);
      assert(count(done) >= count(created));
      assert(count(output) > 0);
      const printing = all.find((event) => event.kind === output);
      assert(printing.subkind === 1 && printing.task > 0, "the task that prints is known");
    });
  await context.test("its chunks are copies", async () => {
    const chunks = [];
    const { weft } = await load("waits", { clock: "virtual", onEvent: (chunk) => chunks.push(chunk) });
    await weft.run("race");
    for (const chunk of chunks) assert.notEqual(chunk.buffer, weft.instance.exports.memory.buffer);
  });
});

test("run.mjs", async (context) => {
  const start = (args, options) => run(process.execPath, [runModule, ...args], options);
  const program = modulePath("program");

  await context.test("runs a program as a process", async () => {
    const result = await start([program, "a", "b c"], { env: { WEFT_TEST: "yes", OTHER: "no" } });
    assert.equal(result.stderr, "on stderr\n");
    assert.equal(result.stdout, `argument a\nargument b c\nenvironment yes\n${printedByApp}`);
    assert.equal(result.status, 0);
  });
  await context.test("hands the exit status on", async () => {
    assert.equal((await start([program, "return"])).status, 5);
    assert.equal((await start([program, "exit"])).status, 6);
    assert.equal((await start([program, "fail"], { env: { WEFT_VIRTUAL: "1" } })).status, 1);
  });
  await context.test("takes no time on a virtual clock", async () => {
    const result = await start([program, "sleep"], { env: { WEFT_VIRTUAL: "1" } });
    assert.equal(result.status, 0);
  });
  await context.test("says what is wrong with a setting", async () => {
    const result = await start([program], { env: { WEFT_SEED: "seven" } });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /WEFT_SEED is "seven"/);
  });
  await context.test("feeds stdin", async () =>
    assert.equal(
      (await run("sh", ["-c", 'echo "from a pipe" | "$0" "$@"', process.execPath, runModule, program, "read"])).stdout,
      "read from a pipe\n\n",
    ),
  );
  await context.test("writes a trace", async () => {
    const trace = join(folder, "trace.json");
    const result = await start([program], { env: { WEFT_VIRTUAL: "1", WEFT_TRACE: trace } });
    assert.equal(result.status, 0, result.stderr);
    const text = readFileSync(trace, "utf8");
    assert(text.includes("app"));
    assert(JSON.parse(text) !== null);
  });
  await context.test("says why it cannot write a trace", async () => {
    const result = await start([program], { env: { WEFT_TRACE: join(folder, "no", "folder", "t.json") } });
    assert.notEqual(result.status, 0);
    assert.match(result.stderr, /cannot write the trace/);
  });
  await context.test("runs the module without a main not at all", async () => {
    const result = await start([modulePath("values")]);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /has no main/);
  });
  await context.test("says how it is used", async () => {
    const result = await start([]);
    assert.equal(result.status, 2);
    assert.match(result.stderr, /usage/);
  });
  await context.test("says what it cannot read", async () => {
    const result = await start([join(folder, "nothing.wasm")]);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /weft: .*nothing\.wasm/);
  });
});
