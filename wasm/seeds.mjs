#!/usr/bin/env node
// node seeds.mjs [--seeds N] [--permute-ready] [--ignore-output] [--limit SECONDS] [--again TEXT] -- COMMAND [ARGUMENT...]: runs a weft
// program under N seeds, each run a process, says how many ended how, and shows the shortest list of decisions that leads to what
// should not be. `./weft run FILE.c --seeds N` calls it; TEXT is what a person types to run it once, with {} where options go.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endingOf, explore, lineOnlyIn, shrink } from "./explore.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "seeds": { type: "string", default: "1000" },
    "permute-ready": { type: "boolean", default: false },
    "ignore-output": { type: "boolean", default: false },
    "limit": { type: "string", default: "10" },
    "again": { type: "string", default: "{}" },
  },
});
const { "seeds": seedCount, "permute-ready": permuteReady, "ignore-output": ignoreOutput, limit, again } = values;
const [command, ...args] = positionals;
const folder = mkdtempSync(join(tmpdir(), "weft-seeds-"));
const mostOutput = 1 << 20;
const mostRows = 20;
const ownSettings = { WEFT_VIRTUAL: "1", WEFT_SEED: "", WEFT_DECISIONS: "", WEFT_TRACE: "" };

// --- One run ---

const children = new Set();
let runs = 0;

function start(env, listener) {
  const child = spawn(command, args, {
    env: { ...process.env, ...ownSettings, ...(permuteReady && { WEFT_PERMUTE_READY: "1" }), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let endless;
  const stop = (why) => {
    endless ??= why;
    child.kill("SIGKILL");
  };
  const timer = setTimeout(() => stop(`did not end in ${limit} s`), limit * 1000);
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"])
    child[stream].setEncoding("utf8").on("data", (text) => {
      texts[stream] += text;
      if (texts[stream].length > mostOutput) stop("printed more than 1 MB");
    });
  child.on("error", (error) => {
    process.stderr.write(`weft: ${error.message}\n`);
    process.exit(2);
  });
  child.on("close", (status, signal) => {
    clearTimeout(timer);
    children.delete(child);
    listener({ ...texts, status, endless, crash: endless || !signal ? undefined : `ended by ${signal}` });
  });
}

// The error that ended main, which is the last that it prints: "Name: message", with what is indented below.
const errorIn = (stderr) => [...stderr.matchAll(/^[A-Z]\w*(?::.*)?$(?:\n .*)*/gm)].at(-1)?.[0];

function decisionsIn(path) {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1).map((line) => Number(line.split(" ")[2]));
  } catch (error) {
    if (error.code === "ENOENT") return []; // it ended before there was a loop
    throw error;
  } finally {
    rmSync(path, { force: true });
  }
}

function run({ seed, decisions, env }) {
  const path = join(folder, String(runs++));
  const choices = { ...(seed !== undefined && { WEFT_SEED: String(seed) }), ...(decisions && { WEFT_DECISIONS: decisions.join(" ") }) };
  return new Promise((resolve) =>
    start({ ...choices, WEFT_DECISIONS_OUT: path, ...env }, (ended) => {
      const { status, crash, endless, stdout, stderr } = ended;
      const error = status === 1 ? errorIn(stderr) : undefined;
      const ending = endingOf({ status, error, crash, endless, output: stdout }, { ignoreOutput });
      resolve({ ...ending, stderr, decisions: decisionsIn(path) });
    }),
  );
}

// --- What is said ---

const say = (text = "") => process.stdout.write(`${text}\n`);
const briefly = ({ kind, words }) => (kind === "deadlock" ? "Deadlock" : words.split("\n", 1)[0]);

// A progress line for people who watch.
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function otherOutput(output, ordinary) {
  const [more, less] = [lineOnlyIn(output, ordinary), lineOnlyIn(ordinary, output)];
  return [more !== undefined && `it printed "${more}"`, less !== undefined && `not "${less}"`].filter(Boolean).join(", ");
}

function wordsOf(outcome, ordinary) {
  const words = briefly(outcome);
  if (outcome.signature === ordinary.signature) return `${words}, as in the ordinary order`;
  return outcome.failed || ordinary.failed ? words : `${words}, but ${otherOutput(outcome.output, ordinary.output)}`;
}

function table(groups, ordinary) {
  const rows = groups.map(({ count, seed, outcome }) => [String(count), String(seed), wordsOf(outcome, ordinary)]);
  const widths = [0, 1].map((i) => Math.max(...[["runs", "first seed"], ...rows].map((row) => row[i].length)));
  for (const [count, seed, words] of [["runs", "first seed", "how they ended"], ...rows.slice(0, mostRows)])
    say(`  ${count.padStart(widths[0])}  ${seed.padStart(widths[1])}  ${words}`);
  if (rows.length > mostRows) say(`  … and ${rows.length - mostRows} other endings`);
}

// --- All of it ---

async function report(group, ordinary) {
  const { outcome, seed } = group;
  say();
  say(`Seed ${seed}: ${wordsOf(outcome, ordinary)}`);
  const onProgress = ({ decisions, runs: made }) => progress(`shrinking: ${made} runs, ${decisions.filter(Boolean).length} decisions`);
  const { decisions, runs: made, holds } = await shrink(outcome.decisions, run, outcome.signature, { limit: 500, onProgress });
  progress("");
  if (!holds) {
    say("It ends otherwise when its decisions are repeated: something else than the order is different from run to run.");
    return;
  }
  const chosen = decisions.filter(Boolean).length;
  say(`It takes ${chosen === 1 ? "one decision" : `${chosen} decisions`} against the ordinary order (found in ${made} runs):`);
  say();
  say(`  ${again.replace("{}", () => `--decisions "${decisions.join(" ")}"${permuteReady ? " --permute-ready" : ""}`)}`);
  const { stderr } = await run({ decisions, env: { WEFT_CALL_GRAPH: "1" } });
  if (stderr === "") return;
  say();
  say(stderr.trimEnd().split("\n").slice(0, 60).map((line) => `  ${line}`).join("\n"));
}

async function main() {
  const ordinary = await run({ decisions: [] });
  const count = Number(seedCount);
  const onProgress = ({ done }) => progress(`${done} of ${count} runs`);
  const { groups } = await explore({ seeds: count, run, concurrency: availableParallelism(), onProgress });
  progress("");
  say(`${count} runs ended in ${groups.length} ${groups.length === 1 ? "way" : "ways"}:`);
  say();
  table(groups, ordinary);
  if (ordinary.failed) {
    say();
    say(`In the ordinary order, too: ${briefly(ordinary)}`);
  }
  const others = groups.filter(({ outcome }) => outcome.failed || outcome.signature !== ordinary.signature);
  const worst = others.find(({ outcome }) => outcome.failed && outcome.signature !== ordinary.signature) ?? others.find(({ outcome }) => outcome.signature !== ordinary.signature);
  if (worst !== undefined) await report(worst, ordinary);
  return others.length > 0 || ordinary.failed ? 1 : 0;
}

process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
process.stdout.on("error", () => process.exit(1)); // nobody reads it any more
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
process.exitCode = await main();
