import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { LogWriter, kind } from "./log-writer.mjs";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { EventDecoder } = await load("events.ts");
const { TimelineModel } = await load("timeline-model.ts");
const { TimeWindow, Rows, ticks, firstIndex } = await load("timeline-geometry.ts");
const { describe: tell, itemsOf, pitfallsText, taskNames, waitsText } = await load("timeline-items.ts");
const { Outbox } = await load("outbox.ts");

const nbsp = "\u00a0";
const waits = { sleep: 1, task: 2, gather: 4, group: 6, semaphore: 7 };
const outcome = { value: 0, error: 1, cancelled: 2 };

/** A task that is created and takes its first step. */
function begin(log, task, name, parent = 0) {
    log.add(kind.created, { task, other: parent, object: task + 100, site: log.site(name, 10) });
    log.add(kind.resume, { task });
}

function sleep(log, task, seconds) {
    log.add(kind.wait, { task, subkind: waits.sleep });
    log.add(kind.timerArm, { task, seconds });
    log.add(kind.suspend, { task });
}

function wakeUp(log, task) {
    log.add(kind.timerDrop, { task, subkind: 0 });
    log.add(kind.wake, { task });
    log.add(kind.resume, { task });
}

function modelOf(log) {
    const model = new TimelineModel();
    model.add(...log.chunk());
    return model;
}

test("the decoder keeps strings of any length apart from records", () => {
    const log = new LogWriter();
    const texts = ["", "short", "x".repeat(32), `${"weft ".repeat(20)}für ☕`];
    const ids = texts.map((text) => log.string(text));
    log.time = 1.5;
    log.add(kind.mark, { task: 7, payload: ids[3] });
    const decoder = new EventDecoder();
    const events = [];
    const [chunk, base] = log.chunk();
    decoder.decode(chunk, base, (event) => events.push(event));
    assert.deepEqual(ids.map((id) => decoder.string(id)), texts);
    assert.equal(events.length, 1);
    assert.equal(events[0].time, 1.5);
    assert.equal(events[0].task, 7);
    assert.equal(events[0].sequence, chunk.length / 32 - 1, "the text counts in the sequence");
});

test("the decoder goes on over chunks and knows sites", () => {
    const log = new LogWriter();
    const decoder = new EventDecoder();
    const site = log.site("fetch", 14);
    const first = log.chunk();
    decoder.decode(...first, () => assert.fail("definitions are no events"));
    log.add(kind.mark, { site });
    const [chunk, base] = log.chunk();
    decoder.decode(chunk, base, (event) => {
        assert.equal(event.sequence, first[0].length / 32);
        assert.deepEqual(decoder.site(event.site), { function: "fetch", file: "/src/program.c", line: 14 });
    });
});

test("a task runs, waits, is ready and ends", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    sleep(log, 1, 0.49998);
    log.time = 0.5;
    log.add(kind.timerDrop, { task: 1 });
    log.add(kind.wake, { task: 1 });
    log.time = 0.6;
    log.add(kind.resume, { task: 1 });
    log.time = 0.7;
    log.add(kind.done, { task: 1, payload: log.string("42") });
    const model = modelOf(log);
    const [task] = model.tasks;
    assert.equal(task.name, "Task-1");
    assert.equal(task.coroutine, "main");
    assert.deepEqual(
        task.spans.map(({ state, start, end }) => [state, start, end]),
        [["ready", 0, 0], ["running", 0, 0], ["waiting", 0, 0.5], ["ready", 0.5, 0.6], ["running", 0.6, 0.7]],
    );
    assert.deepEqual([task.end, task.outcome, task.result], [0.7, "value", "42"]);
    assert.equal(waitsText(task, model), `sleep 0.5${nbsp}s`);
    assert.deepEqual(task.marks, [], "a sleep's timer is no deadline");
});

