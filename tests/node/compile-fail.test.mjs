// What must not compile does not, for the stated reason; and the same program corrected does.
//
// The first lines of each tests/compile-fail/*.c are `// CHECKS: TEXT`: the checks, by name, that refuse it
// with TEXT in their words. With FIXED defined every check accepts it, so that none refuses by accident.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { check, checkLocals, compilers } from "./lib/compilers.mjs";
import { filesOf, howItEnded, stem } from "./lib/project.mjs";

const checks = new Map([
  ...compilers.map((compiler) => [compiler.name, (file, flags) => check(compiler, file, flags)]),
  ["gcc-locals", (file, flags) => checkLocals("gcc", file, flags)],
  ["clang-locals", (file, flags) => checkLocals("clang", file, flags)],
]);

// [{ name, text }], one for each check that is to refuse the file
function expectations(file) {
  const wanted = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const match = /^\/\/ ([a-z -]+): (.+)$/.exec(line);
    if (!match || !match[1].split(" ").every((name) => checks.has(name))) break;
    wanted.push(...match[1].split(" ").map((name) => ({ name, text: match[2] })));
  }
  assert.ok(wanted.length > 0, "its first line says nothing of what is expected");
  return wanted;
}

test("programs that must not compile", async (context) => {
  const files = filesOf("tests/compile-fail", /\.c$/);
  assert.ok(files.length > 0, "there are none");
  for (const file of files) {
    for (const { name, text } of expectations(file))
      await context.test(`${name} refuses ${stem(file)}`, async () => {
        const result = await checks.get(name)(file);
        assert.notEqual(result.status, 0, "it compiles");
        assert.ok(result.stderr.includes(text), `not refused with "${text}": ${howItEnded(result)}`);
      });
    for (const [name, accepts] of checks)
      await context.test(`${name} accepts ${stem(file)} corrected`, async () => {
        const result = await accepts(file, ["-DFIXED"]);
        assert.equal(result.status, 0, howItEnded(result));
      });
  }
});
