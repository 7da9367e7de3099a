/* The recording of a run, and what the time machine's controls make of it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { LogWriter, kind } from "./log-writer.mjs";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { Recording } = await load("recording.ts");
const { Breakpoints, nextHit } = await load("transport/breakpoints.ts");
const { pause } = await load("transport/playback.ts");

const output = 23;

/** Two tasks: the first steps at 0 and 0.5 s, the second at 0.25 s, each from and to lines of its own. */
function twoTasks({ file = "program.c" } = {}) {
    const log = new LogWriter();
    const step = (time, task, from, to) => {
        log.time = time;
        log.add(kind.resume, { task, site: log.site(`body${task}`, from) });
        log.add(output, { task, subkind: 1, payload: log.string(`at ${time}\n`) });
        log.add(kind.suspend, { task, site: log.site(`body${task}`, to) });
    };
    log.add(kind.created, { task: 1, site: log.site("body1", 10) });
    log.add(kind.created, { task: 2, site: log.site("body2", 30) });
    const recording = new Recording({ file });
    step(0, 1, 10, 14);
    recording.add(...log.chunk());
    step(0.25, 2, 30, 33);
    step(0.5, 1, 14, 18);
    recording.add(...log.chunk());
    return recording;
}

test("a recording knows where its steps begin, over chunks and definitions", () => {
    const recording = twoTasks();
    assert.equal(recording.steps, 3);
    assert.equal(recording.count, 11, "definitions are no events");
    assert.deepEqual([0, 1, 2, 3, 4].map((step) => recording.timeOf(step)), [0, 0, 0.25, 0.5, 0.5]);
    assert.deepEqual([-1, 0, 0.1, 0.25, 0.4, 0.5, 9].map((time) => recording.stepAt(time)), [0, 1, 1, 2, 2, 3, 3]);
    for (const [step, task] of [[1, 1], [2, 2], [3, 1]]) {
        const { from, to } = recording.eventsOf(step);
        const events = Array.from({ length: to - from }, (_, index) => recording.event(from + index));
        assert.deepEqual(events.map((event) => [event.kind, event.task]), [[kind.resume, task], [output, task], [kind.suspend, task]]);
        assert.equal(events[0].time, recording.timeOf(step));
    }
    assert.equal(recording.eventsBefore(0), 2, "the tasks are created before the first step");
});

test("what was printed carries its step", () => {
    const told = twoTasks().output.map(({ text, step, stream }) => [text, step, stream]);
    assert.deepEqual(told, [["at 0\n", 1, "stdout"], ["at 0.25\n", 2, "stdout"], ["at 0.5\n", 3, "stdout"]]);
});

test("an empty recording has nothing to read", () => {
    const recording = new Recording();
    assert.deepEqual([recording.steps, recording.count, recording.timeOf(3), recording.stepAt(1), recording.eventsBefore(0)], [0, 0, 0, 0, 0]);
    recording.close(2.5);
    assert.deepEqual([recording.closed, recording.end], [true, 2.5]);
});

test("a breakpoint in a line stops the step that passes or touches it, in its own function and file", () => {
    const hits = (lines, recording = twoTasks()) => {
        const breakpoints = new Breakpoints((task) => `task ${task}`);
        breakpoints.lines = new Set(lines);
        return [1, 2, 3].filter((step) => breakpoints.reason(recording, step) !== undefined);
    };
    assert.deepEqual(hits([14]), [1, 3], "it is where step 1 waits and step 3 goes on");
    assert.deepEqual(hits([12]), [1], "between the lines where the step begins and ends");
    assert.deepEqual(hits([31]), [2]);
    assert.deepEqual(hits([20]), [], "between two functions");
    assert.deepEqual(hits([14], twoTasks({ file: "other.c" })), [], "another file's line");
});

test("breakpoints at tasks and times, forward and back", () => {
    const recording = twoTasks();
    const breakpoints = new Breakpoints((task) => `task ${task}`);
    breakpoints.tasks.add(1);
    assert.deepEqual(nextHit(breakpoints, recording, 0, 1), { step: 1, reason: "in task 1" });
    assert.deepEqual(nextHit(breakpoints, recording, 1, 1), { step: 3, reason: "in task 1" });
    assert.equal(nextHit(breakpoints, recording, 3, 1), undefined);
    assert.deepEqual(nextHit(breakpoints, recording, 3, -1), { step: 1, reason: "in task 1" });
    breakpoints.tasks.clear();
    breakpoints.times.add(0.3);
    assert.deepEqual(nextHit(breakpoints, recording, 0, 1), { step: 3, reason: "at 0.300 s" }, "the first step at or after it");
    breakpoints.times.clear();
    breakpoints.times.add(0);
    assert.deepEqual(nextHit(breakpoints, recording, 0, 1), { step: 1, reason: "at 0.000 s" });
});

test("the playback follows the clock, but shows steps at one instant one by one and shortens long waits", () => {
    const recording = twoTasks();
    assert.equal(pause(recording, 1, 1), 120, "at the beginning, no time passes");
    assert.equal(pause(recording, 2, 1), 250);
    assert.equal(pause(recording, 2, 0.1), 2500);
    assert.equal(pause(recording, 1, 100), 1.2);
    const log = new LogWriter();
    log.add(kind.resume, { task: 1 });
    log.time = 3600;
    log.add(kind.resume, { task: 1 });
    const long = new Recording();
    long.add(...log.chunk());
    assert.equal(pause(long, 2, 1), 3000);
    assert.equal(pause(long, 2, 100), 3000, "at most 3 s whatever the speed");
});
