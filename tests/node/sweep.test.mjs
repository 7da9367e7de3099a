// Every allocation of the core's tests fails once (tests/harness/sweep.h): nothing is left, and nobody waits for ever.
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import test from "node:test";
import { at, filesOf, howItEnded, run, stem } from "./lib/project.mjs";

const folder = "tests/core";

// Runs the cases of one program, and returns how many of their allocations failed. Little is kept after a free, since
// each failure forks, and copies what there is.
async function sweep(program) {
  const ended = await run(program, ["--fail-allocations"], { env: { ASAN_OPTIONS: "quarantine_size_mb=1" } });
  const flaws = ended.stdout.split("\n").filter((line) => line.startsWith("not ok"));
  assert.deepEqual(flaws, [], howItEnded(ended));
  assert.equal(ended.status, 0, howItEnded(ended));
  return Number(/^(\d+) failures of allocations/m.exec(ended.stdout)[1]);
}

test("every allocation fails once", { concurrency: availableParallelism() }, async (context) => {
  let total = 0;
  const programs = filesOf(folder, /^test_\w+\.c$/).map((file) => at("build/sweep", folder, stem(file)));
  await Promise.all(
    programs.map((program) =>
      context.test(stem(program), async () => {
        total += await sweep(program);
      }),
    ),
  );
  await context.test(`${total} allocations failed in all`, () => assert.ok(total > 10_000));
});
