/* What a cancellation leaves behind: every await of a careless program is tried, without a browser. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const alias = { "weft/explore": fromHere("../../wasm/explore.mjs"), weft: fromHere("../../wasm/weft.mjs") };
const load = async (name) => (await runnerImport(fromHere(`../../web/src/orders/${name}`), { configFile: false, resolve: { alias } })).module;
const { run } = await load("program.ts");
const { faultsOf, placesOf, remainsOf, sampled } = await load("faults.ts");
const { cleanupsIn } = await load("cleanups.ts");
const { Steps } = await load("steps.ts");

const program = (path) => ({ module: new WebAssembly.Module(readFileSync(fromHere(path))), parameters: {}, permuteReady: false, ignoreOutput: false });
const careless = program("../../build/wasm/tests/browser/careless.wasm");
const source = readFileSync(fromHere("programs/careless.c"), "utf8");
const lineOf = (text) => source.split("\n").findIndex((line) => line.includes(text)) + 1;

const ordinary = await run(careless, {});
const places = placesOf(ordinary.chunks, source);

test("every await of every task can be cancelled, as it begins to wait and as it goes on", () => {
    assert.equal(ordinary.kind, "ended");
    const at = (text) => places.filter(({ line }) => line === lineOf(text)).map(({ state }) => state);
    assert.deepEqual(at("with a permit"), ["waiting", "ready"]);
    assert.deepEqual(at("in cleanup"), ["ready"], "nobody else runs while it waits");
    assert.equal(places.filter(({ state }) => state === "new").length, 4, "main and three tasks begin");
});

test("what each cancellation leaves behind is found, and nothing else", async () => {
    const found = new Set();
    for (const place of places) {
        const remains = remainsOf(await run(careless, { injections: [{ step: place.step, task: place.task }] }));
        for (const { kind, words } of faultsOf(remains, remainsOf(ordinary), place)) {
            found.add(`${place.function}:${place.line} ${kind}: ${words}`);
        }
    }
    const cleaning = source.split("\n").findIndex((line) => line.includes("weft_finally")) + 1;
    const group = source.split("\n").findIndex((line) => line.includes("weft_with_as")) + 1;
    const permit = "held: a permit of semaphore 1 is never given back";
    const memory = "leak: a block of memory is never freed";
    const cleanup = `cleanup: the weft_finally of cleaner, line ${cleaning}, does not finish`;
    assert.deepEqual([...found].sort(), [
        `cleaner:${lineOf("in cleanup")} ${cleanup}`,
        `careless:${group} ${memory}`,
        `careless:${group} ${permit}`,
        `hoarder:${lineOf("with memory")} ${memory}`,
        `keeper:${lineOf("with a permit")} ${permit}`,
    ].sort());
});

test("a run that never ends comes back", async () => {
    const spinning = await run(program("../../build/wasm/tests/programs/endings.wasm"), { decisions: [4] });
    assert.equal(spinning.kind, "endless");
});

test("blocks of cleanup are found in a source whatever stands in its texts", () => {
    const { finallyAround, isWith } = cleanupsIn(`weft_with(a) {\n  weft_finally {\n    "}" /* } */ '}';\n    { }\n  }\n}\n// weft_with(b)\n`);
    assert.deepEqual([1, 2, 3, 4, 5, 6].map(finallyAround), [undefined, 2, 2, 2, 2, undefined]);
    assert.deepEqual([1, 2, 7].map(isWith), [true, false, false]);
});

test("of very many moments some from everywhere are tried", () => {
    assert.deepEqual(sampled([1, 2, 3], 5), [1, 2, 3]);
    assert.deepEqual(sampled([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
});

test("steps and the way of a cancellation are told in words", async () => {
    const place = places.find(({ line, state }) => line === lineOf("in cleanup") && state === "ready");
    const steps = Steps.of((await run(careless, { injections: [{ step: place.step, task: place.task }] })).chunks);
    const name = `Task-${place.task} (cleaner)`;
    assert.deepEqual(steps.travel(place.step).map(({ words }) => words), [
        `${name} is told to cancel`,
        `it reaches ${name}`,
        "it leaves cleaner",
        `${name} ends cancelled`,
    ]);
    assert.deepEqual(steps.words(1).phrases.slice(0, 2), ["creates Task-5 (keeper)", "creates Task-7 (hoarder)"]);
});
