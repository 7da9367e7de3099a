// The scenarios of tests/differential, and random ones: weft and CPython must do the same, tick for tick.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { loadOracle } from "../differential/oracle.mjs";
import { randomScenario } from "../differential/random.mjs";
import { at, filesOf, howItEnded, run, stem } from "./lib/project.mjs";

const firstSeed = 1;
const randomCount = Number(process.env.WEFT_RANDOM_PROGRAMS ?? 600);
const builds = [
  { build: "native", steps: false }, // with the event log off
  { build: "debug", steps: true },
];

// What was printed, by scenario.
function byScenario(output) {
  const parts = output.split(/^scenario (.*)\n/m);
  return new Map(parts.slice(1).flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 2]]] : [])));
}

const withoutSteps = (lines) => lines.replace(/^\S+ \d+ task \d+ (steps|ends)\n/gm, "");

async function weft(build, file, ...options) {
  const ended = await run(at("build", build, "tests/differential/differential"), [file, ...options]);
  assert.equal(ended.status, 0, howItEnded(ended));
  return byScenario(ended.stdout);
}

test("differential", async (context) => {
  const oracle = await loadOracle();

  for (const file of filesOf("tests/differential/scenarios", /\.txt$/))
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

  for (const file of filesOf("tests/differential/scenarios", /\.txt$/))
    await context.test(`scenarios of ${stem(file)} end without memory, whichever allocation fails`, async () => {
      const ended = await weft("debug", file, "--torture");
      for (const [name, times] of ended) assert.match(times, /^ended [1-9]\d+ times\n$/, name);
      assert.ok(ended.size > 0);
    });

  await context.test(`${randomCount} random programs do what CPython does`, async () => {
    const seeds = Array.from({ length: randomCount }, (_, i) => firstSeed + i);
    const text = seeds.map(randomScenario).join("");
    const file = at("build/random-programs.txt");
    mkdirSync(at("build"), { recursive: true });
    writeFileSync(file, text);
    const expected = byScenario(oracle.interpret(text));
    assert.equal(expected.size, randomCount);
    for (const { build, steps } of builds) {
      const actual = await weft(build, file, ...(steps ? ["--steps"] : []));
      for (const [name, lines] of expected)
        assert.equal(actual.get(name), steps ? lines : withoutSteps(lines), `${build}: ${name}`);
    }
  });
});