test("awaited coroutines are bars of their own, end to end, in the task that awaits them", () => {
    const log = new LogWriter();
    begin(log, 1, "sequential");
    for (const frame of [11, 12, 13]) {
        log.add(kind.framePush, { task: 1, object: frame, site: log.site("fetch", 5), count: 1 });
        sleep(log, 1, 1);
        log.time += 1;
        wakeUp(log, 1);
        log.add(kind.framePop, { task: 1, object: frame, subkind: outcome.value });
    }
    log.add(kind.done, { task: 1 });
    const model = modelOf(log);
    const [task] = model.tasks;
    assert.deepEqual(
        task.frames.map(({ name, lane, start, end, outcome: how }) => [name, lane, start, end, how]),
        [["fetch", 1, 0, 1, "value"], ["fetch", 1, 1, 2, "value"], ["fetch", 1, 2, 3, "value"]],
    );
    assert.deepEqual(task.spans.filter(({ state }) => state === "waiting").map(({ lane }) => lane), [1, 1, 1]);
    assert.equal(task.lanes, 2);
    assert.equal(waitsText(task.frames[0], model), `sleep 1${nbsp}s`);
    assert.equal(waitsText(task, model), `3 × sleep 1${nbsp}s`);
});

test("coroutines that await coroutines stand in deeper lanes", () => {
    const log = new LogWriter();
    begin(log, 1, "outer");
    log.add(kind.framePush, { task: 1, object: 11, site: log.site("middle", 5) });
    log.add(kind.framePush, { task: 1, object: 12, site: log.site("inner", 2) });
    log.time = 1;
    log.add(kind.framePop, { task: 1, object: 12 });
    log.time = 2;
    log.add(kind.framePop, { task: 1, object: 11 });
    const [task] = modelOf(log).tasks;
    assert.deepEqual(task.frames.map(({ name, lane, end }) => [name, lane, end]), [["middle", 1, 2], ["inner", 2, 1]]);
    assert.deepEqual(
        task.spans.filter(({ end, start }) => end > start).map(({ lane, start }) => [lane, start]),
        [[2, 0], [1, 1], [0, 2]],
        "the running goes with the innermost coroutine",
    );
});

test("a task that starts eagerly runs within the step of its creator", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.time = 1;
    log.add(kind.created, { task: 2, other: 1, subkind: 1, object: 102, site: log.site("fetch", 5) });
    log.add(kind.resume, { task: 2 });
    log.time = 2;
    sleep(log, 2, 1);
    log.time = 3;
    sleep(log, 1, 1);
    const spans = modelOf(log).tasks.map((task) => task.spans.filter(({ start, end }) => end > start).map(({ state, start, end }) => [state, start, end]));
    assert.deepEqual(spans, [
        [["running", 0, 3], ["waiting", 3, Infinity]],
        [["running", 1, 2], ["waiting", 2, Infinity]],
    ]);
});

test("a gather is told with the number of its tasks", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.add(kind.objectNew, { task: 1, object: 9, subkind: 2, payload: 3 });
    for (const task of [2, 3, 4]) {
        log.add(kind.created, { task, other: 1, site: log.site("fetch", 5) });
        log.add(kind.awaitedBy, { task, other: 1, object: 9 });
    }
    log.add(kind.wait, { task: 1, other: 9, subkind: waits.gather });
    log.add(kind.suspend, { task: 1 });
    const model = modelOf(log);
    assert.equal(waitsText(model.tasks[0], model), "gather of 3 tasks");
    assert.equal(model.tasks[3].parent, 1);
    assert.equal(model.tasks[3].started, undefined);
});

test("one semaphore is a semaphore, the second of two is semaphore 2", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.add(kind.objectNew, { task: 1, object: 8, subkind: 6, payload: 1 });
    log.add(kind.wait, { task: 1, object: 8, subkind: waits.semaphore });
    log.add(kind.suspend, { task: 1 });
    const model = modelOf(log);
    assert.equal(waitsText(model.tasks[0], model), "semaphore");
    log.add(kind.objectNew, { task: 1, object: 9, subkind: 6, payload: 1 });
    for (const object of [9, 8]) {
        log.add(kind.resume, { task: 1 });
        log.add(kind.wait, { task: 1, object, subkind: waits.semaphore });
        log.add(kind.suspend, { task: 1 });
    }
    model.add(...log.chunk());
    assert.equal(waitsText(model.tasks[0], model), "2 × semaphore 1, semaphore 2");
});

