// SIGINT (Ctrl-C) to whole processes, native ones and WebAssembly under Node: what they clean up, how they end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { at, runModule } from "./lib/project.mjs";

const hosts = [
  { name: "native", command: [at("build/native/tests/programs/interrupted")], killed: { status: null, signal: "SIGINT" } },
  {
    name: "wasm",
    command: [process.execPath, runModule, at("build/wasm/tests/programs/interrupted.wasm")],
    killed: { status: 130, signal: null },
  },
];

// Runs the program, sends SIGINT whenever it has said the next of these words, and tells how it ended.
function interrupted([command, ...args], words, env = {}) {
  return new Promise((resolve, reject) => {
    const result = { stdout: "", stderr: "" };
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const left = [...words];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      result.stdout += text;
      if (left.length > 0 && result.stdout.includes(left[0])) {
        left.shift();
        child.kill("SIGINT");
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text) => (result.stderr += text));
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ ...result, status, signal }));
  });
}

for (const { name, command, killed } of hosts)
  for (const way of ["sleep", "busy"])
    for (const clock of ["real", "virtual"])
      test(`${name}, ${way}, ${clock} clock`, async (context) => {
        const env = clock === "virtual" ? { WEFT_VIRTUAL: "1" } : {};
        const start = [...command, way === "sleep" && clock === "virtual" ? "outside" : way];
        if (start.at(-1) === "outside" && name === "wasm") start[start.length - 1] = "busy";
        const run = (does, words) => interrupted([...start, does], words, env);

        await context.test("the first one cancels, and the cleanup runs to its end", async () => {
          const { stdout, stderr, ...end } = await run("ends", ["ready"]);
          assert.equal(stdout, "ready\ncancelled\nclean, without a newline");
          assert.equal(stderr, "");
          assert.deepEqual(end, killed);
        });
        await context.test("the second one ends a cleanup that hangs", async () => {
          const { stdout, stderr, ...end } = await run("hangs", ["ready", "cancelled"]);
          assert.equal(stdout, "ready\ncancelled\n");
          assert.equal(stderr, "");
          assert.deepEqual(end, { status: null, signal: "SIGINT" });
        });
        await context.test("a coroutine may go on", async () => {
          const { stdout, ...end } = await run("returns", ["ready"]);
          assert.equal(stdout, "ready\ncancelled\nclean, without a newline");
          assert.deepEqual(end, { status: 0, signal: null, stderr: "" });
        });
        await context.test("a coroutine may fail", async () => {
          const { stderr, status } = await run("fails", ["ready"]);
          assert.match(stderr, /^RuntimeError: on purpose$/m);
          assert.equal(status, 1);
        });
      });
