/* The project that is taken home, as pure functions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { projectFiles } = await load("share/project.ts");
const { nothing } = await load("subject.ts");

test("the project's command has all that decided the run in the page", () => {
    const subject = {
        ...nothing, file: "Größe 2.c", clock: "virtual", parameters: { permits: 3 }, seed: 5, decisions: [0, 2],
        injections: [{ step: 12, task: 3 }, { step: 14, task: 5 }], permuteReady: true,
    };
    const { "README.md": readme } = projectFiles(subject, {});
    const command = 'WEFT_PARAM_permits=3 WEFT_VIRTUAL=1 WEFT_SEED=5 WEFT_DECISIONS="0 2" WEFT_INJECTIONS="12:3 14:5" WEFT_PERMUTE_READY=1 build/Gr_e_2';
    assert.ok(readme.includes(`\n    ${command}\n`), readme);
    const onTheClock = projectFiles({ ...subject, clock: "real" }, {})["README.md"];
    assert.ok(onTheClock.includes("\n    WEFT_PARAM_permits=3 build/Gr_e_2\n"), onTheClock);
});