test("a timeout's deadline, the cancellation and the error are marked where they happen", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.add(kind.framePush, { task: 1, object: 10, site: log.site("in_time", 20) });
    for (const [timeout, seconds] of [[7, 1], [8, 3]]) {
        log.add(kind.objectNew, { task: 1, object: timeout, subkind: 5 });
        log.add(kind.timerArm, { task: 1, object: timeout, seconds });
    }
    log.add(kind.timerArm, { task: 1, object: 6, seconds: 0.5 });
    log.add(kind.framePush, { task: 1, object: 11, site: log.site("fetch", 5) });
    sleep(log, 1, 2);
    log.time = 0.5;
    log.add(kind.timerDrop, { object: 6, subkind: 0 });
    log.time = 1;
    log.add(kind.timerDrop, { object: 7, subkind: 0 });
    log.add(kind.cancelRequest, { task: 1, other: 0, count: 1, payload: log.string("deadline") });
    log.add(kind.wake, { task: 1 });
    log.add(kind.resume, { task: 1, subkind: outcome.cancelled });
    log.add(kind.cancelDelivered, { task: 1 });
    log.add(kind.framePop, { task: 1, object: 11, subkind: outcome.cancelled });
    log.add(kind.timerDrop, { task: 1, object: 8, subkind: 1 });
    log.add(kind.error, { task: 1, payload: log.string("TimedOut: too late"), site: log.site("main", 30) });
    log.add(kind.done, { task: 1, subkind: outcome.error, payload: log.string("TimedOut: too late") });
    const model = modelOf(log);
    const [task] = model.tasks;
    assert.deepEqual(
        task.marks.map((mark) => [mark.kind, mark.time, mark.lane, mark.text]),
        [
            ["deadline", 1, 1, `after 1${nbsp}s`],
            ["cancel request", 1, 2, "deadline"],
            ["cancelled", 1, 2, ""],
            ["error", 1, 1, "TimedOut: too late"],
        ],
        "a timer that is no timeout's is no deadline",
    );
    assert.deepEqual(
        task.deadlines.map(({ delay, start, end, lane, expired }) => [delay, start, end, lane, expired]),
        [[1, 0, 1, 1, true], [3, 0, 1, 1, false]],
    );
    assert.equal(task.frames[1].outcome, "cancelled");
    assert.equal(task.outcome, "error");
    const words = itemsOf(task).map((item) => tell(item, model));
    assert.ok(words.some((text) => text === "main Task-1 · error at 1.000 s: TimedOut: too late · line 30 of program.c"), words.join("\n"));
    assert.ok(words.some((text) => text.includes("cancel request by the loop at 1.000 s: deadline")), words.join("\n"));
});

test("what still lasts when the program is stopped ends there as stopped", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.add(kind.framePush, { task: 1, object: 11, site: log.site("fetch", 5) });
    sleep(log, 1, 5);
    const model = modelOf(log);
    assert.equal(model.tasks[0].end, Infinity);
    model.close(2);
    const [task] = model.tasks;
    assert.deepEqual([task.end, task.outcome, task.frames[0].end, task.frames[0].outcome], [2, "stopped", 2, "stopped"]);
    assert.ok(task.spans.every(({ end }) => end <= 2));
});

test("a group whose wait a cancellation interrupts is waited for once", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.add(kind.objectNew, { task: 1, object: 9, subkind: 4 });
    for (let step = 0; step < 2; step++) {
        log.add(kind.wait, { task: 1, object: 9, subkind: waits.group });
        log.add(kind.suspend, { task: 1 });
        log.add(kind.resume, { task: 1 });
    }
    const model = modelOf(log);
    assert.equal(waitsText(model.tasks[0], model), "task group");
});

