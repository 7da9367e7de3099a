/* What the editor computes without a page: places of problems and what mends them, when to check, what is completed and marked. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Text } from "@codemirror/state";
import { runnerImport } from "vite";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/editor/${name}`, import.meta.url)), { configFile: false })).module;
const { countsOf, offsetOf, positionOf, problemsOf, wordsOfFix } = await load("fixes.ts");
const { Checking } = await load("checking.ts");
const { templateOf } = await load("completion.ts");
const { namedPlaces } = await load("places.ts");
const { marksOf } = await load("standing.ts");

const doc = Text.of(["int main(void) {", "    int unused = 1", "}", ""]);
const at = (line, column) => ({ line, column });
const diagnostic = (from, to, more) => ({ severity: "error", message: "m", file: "a.c", from, to, option: undefined, fixes: [], notes: [], ...more });

test("a position and an offset are two names of one place, and one that is not there becomes the nearest", () => {
    assert.equal(offsetOf(doc, at(2, 5)), 21);
    assert.deepEqual(positionOf(doc, 21), at(2, 5));
    assert.equal(offsetOf(doc, at(2, 99)), 35);
    assert.equal(offsetOf(doc, at(99, 1)), doc.length);
    assert.equal(offsetOf(doc, at(0, 0)), 0);
});

test("problems stand in the order of the text, and each can be seen", () => {
    const told = [diagnostic(at(2, 19), at(2, 19)), diagnostic(at(1, 5), at(1, 9)), diagnostic(at(4, 1), at(4, 1))];
    assert.deepEqual(problemsOf(doc, "a.c", told).map(({ from, to }) => [from, to]), [[4, 8], [34, 35], [38, 38]]);
});

test("what is in a header stands where the file leads there", () => {
    const note = diagnostic(at(2, 5), at(2, 8), { severity: "note" });
    const [problem] = problemsOf(doc, "a.c", [diagnostic(at(700, 1), at(700, 9), { file: "weft/coroutine.h", notes: [note] })]);
    assert.deepEqual([problem.from, problem.to], [21, 24]);
});

test("a fix of a note mends its problem, and none in another file does", () => {
    const note = diagnostic(at(1, 1), at(1, 1), { severity: "note", fixes: [{ from: at(2, 19), to: at(2, 19), text: ";" }] });
    const [mended] = problemsOf(doc, "a.c", [diagnostic(at(2, 19), at(2, 19), { notes: [note] })]);
    assert.deepEqual(mended.changes, [{ from: 35, to: 35, insert: ";" }]);
    const [left] = problemsOf(doc, "a.c", [diagnostic(at(1, 1), at(1, 1), { notes: [{ ...note, file: "b.h" }] })]);
    assert.deepEqual(left.changes, []);
});

test("a fix says what it does", () => {
    const words = (from, to, insert) => wordsOfFix(doc, [{ from, to, insert }]);
    assert.equal(words(35, 35, ";"), "Insert “;”");
    assert.equal(words(21, 25, ""), "Remove “int”");
    assert.equal(words(25, 31, "used"), "Change “unused” to “used”");
    assert.equal(wordsOfFix(doc, [{ from: 0, to: 0, insert: "(" }, { from: 3, to: 3, insert: ")" }]), "Change 2 places");
});

test("problems are counted by what they are", () => {
    const problems = ["error", "warning", "error"].map((severity) => diagnostic(at(1, 1), at(1, 2), { severity }));
    assert.equal(countsOf(problemsOf(doc, "a.c", problems)), "2 errors, 1 warning");
    assert.equal(countsOf([]), "No problems");
});

/** A compiler that does what it is told, and a text to check. */
function setUp(ready) {
    const asked = [];
    const answer = (name) => new Promise((resolve, reject) => asked.push({ name, resolve, reject }));
    const service = {
        ready, asked,
        onProgress: (listener) => (service.tell = listener),
        load: () => answer("load").then(() => (service.ready = true)),
        check: (_file, source) => answer(`check ${source}`),
    };
    const program = { file: "a.c", source: "one" };
    const shown = [];
    const states = [];
    const checking = new Checking(service, () => program, { show: (found) => shown.push(found), changed: ({ type }) => states.push(type) });
    return { service, program, shown, states, checking };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the first edit loads the compiler, and what was typed meanwhile is checked once", async () => {
    const { service, program, shown, states, checking } = setUp(false);
    checking.edited();
    program.source = "two";
    checking.edited();
    assert.deepEqual(service.asked.map(({ name }) => name), ["load"]);
    service.tell({ loaded: 1, total: 2, phase: "downloading" });
    service.asked[0].resolve();
    await settled();
    assert.deepEqual(service.asked.map(({ name }) => name), ["load", "check two"]);
    service.asked[1].resolve(["a problem"]);
    await settled();
    assert.deepEqual(shown, [["a problem"]]);
    assert.deepEqual(states, ["loading", "loading", "checking", "checked"]);
});

