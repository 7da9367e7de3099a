// The Chrome traces that WEFT_TRACE writes, of every example: JSON, and well nested on each task's track.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { at, filesOf, howItEnded, run, runModule, stem } from "./lib/project.mjs";

const phases = new Set(["M", "B", "E", "i", "s", "f"]);

async function traceOf(name, file, host) {
  const env = { env: { WEFT_VIRTUAL: "1", WEFT_TRACE: file } };
  const result =
    host === "native"
      ? await run(at(`build/native/examples/${name}`), [], env)
      : await run(process.execPath, [runModule, at(`build/wasm/examples/${name}.wasm`)], env);
  assert.equal(result.status, 0, howItEnded(result));
  return JSON.parse(await readFile(file, "utf8"));
}

// Slices open on each track, innermost last; throws where they do not nest.
function assertNested(events) {
  const open = new Map();
  let last = -Infinity;
  for (const { ph, pid, tid, ts, name } of events) {
    assert.ok(phases.has(ph), `phase ${ph}`);
    assert.equal(pid, 1);
    if (ph === "M") continue;
    assert.ok(ts > last, `${ts} does not follow ${last}`);
    last = ts;
    const slices = open.get(tid) ?? [];
    open.set(tid, slices);
    if (ph === "B") slices.push(name);
    if (ph === "E") assert.notEqual(slices.pop(), undefined, `track ${tid} closes what it did not open`);
  }
  for (const [tid, slices] of open) assert.deepEqual(slices, [], `track ${tid} leaves slices open`);
}

function assertArrowsMeet(events) {
  const ends = (phase) => events.filter(({ ph }) => ph === phase).map(({ id }) => id);
  const started = new Set(ends("s"));
  for (const id of ends("f")) assert.ok(started.has(id), `arrow ${id} comes from nowhere`);
}

function assertTellsOfTasks(events) {
  const names = events.filter(({ name }) => name === "thread_name").map(({ tid }) => tid);
  assert.equal(new Set(names).size, names.length, "a track is named twice");
  const of = (category) => events.filter(({ cat, ph }) => cat === category && ph === "B");
  assert.ok(of("frame").length > 0, "no coroutine is shown");
  assert.ok(of("step").length > 0, "no step is shown");
  assert.ok(of("wait").every(({ name }) => /^waits for \w/.test(name)));
  for (const { tid } of events.filter(({ ph }) => ph === "B")) assert.ok(names.includes(tid), `track ${tid} has no name`);
}

// The log that a trace carries, and the source of the program where its host has files (docs/events.md).
function assertCarriesLog(events, name, host) {
  const within = (kind) => events.filter((event) => event.name === kind && event.ph === "M");
  const log = Buffer.concat(within("weft_log").map(({ args }) => Buffer.from(args.base64, "base64")));
  assert.equal(log.toString("latin1", 0, 8), "weftlog\0");
  const numbers = [8, 12, 16, 20].map((offset) => log.readUInt32LE(offset));
  assert.deepEqual(numbers, [1, 32, host === "native" ? 8 : 4, 3]);
  assert.equal(log.length % 32, 0);
  const created = [];
  for (let at = 32; at < log.length; at += 32) {
    const kind = log.readUInt8(at + 24);
    if (kind === 1) at += 32 * Math.ceil(log.readUInt32LE(at + 28) / 32);
    if (kind === 3) created.push(log.readUInt32LE(at + 8));
  }
  const tracks = events.filter((event) => event.name === "thread_sort_index").map(({ tid }) => tid);
  assert.deepEqual(created, tracks, "the log tells of other tasks than the trace");
  const sources = within("weft_source").map(({ args }) => args);
  const file = `examples/${name}.c`;
  assert.equal(sources.some((source) => source.file === file), host === "native");
  for (const source of sources) assert.equal(source.text, readFileSync(at(source.file), "utf8"));
}

test("traces", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "weft-trace-"));
  try {
    for (const name of filesOf("examples", /\.c$/).map(stem))
      for (const host of ["native", "wasm"])
        await context.test(`${host}: the trace of ${name}`, async () => {
          const { traceEvents } = await traceOf(name, join(folder, `${host}-${name}.json`), host);
          assertNested(traceEvents);
          assertArrowsMeet(traceEvents);
          assertTellsOfTasks(traceEvents);
          assertCarriesLog(traceEvents, name, host);
        });
  } finally {
    await rm(folder, { recursive: true });
  }
});