test("a task goes by the name that the program gave it, or else by its coroutine's", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.add(kind.created, { task: 2, other: 1, site: log.site("fetch", 5), payload: log.string("news") });
    log.add(kind.created, { task: 3, other: 1, site: log.site("news", 5), payload: log.string("news") });
    log.add(kind.created, { task: 4, other: 1 });
    assert.deepEqual(modelOf(log).tasks.map(taskNames), [["main", "Task-1"], ["news", "fetch"], ["news"], ["Task-4"]]);
});

test("events of unknown kinds and tasks are skipped", () => {
    const log = new LogWriter();
    log.add(200, { task: 1 });
    log.add(kind.resume, { task: 77 });
    log.add(kind.framePop, { task: 77, object: 5 });
    begin(log, 1, "main");
    log.add(kind.framePop, { task: 1, object: 101 });
    log.add(kind.done, { task: 1 });
    assert.equal(modelOf(log).tasks.length, 1);
});

test("times of the axis are round and in view", () => {
    assert.deepEqual(ticks(0, 3.12, 6), { times: [0, 1, 2, 3], step: 1 });
    assert.deepEqual(ticks(0.95, 1.05, 4).times.map((time) => Number(time.toFixed(9))), [0.95, 1, 1.05]);
    for (const [start, end] of [[0, 1e-6], [0, 1e9], [5, 5.1]]) {
        const { times } = ticks(start, end, 8);
        assert.ok(times.length >= 2 && times.length <= 12, `${times.length} ticks from ${start} to ${end}`);
        assert.ok(times.every((time) => time >= start - 1e-9 && time <= end + 1e-9));
    }
});

test("the window zooms around a point and shows everything again", () => {
    const window = new TimeWindow();
    window.fit(0, 10, false, 0.04);
    assert.ok(window.start === 0 && window.end > 10 && window.end < 11);
    window.zoom(0.5, 4);
    assert.ok(Math.abs((4 - window.start) / window.length - (4 * 0.96) / 10) < 1e-9, "the point stays in place");
    assert.equal(window.fitted, false);
    window.reveal(9.5, 9.9);
    assert.ok(window.start <= 9.5 && window.end >= 9.9);
    window.fit(0, 10, false, 0.04);
    assert.equal(window.fitted, true);
});

test("the growing window always holds the present and seldom changes", () => {
    const window = new TimeWindow();
    const ends = new Set();
    for (let now = 0; now < 60; now += 0.016) {
        window.fit(0, now, true, 0.04);
        assert.ok(window.start === 0 && window.end >= now);
        ends.add(window.end);
    }
    assert.ok(ends.size < 15, `${ends.size} scales in a minute`);
});

test("rows are found by their height", () => {
    const rows = new Rows();
    rows.update([{ lanes: 1 }, { lanes: 3 }, { lanes: 1 }], 0);
    for (const row of [0, 1, 2]) {
        assert.equal(rows.at(rows.top(row)), row);
        assert.equal(rows.at(rows.top(row + 1) - 1), row);
    }
    assert.equal(rows.lane(1, rows.middle(1, 2)), 2);
    const crowded = rows.height;
    rows.update([{ lanes: 1 }, { lanes: 3 }, { lanes: 1 }], 2 * crowded);
    assert.ok(rows.height > crowded && rows.height <= 2 * crowded, "where there is room, rows are higher");
    assert.equal(rows.lane(1, rows.middle(1, 2)), 2);
    assert.equal(firstIndex(10, (index) => index >= 7), 7);
    assert.equal(firstIndex(10, () => false), 10);
});

