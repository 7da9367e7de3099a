// Each example prints the same natively, as WebAssembly under Node, and as its Python twin. weft runs on
// the virtual clock, Python sleeps for real.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { at, filesOf, howItEnded, run, runModule, stem } from "./lib/project.mjs";

const examples = filesOf("examples", /\.c$/).map(stem);
const virtual = { env: { WEFT_VIRTUAL: "1" } };

async function output(running) {
  const result = await running;
  assert.equal(result.status, 0, howItEnded(result));
  assert.notEqual(result.stdout, "", "it prints nothing");
  return result.stdout;
}

test("examples", { concurrency: 2 }, async (context) => {
  assert.ok(examples.length > 0, "there are no examples");
  const twins = filesOf("examples", /\.py$/).map(stem);
  await context.test("every Python twin has its example", () => assert.deepEqual(twins, examples));
  await Promise.all(
    examples.map((name) =>
      context.test(`example ${name}`, async (example) => {
        assert.ok(existsSync(at(`examples/${name}.py`)), `examples/${name}.py is missing`);
        const python = await output(run("python3", [at(`examples/${name}.py`)]));
        await example.test(`${name}: native prints what Python prints`, async () =>
          assert.equal(await output(run(at(`build/native/examples/${name}`), [], virtual)), python),
        );
        await example.test(`${name}: wasm prints what Python prints`, async () => {
          const module = at(`build/wasm/examples/${name}.wasm`);
          assert.equal(await output(run(process.execPath, [runModule, module], virtual)), python);
        });
      }),
    ),
  );
});
