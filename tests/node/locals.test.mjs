// No coroutine of ours uses a local variable across an await: both passes over every file that has one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { checkLocals } from "./lib/compilers.mjs";
import { filesOf, fromRoot, howItEnded } from "./lib/project.mjs";

const sources = ["core", "native", "tests/core", "tests/native", "tests/differential", "tests/programs", "tests/programs/native", "examples", "examples/network", "examples/native", "bench", "bench/network"].flatMap((folder) =>
  filesOf(folder, /\.c$/),
);
const withCoroutines = sources.filter((file) => readFileSync(file, "utf8").includes("weft_begin("));

test("locals across an await", async (context) => {
  assert.ok(withCoroutines.length > 0, "no file has a coroutine");
  for (const compiler of ["gcc", "clang"])
    for (const file of withCoroutines)
      await context.test(`${compiler} sees none in ${fromRoot(file)}`, async () => {
        const result = await checkLocals(compiler, file, ["-I", "tests/harness"]);
        assert.equal(result.status, 0, howItEnded(result));
      });
});
