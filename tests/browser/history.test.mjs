import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { examplePath, load, record, recordSteps } from "./recorded.mjs";

const { History } = await load("history/history.ts");
const groups = JSON.parse(readFileSync(new URL("../../examples/examples.json", import.meta.url), "utf8"));
const examples = groups.flatMap((group) => group.examples).filter(({ folder }) => folder === undefined);

/** What the history says of a task, in the words of weft.tasks(). */
function asTold(instant, task) {
    const { wait, status } = task;
    return {
        id: task.id,
        name: task.name,
        state: status === "new" ? "ready" : status,
        waitsFor: status === "waiting" ? waitTold(wait) : null,
        stack: withoutLine(status, instant.stack(task).map(({ function: name, file, line }) => ({ function: name, file, line }))),
        awaitedBy: instant.awaitedBy(task.id).sort((a, b) => a - b),
    };
}

function waitTold(wait) {
    return wait.kind === "sleep" ? { what: "timer" } : { what: wait.kind === "promise" ? "future" : wait.kind, id: wait.object || wait.other };
}

/** Within a step the log does not tell every line that is passed. */
const withoutLine = (state, [leaf, ...rest]) => (state === "running" && leaf ? [{ ...leaf, line: undefined }, ...rest] : [leaf, ...rest]);

function agree(history, told) {
    for (const { events, step, tasks, time } of told) {
        const instant = step === undefined ? history.after(events) : history.at(step);
        const expected = tasks.map(({ waitsFor, awaitedBy, stack, ...rest }) => ({
            ...rest,
            stack: withoutLine(rest.state, stack),
            waitsFor: waitsFor?.what === "timer" ? { what: "timer" } : waitsFor,
            awaitedBy: awaitedBy.toSorted((a, b) => a - b),
        }));
        const actual = instant.tasks.filter(({ status }) => status !== "done").map((task) => asTold(instant, task));
        assert.deepEqual(actual, expected, step === undefined ? `after ${events} events` : `step ${step}`);
        assert.equal(instant.time, time);
        for (const { id, waitsFor } of tasks) {
            if (waitsFor?.what === "timer") {
                const timer = instant.timers.find(({ task, what }) => task === id && what === "sleep");
                assert.ok(Math.abs(timer.when - time - waitsFor.seconds) < 1e-12, `task ${id} sleeps until ${timer.when}`);
            }
        }
    }
}

test("the history says what the program says", async (context) => {
    for (const example of examples) {
        await context.test(`of ${example.name}`, async () => {
            const { log, told } = await record(examplePath(example.name));
            assert.ok(told.length > 1 && log.count > 5);
            agree(new History(log), told);
        });
    }
});

test("behind every step it says what C says there", async (context) => {
    for (const { name } of examples) {
        await context.test(`of ${name}`, async () => {
            const { log, told } = await recordSteps(examplePath(name));
            assert.ok(told.length > 0);
            agree(new History(log), told.filter(({ step, made }) => step === made));
        });
    }
});
