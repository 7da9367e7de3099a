// Programs in both: what CPython and weft do with them, and whether it is the same.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const millisecondsUntilHung = 60_000;
const program = (build) => fileURLToPath(new URL(`../../build/${build}/tests/differential/differential`, import.meta.url));

// The builds that are compared: the optimised one with the event log off, and one under sanitizers with it on.
export const builds = [
  { build: "native", steps: false },
  { build: "debug", steps: true },
];

export const withoutSteps = (lines) => lines.replace(/^\S+ \d+ task \d+ (steps|ends)\n/gm, "");

// What was printed, by scenario.
export function byScenario(output) {
  const parts = output.split(/^scenario (.*)\n/m);
  return new Map(parts.slice(1).flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 2]]] : [])));
}

function runFile({ build, steps }, file) {
  return new Promise((resolve) => {
    const child = spawn(program(build), [file, ...(steps ? ["--steps"] : [])], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = { stdout: "", stderr: "" };
    const watchdog = setTimeout(() => child.kill("SIGKILL"), millisecondsUntilHung);
    child.stdout.setEncoding("utf8").on("data", (text) => (ended.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (ended.stderr += text));
    child.on("error", (error) => (ended.stderr += error.message));
    child.on("close", (status, signal) => {
      clearTimeout(watchdog);
      resolve({ ...ended, how: signal ?? (status === 0 ? null : `exit status ${status}`) });
    });
  });
}

// What weft does with scenarios, in their order. One that ends the program has that in its output, and the others
// are run without it.
export async function runWeft(build, scenarios) {
  const folder = mkdtempSync(join(tmpdir(), "weft-differential-"));
  const file = join(folder, "scenarios.txt");
  const outputs = [];
  try {
    while (outputs.length < scenarios.length) {
      const rest = scenarios.slice(outputs.length);
      writeFileSync(file, rest.map((scenario, i) => scenario.replace(/^scenario.*/, `scenario ${i}`)).join(""));
      const { stdout, stderr, how } = await runFile(build, file);
      const done = [...byScenario(stdout).values()];
      if (how !== null) {
        if (done.length === 0) done.push("");
        done[done.length - 1] += `${how}\n${stderr}`;
      }
      outputs.push(...done);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return outputs;
}

// Where scenarios differ: for each null if both do the same, undefined if it makes no sense to CPython's
// interpreter, or what the two did.
export async function compare(oracle, scenarios, among = builds) {
  const expected = [...byScenario(oracle.interpret(scenarios.map((text, i) => text.replace(/^scenario.*/, `scenario ${i}`)).join(""))).values()];
  const verdicts = expected.map((lines) => (/^wrong/m.test(lines) ? undefined : null));
  for (const build of among) {
    const left = [...verdicts.keys()].filter((i) => verdicts[i] === null);
    const outputs = await runWeft(build, left.map((i) => scenarios[i]));
    left.forEach((i, at) => {
      const lines = build.steps ? expected[i] : withoutSteps(expected[i]);
      if (outputs[at] !== lines) verdicts[i] = { build: build.build, expected: lines, actual: outputs[at] };
    });
  }
  return verdicts;
}

// Both outputs side by side, from a little before where they part.
export function sideBySide({ build, expected, actual }, most = 40) {
  const left = expected.split("\n");
  const right = actual.split("\n");
  let parts = 0;
  while (left[parts] === right[parts] && parts < left.length) parts++;
  const from = Math.max(0, parts - 12);
  const width = Math.min(70, Math.max(20, ...left.slice(from, from + most).map((line) => line.length)));
  const rows = Array.from({ length: Math.min(most, Math.max(left.length, right.length) - from) }, (_, i) => {
    const [a, b] = [left[from + i] ?? "", right[from + i] ?? ""];
    return `${a === b ? " " : "|"} ${a.padEnd(width)}  ${b}`;
  });
  return [`  ${"CPython".padEnd(width)}  weft (${build})`, ...(from > 0 ? ["  …"] : []), ...rows].join("\n");
}
