// The scenarios of tests/differential, and random ones: weft and CPython must do the same, tick for tick.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { builds, byScenario, compare, sideBySide, withoutSteps } from "../differential/compare.mjs";
import { loadOracle } from "../differential/oracle.mjs";
import { randomScenario } from "../differential/random.mjs";
import { shrink } from "../differential/shrink.mjs";
import { at, filesOf, howItEnded, run, stem } from "./lib/project.mjs";

const firstSeed = 1;
const randomCount = Number(process.env.WEFT_RANDOM_PROGRAMS ?? 600);
const files = filesOf("tests/differential/scenarios", /\.txt$/);

async function weft(build, file, ...options) {
  const ended = await run(at("build", build, "tests/differential/differential"), [file, ...options]);
  assert.equal(ended.status, 0, howItEnded(ended));
  return byScenario(ended.stdout);
}

test("differential", async (context) => {
  const oracle = await loadOracle();

  for (const file of files)
    await context.test(`scenarios of ${stem(file)} do what CPython ${oracle.version} does`, async (topic) => {
      const expected = byScenario(oracle.interpret(readFileSync(file, "utf8")));
      assert.ok(expected.size > 0, `${file} has no scenario`);
      for (const { build, steps } of builds) {
        const actual = await weft(build, file, ...(steps ? ["--steps"] : []));
        for (const [name, lines] of expected)
          await topic.test(`${build}: ${name}`, () =>
            assert.equal(actual.get(name), steps ? lines : withoutSteps(lines)));
      }
    });

  for (const file of files)
    await context.test(`scenarios of ${stem(file)} end without memory, whichever allocation fails`, async () => {
      const ended = await weft("debug", file, "--torture");
      for (const [name, times] of ended) assert.match(times, /^ended [1-9]\d+ times\n$/, name);
      assert.ok(ended.size > 0);
    });

  await context.test(`${randomCount} random programs do what CPython does`, async () => {
    const programs = Array.from({ length: randomCount }, (_, i) => randomScenario(firstSeed + i));
    const verdicts = await compare(oracle, programs);
    assert.equal(verdicts.length, randomCount);
    const first = verdicts.findIndex((verdict) => verdict !== null);
    if (first < 0) return;
    assert.ok(verdicts[first], `program ${firstSeed + first} has no end`);
    const among = builds.filter(({ build }) => build === verdicts[first].build);
    const { text, verdict } = await shrink(oracle, programs[first], among);
    assert.fail(`program ${firstSeed + first} differs, made small:\n${text}\n${sideBySide(verdict ?? verdicts[first])}`);
  });
});