test("what is forgotten and what blocks is marked where it happens", () => {
    const log = new LogWriter();
    begin(log, 1, "main");
    log.time = 0.25;
    log.add(kind.unawaited, { task: 1, other: 0xabc, site: log.site("", 20), payload: log.string("save") });
    log.add(kind.unawaited, { task: 1, other: 0xdef, site: log.site("", 21), payload: log.string("kept") });
    sleep(log, 1, 1);
    begin(log, 2, "fails");
    log.time = 0.5;
    log.add(kind.done, { task: 2, subkind: outcome.error, payload: log.string("RuntimeError: no") });
    log.add(kind.suspend, { task: 2 });
    log.time = 3;
    log.add(kind.done, { task: 1, subkind: outcome.value });
    log.add(kind.neverRetrieved, { task: 2, payload: log.string("RuntimeError: no") });
    log.add(kind.neverAwaited, { other: 0xabc, site: log.site("", 20), payload: log.string("save") });
    const model = new TimelineModel();
    model.add(...log.chunk());
    const [main, fails] = model.tasks;
    assert.deepEqual(
        main.marks.map(({ kind: mark, time, text }) => [mark, time, text]),
        [["long step", 0, `0.25${nbsp}s`], ["never awaited", 0.25, "save"]],
    );
    assert.deepEqual(
        fails.marks.map(({ kind: mark, time, text }) => [mark, time, text]),
        [["long step", 0.25, `0.25${nbsp}s`], ["never retrieved", 0.5, "RuntimeError: no"]],
    );
    assert.equal(
        tell({ type: "mark", task: main, mark: main.marks[1] }, model),
        "main Task-1 · called save at 0.250 s, which was never awaited · line 20 of program.c",
    );
    assert.match(pitfallsText(main, model), /^blocked the loop for 0\.25\ss at 0\.000 s; called save/);
});

test("a generator has a bar where it waits, and none where it only yields", () => {
    const log = new LogWriter();
    const [yielded, site] = [3, log.site("ticker", 5)];
    begin(log, 1, "main");
    log.add(kind.framePush, { task: 1, object: 9, site });
    log.add(kind.framePop, { task: 1, object: 9, subkind: yielded });
    log.add(kind.framePush, { task: 1, object: 9, site });
    sleep(log, 1, 1);
    log.time = 1;
    wakeUp(log, 1);
    log.add(kind.framePop, { task: 1, object: 9, subkind: yielded });
    const model = new TimelineModel();
    model.add(...log.chunk());
    assert.deepEqual(model.tasks[0].frames.map(({ name, start, end }) => [name, start, end]), [["ticker", 0, 1]]);
});

test("a flood of output is held back, then left out but for its end, and counted; nothing is lost in a trickle", () => {
    const sent = [];
    const outbox = new Outbox((message) => sent.push(message));
    for (let line = 0; line < 100_000; line++) {
        outbox.print(`${String(line).padStart(10)}\n`, "stdout", Math.floor(line / 7));
    }
    assert.ok(sent.length <= 64, `${sent.length} messages before the page took one`);
    outbox.end();
    const shown = sent.reduce((length, { text }) => length + text.length, 0);
    const omitted = sent.reduce((length, message) => length + message.omitted, 0);
    assert.equal(shown + omitted, 1_100_000);
    assert.ok(shown < 150_000);
    const lines = sent.map(({ text }) => text).join("").trimEnd().split("\n").map(Number);
    assert.equal(lines.at(-1), 99_999);
    const gap = lines.findIndex((line, at) => line !== at);
    assert.deepEqual(lines.slice(gap), lines.slice(gap).map((_, at) => lines[gap] + at), "only whole lines are left out, and in one piece");

    const whole = [];
    const one = new Outbox((message) => whole.push(message));
    for (let piece = 0; piece < 100; piece++) {
        one.print("x".repeat(10_000), "stdout", 1);
    }
    one.end();
    assert.equal(whole.reduce((length, { text, omitted }) => length + text.length + omitted, 0), 1_000_000, "a line that never ends");

    const trickle = [];
    const slow = new Outbox((message) => trickle.push(message.text));
    for (let line = 0; line < 1000; line++) {
        slow.print(`${line}\n`, "stdout", line);
        slow.taken(1);
    }
    assert.equal(trickle.length, 1000);
});
