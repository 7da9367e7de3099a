/* The workbench: what is told to those who run programs on it when something else takes their place. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { Workbench } = await load("workbench.ts");
const { nothing } = await load("subject.ts");

const written = { ...nothing, source: "int main(void) {}", edited: true };

/** A workbench whose compiler answers when the test lets it. */
function withCompiler() {
    const asked = [];
    const compile = () => new Promise((resolve, reject) => asked.push({ resolve, reject }));
    const workbench = new Workbench({ compile, interrupt() {}, explain: (ending) => ending });
    workbench.replace(written);
    return { workbench, asked };
}

test("a run that gives way while it is compiled tells so, and hears no later run's end", async () => {
    const takeTheirPlace = [
        (workbench) => workbench.stop(),
        (workbench) => workbench.replace({ ...written, file: "another.c" }),
        (workbench) => void workbench.run(),
    ];
    for (const take of takeTheirPlace) {
        const { workbench, asked } = withCompiler();
        const ran = workbench.run();
        take(workbench);
        assert.equal(await ran, undefined);
        asked[0].resolve(undefined); /* too late: nothing is started with it */
        await Promise.resolve();
        assert.equal(workbench.recording, undefined);
    }
});

test("a program that does not compile is a run that has ended", async () => {
    const { workbench, asked } = withCompiler();
    const endings = [];
    workbench.on("ended", ({ ending }) => endings.push(ending));
    const ran = workbench.run();
    asked[0].reject(new Error("line 1: no"));
    const recording = await ran;
    assert.equal(recording, workbench.recording);
    assert.deepEqual(endings, [{ type: "failed", message: "line 1: no" }]);
    assert.equal(workbench.state, "idle");
});
