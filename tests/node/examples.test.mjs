// Each example prints the same natively and as WebAssembly under Node, in real and in virtual time, and as its Python twin,
// which sleeps for real. On stderr nothing stands but what the example is about.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { check, compilers } from "./lib/compilers.mjs";
import { at, filesOf, howItEnded, run, runModule, stem } from "./lib/project.mjs";

const examples = filesOf("examples", /\.c$/).map(stem);
const described = JSON.parse(readFileSync(at("examples/examples.json"), "utf8")).flatMap((group) => group.examples);
const inFolder = (folder) => described.filter((example) => example.folder === folder).map(({ name }) => name).sort();
const source = (name, extension) => readFileSync(at(`examples/${name}.${extension}`), "utf8");

const hosts = {
  python: (name) => run("python3", [at(`examples/${name}.py`)]),
  native: (name, env) => run(at(`build/native/examples/${name}`), [], { env }),
  wasm: (name, env) => run(process.execPath, [runModule, at(`build/wasm/examples/${name}.wasm`)], { env }),
};
const virtual = { WEFT_VIRTUAL: "1" };

// What the pitfalls say on stderr; a blocking sleep takes no virtual time.
const reports = {
  blocking_sleep: { python: /^Executing <Task .*nap.* took \d+\.\d+ seconds\n$/, weft: /^weft: .*: nap: a step of task \d+ took \d+\.\d+ s and blocked all others\n$/, virtual: /^$/ },
  never_awaited: { python: /RuntimeWarning: coroutine 'save' was never awaited/, weft: /^weft: coroutine 'save' called at .*never_awaited\.c:\d+ was never awaited\n$/ },
  await_outside: { python: /^SyntaxError: 'await' outside async function\n$/, weft: /^$/ },
  not_a_result: { python: /RuntimeWarning: coroutine 'letters' was never awaited/, weft: /^weft: coroutine 'letters' called at .*not_a_result\.c:\d+ was never awaited\n$/ },
};

async function output(running, report = /^$/) {
  const result = await running;
  assert.equal(result.status, 0, howItEnded(result));
  assert.notEqual(result.stdout, "", "it prints nothing");
  assert.match(result.stderr, report);
  return result.stdout;
}

test("every example has its Python twin and is described, and nothing else is", () => {
  assert.ok(examples.length > 0, "there are no examples");
  assert.deepEqual(filesOf("examples", /\.py$/).map(stem), examples);
  assert.deepEqual(inFolder(undefined), examples);
  assert.deepEqual(inFolder("network"), filesOf("examples/network", /\.c$/).map(stem));
});

test("examples", { concurrency: 3 }, async (context) => {
  await Promise.all(
    examples.map((name) =>
      context.test(`example ${name}`, async (example) => {
        const { python: pythonReport, weft: report, virtual: virtualReport = report } = reports[name] ?? {};
        const python = output(hosts.python(name), pythonReport);
        const runs = ["native", "wasm"].flatMap((host) => [
          [`${host} in real time`, output(hosts[host](name), report)],
          [`${host} in virtual time`, output(hosts[host](name, virtual), virtualReport)],
        ]);
        await Promise.allSettled([python, ...runs.map(([, printed]) => printed)]);
        for (const [where, printed] of runs)
          await example.test(`${name}: ${where} prints what Python prints`, async () => assert.equal(await printed, await python));
      }),
    ),
  );
});

test("the parameters have the values of the twin", async (context) => {
  for (const name of examples)
    await context.test(name, () => {
      const values = (text, pattern) => Object.fromEntries([...text.matchAll(pattern)].map(([, parameter, value]) => [parameter, Number(value)]));
      const [, twin] = /^asyncio\.run\(\w+\((.*?)\)/m.exec(source(name, "py"));
      assert.deepEqual(
        values(source(name, "c"), /^WEFT_PARAM\(\w+, (\w+), ([\d.]+),/gm),
        values(twin, /(\w+)=([\d.]+)/g),
      );
    });
});

// With MISTAKE defined an example does not compile, and gcc says what the example's comment quotes.
test("mistakes that compilers refuse", async (context) => {
  for (const name of examples.filter((candidate) => source(candidate, "c").includes("#ifdef MISTAKE"))) {
    const [, quoted] = /^ \* +error: (.*)$/m.exec(source(name, "c"));
    for (const compiler of compilers)
      await context.test(`${compiler.name}: ${name}`, async () => {
        const result = await check(compiler, at(`examples/${name}.c`), ["-DMISTAKE"]);
        assert.notEqual(result.status, 0, "it compiles");
        if (compiler.name === "gcc") assert.ok(result.stderr.includes(`error: ${quoted}`), howItEnded(result));
      });
  }
});
