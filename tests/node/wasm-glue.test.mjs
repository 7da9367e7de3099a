// A program that is linked with Emscripten's own glue runs under Node as it would in a page.
import assert from "node:assert/strict";
import test from "node:test";
import { at, howItEnded, run } from "./lib/project.mjs";

test("a program with Emscripten's glue prints everything", async () => {
  const result = await run(process.execPath, [at("build/wasm/tests/wasm/glue.cjs")]);
  assert.equal(result.status, 0, howItEnded(result));
  assert.deepEqual(result.stdout.trimEnd().split("\n"), [
    "sleeper 1",
    "sleeper 2",
    "hello wörld 7 -3000000000, 2.5, -9007199254740991",
    'Module.weftImports has no function "missing"',
    "aborted",
    "timed out",
    "no newline",
  ]);
});