test("a compiler that cannot be had is tried again only when that is asked for", async () => {
    const { service, states, checking } = setUp(false);
    checking.edited();
    service.asked[0].reject(new Error("no network"));
    await settled();
    assert.equal(checking.state.message, "no network");
    checking.edited();
    assert.equal(service.asked.length, 1);
    void checking.load();
    service.asked[1].reject(new Error("no network"));
    await settled();
    assert.deepEqual(states, ["loading", "unloaded", "loading", "unloaded"]);
    service.tell({ loaded: 1, total: 2, phase: "downloading" }); /* a run has asked for it */
    service.asked[2].resolve();
    await settled();
    assert.deepEqual(states.slice(4), ["loading", "checking"]);
});

test("typing is checked when it pauses, and an answer about an older text is not shown", async (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    const { service, program, shown, checking } = setUp(true);
    for (const source of ["two", "three"]) {
        program.source = source;
        checking.edited();
        mock.timers.tick(200);
    }
    assert.equal(service.asked.length, 0);
    mock.timers.tick(100);
    assert.deepEqual(service.asked.map(({ name }) => name), ["check three"]);
    program.source = "four";
    checking.edited();
    service.asked[0].resolve(["old"]);
    await settled();
    assert.deepEqual(shown, []);
    mock.timers.tick(300);
    service.asked[1].reject(Object.assign(new Error("gave way"), { name: "Superseded" }));
    await settled();
    assert.equal(checking.state.type, "checking");
});

test("what only a compilation finds stays as long as the text does", async () => {
    const { service, program, shown, checking } = setUp(true);
    void checking.load();
    service.asked[0].resolve();
    await settled();
    checking.compiled({ ...program }, ["from the linker"]);
    service.asked[1].resolve([]);
    await settled();
    assert.deepEqual(shown, [["from the linker"], ["from the linker"]]);
    program.source = "two";
    checking.compiled({ ...program, source: "one" }, ["too late"]);
    void checking.load();
    service.asked[2].resolve();
    await settled();
    service.asked[3].resolve(["of the new text"]);
    await settled();
    assert.deepEqual(shown.slice(2), [["of the new text"]]);
});

test("a completion's holes are filled one after the other, then the cursor goes to the end", () => {
    assert.equal(templateOf({ text: "weft_call_at(when, callback)", holes: [{ from: 13, to: 17 }, { from: 19, to: 27 }] }), "weft_call_at(${1:when}, ${2:callback})${0}");
    assert.equal(templateOf({ text: "a { b }", holes: [] }), "a \\{ b \\}${0}");
});

test("a text's places in the file are found in every way in which they are written", () => {
    const text = "'save' called at examples/a.c:31 was lost\n  File \"/x/a.c\", line 7, in main; b.c:3; a.c line 9";
    const places = namedPlaces(text, "a.c");
    assert.deepEqual(places.filter((piece) => typeof piece !== "string").map(({ line }) => line), [31, 7, 9]);
    assert.equal(places.map((piece) => piece.text ?? piece).join(""), text);
});

test("tasks that live are marked at their lines, if those are in the file", () => {
    const task = (id, status, site, more) => ({ id, name: `Task-${id}`, named: false, coroutine: "fetch", status, site, wait: undefined, ...more });
    const sites = { 1: { file: "examples/a.c", line: 12 }, 2: { file: "core/condition.c", line: 40 } };
    const tasks = [
        task(3, "waiting", 1, { wait: { kind: "semaphore" } }), task(4, "done", 1), task(5, "waiting", 2), task(6, "ready", 1), task(7, "new", 1),
    ];
    assert.deepEqual(marksOf(tasks, 6, "a.c", (id) => sites[id]), [
        { line: 12, task: 3, running: false, label: "fetch Task-3 waits for semaphore", look: "locks" },
        { line: 12, task: 6, running: true, label: "fetch Task-6 is ready", look: "running" },
        { line: 12, task: 7, running: false, label: "fetch Task-7 has not run yet", look: "ready" },
    ]);
});
