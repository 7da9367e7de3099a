// clang-format decides the layout of every C and C++ file.
import assert from "node:assert/strict";
import test from "node:test";
import { at, filesOf, fromRoot, howItEnded, run } from "./lib/project.mjs";

const folders = [
  "core",
  "core/include/weft",
  "native",
  "native/include/weft",
  "wasm",
  "wasm/include/weft",
  "tests/core",
  "tests/native",
  "tests/differential",
  "tests/harness",
  "tests/wasm",
  "tests/compile-fail",
  "examples",
  "bench",
  "web/runtime",
  "web/speed",
];

test("layout of C files", async (context) => {
  for (const folder of folders)
    for (const file of filesOf(folder, /\.(c|h|cpp)$/))
      await context.test(`layout: ${fromRoot(file)}`, async () => {
        const style = `--style=file:${at(".clang-format")}`;
        const result = await run("clang-format", [style, "--dry-run", "-Werror", file]);
        assert.equal(result.status, 0, howItEnded(result));
      });
});
