/* Traces that are read and written by the page, as functions. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { LogWriter, kind } from "./log-writer.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const load = async (name) => (await runnerImport(fromHere(`../../web/src/${name}`), { configFile: false })).module;
const { readTrace } = await load("share/trace-file.ts");
const { writeLogFile } = await load("share/log-file.ts");
const { chromeTrace } = await load("share/chrome-trace.ts");
const traceModule = await WebAssembly.compile(await readFile(fromHere("../../build/wasm/page/trace.wasm")));

/* Two tasks, of which one sleeps. */
function smallLog() {
    const log = new LogWriter();
    log.add(kind.created, { task: 1, object: 101, site: log.site("main", 3) });
    log.add(kind.resume, { task: 1 });
    log.time = 1.25;
    log.add(kind.created, { task: 2, other: 1, object: 102, site: log.site("né", 9) });
    log.add(kind.suspend, { task: 1 });
    const [bytes] = log.chunk();
    return bytes;
}

const traceOf = async (log) => new Blob(await chromeTrace(traceModule, { host: 2, chunks: [{ bytes: smallLog() }], sources: new Map(), ...log }));

test("a log becomes a Chrome trace and comes back from it", async () => {
    const sources = new Map([["/src/program.c", 'int main(void) { puts("é"); }\n'], ["other.c", ""]]);
    const trace = await traceOf({ sources });
    const { traceEvents } = JSON.parse(await trace.text());
    assert.deepEqual(
        traceEvents.filter(({ name }) => name === "thread_name").map(({ args }) => args.name),
        ["loop", "Task-1", "Task-2"],
    );
    const read = await readTrace(trace);
    assert.equal(read.host, 2);
    assert.deepEqual(Buffer.from(read.records), Buffer.from(smallLog()));
    assert.deepEqual([...read.sources], [["/src/program.c", 'int main(void) { puts("é"); }\n']]);
});

test("a log of many chunks comes back whole, whatever its pieces", async () => {
    const log = new LogWriter();
    log.add(kind.resume, { task: 1 });
    for (let i = 0; i < 3000; i++) {
        log.string(`number ${i} ${"x".repeat(i % 100)}`);
        log.add(kind.mark, { payload: i + 1 });
    }
    const [bytes] = log.chunk();
    const whole = await readTrace(await traceOf({ chunks: [{ bytes }] }));
    assert.deepEqual(Buffer.from(whole.records), Buffer.from(bytes));
});

test("a log in a file of its own is read", async () => {
    const read = await readTrace(new Blob([writeLogFile({ host: 1, chunks: [{ bytes: smallLog() }] })]));
    assert.equal(read.host, 1);
    assert.deepEqual(Buffer.from(read.records), Buffer.from(smallLog()));
    assert.equal(read.sources.size, 0);
});

const refuses = (parts, words) => assert.rejects(readTrace(new Blob(parts)), { name: "FileError", message: words });

test("a trace that is cut anywhere is refused", async () => {
    const text = await (await traceOf({})).text();
    for (let length = 1; length < text.length - 4; length += 97) {
        await refuses([text.slice(0, length)], /^The trace cannot be read: it is cut off/);
    }
    const log = writeLogFile({ host: 1, chunks: [{ bytes: smallLog() }] });
    for (const length of [7, 20, 33, 64, log.length - 1]) {
        await refuses([log.subarray(0, length)], /no event log|no trace|cut off|no step/);
    }
});

test("what is no trace of weft is refused in words", async () => {
    const log = () => writeLogFile({ host: 1, chunks: [{ bytes: smallLog() }] });
    const changed = (change) => {
        const bytes = log();
        change(new DataView(bytes.buffer), bytes);
        return [bytes];
    };
    await refuses([], /^The file is empty/);
    await refuses(["int main(void);"], /neither JSON nor an event log/);
    await refuses([new Uint8Array([0x89, 0x50, 0x4e, 0x47])], /neither JSON/);
    await refuses(["{}"], /no traceEvents/);
    await refuses(["[null, 1, {}]"], /another program wrote it/);
    await refuses(['{"traceEvents":[{"ph":"X","name":"weft_log"}]}'], /another program wrote it/);
    await refuses(['[{"ph":"M","name":"weft_log","args":{"base64":"?"}}]'], /damaged/);
    await refuses(['[{"ph":"M","name":"weft_log","args":{"base64":"AAAA"}}]'], /no event log/);
    await refuses(changed((view) => view.setUint32(8, 2, true)), /has version 2; this page reads version 1/);
    await refuses(changed((view) => view.setFloat64(32, NaN, true)), /damaged: its times/);
    await refuses(changed((view) => view.setFloat64(32, 7, true)), /damaged: its times/);
    await refuses([log().subarray(0, 32)], /no step of any task/);
    await refuses([log().subarray(0, 32), new Uint8Array(1_000_001 * 32)], /has 1,000,001 records; the page shows 1,000,000/);
});
