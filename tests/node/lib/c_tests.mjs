// Runs the C test programs (tests/harness) and turns each of their cases into a subtest.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { at, filesOf, fromRoot, howItEnded, run, runModule, stem } from "./project.mjs";

const native = (program, args) => run(program, args);
const sanitized = (program, args) =>
  run(program, args, { env: { ASAN_OPTIONS: "detect_leaks=1", UBSAN_OPTIONS: "print_stacktrace=1" } });
const underThreadSanitizer = (program, args) => run(program, args, { env: { TSAN_OPTIONS: `halt_on_error=1 suppressions=${at("tests/native/threads.supp")}` } });
const wasm = (program, args) => run(process.execPath, [runModule, program, ...args]);

export const variants = [
  { name: "native", tree: "build/native", suffix: "", start: native },
  { name: "sanitized", tree: "build/debug", suffix: "", start: sanitized },
  { name: "threads", tree: "build/threads", suffix: "", start: underThreadSanitizer, only: /test_(run|threadsafe|to_thread|threads|channel_threads|server_threads)\.c$/ },
  { name: "wasm", tree: "build/wasm", suffix: ".wasm", start: wasm },
];

const lines = (text) => text.split("\n").filter((line) => line !== "");

// "ok NAME" and "not ok NAME: why", by name.
function outcomes(stdout) {
  const found = new Map();
  for (const line of lines(stdout)) {
    const match = /^(not )?ok (\w+)(?:: (.*))?$/.exec(line);
    if (match) found.set(match[2], match[1] ? match[3] : "ok");
  }
  return found;
}

async function testProgram(context, label, program, start) {
  assert.ok(existsSync(program), `${fromRoot(program)} is missing: it was not built`);
  const list = await start(program, ["--list"]);
  assert.equal(list.status, 0, `--list: ${howItEnded(list)}`);
  const names = lines(list.stdout);
  const result = await start(program, []);
  const outcome = outcomes(result.stdout);
  for (const name of names)
    await context.test(`${label}: ${name}`, () => {
      const said = outcome.get(name) ?? `it did not end: ${howItEnded(result)}`;
      if (said !== "ok") throw Object.assign(new Error(said), { stack: said });
    });
  await context.test(`${label}: ends well`, () => {
    assert.ok(names.length > 0, "it has no case");
    const failed = names.some((name) => outcome.get(name) !== "ok");
    assert.equal(result.status, failed ? 1 : 0, howItEnded(result));
  });
}

// Registers every test program of a folder, once a variant.
export function testFolder(folder, wanted = variants) {
  const sources = filesOf(folder, /^test_\w+\.c$/);
  test(`${folder} holds tests`, () => assert.ok(sources.length > 0, `${folder} has no test_*.c`));
  for (const { name: variant, tree, suffix, start, only = /./ } of wanted)
    for (const source of sources.filter((source) => only.test(source))) {
      const label = `${variant} ${stem(source)}`;
      const program = at(tree, folder, stem(source) + suffix);
      test(label, (context) => testProgram(context, label, program, start));
    }
}
