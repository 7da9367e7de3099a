// The build of WebAssembly with threads, under Node; in pages: tests/browser/threads.test.mjs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { printed } from "./lib/wasm-threads.mjs";
import { at, howItEnded, run } from "./lib/project.mjs";

const programs = { "with threads": "build/wasm-threads/tests/wasm-threads/threads.js", "without threads": "build/wasm/tests/wasm/threads.cjs" };

for (const [name, program] of Object.entries(programs))
  test(`${name}: functions, loops and channels do the same`, async () => {
    const result = await run(process.execPath, [at(program)]);
    assert.equal(result.status, 0, howItEnded(result));
    assert.deepEqual(result.stdout.trimEnd().split("\n"), printed);
    assert.equal(result.stderr, "");
  });

// Again and again: what is on its way when a thread ends differs.
test("threads: it ends well every time", async () => {
  for (let i = 0; i < 5; i++) {
    const result = await run(process.execPath, [at(programs["with threads"])]);
    assert.equal(result.status, 0, howItEnded(result));
    assert.deepEqual([result.stdout.trimEnd().split("\n"), result.stderr], [printed, ""]);
  }
});

test("the build without threads needs no shared memory", () => {
  assert.doesNotMatch(readFileSync(at(programs["without threads"]), "utf8"), /SharedArrayBuffer/);
});
