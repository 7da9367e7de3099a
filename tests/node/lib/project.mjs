// Where things are, and how the tests start programs.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const at = (...parts) => join(root, ...parts);
export const fromRoot = (path) => relative(root, path);
export const stem = (path) => basename(path).replace(/\.[^.]*$/, "");

// The files of a folder whose names match, sorted; none if there is no such folder.
export function filesOf(folder, pattern) {
  let names = [];
  try {
    names = readdirSync(at(folder));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return names.filter((name) => pattern.test(name)).sort().map((name) => at(folder, name));
}

export const runModule = at("wasm/run.mjs");

const millisecondsUntilHung = 300_000;

// Runs a program to its end. It never rejects: one that cannot be started has the reason in `stderr`.
// `env` adds to the environment `base`; `input` is what it reads from stdin.
export function run(command, args, { cwd = root, base = process.env, env, input } = {}) {
  return new Promise((resolve) => {
    const result = { status: null, signal: null, stdout: "", stderr: "" };
    const child = spawn(command, args, {
      cwd,
      env: { ...base, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.on("error", () => {}).end(input); // a program that reads nothing is no failure here
    const watchdog = setTimeout(() => {
      result.stderr += `\nkilled: it still ran after ${millisecondsUntilHung / 1000} s`;
      child.kill("SIGKILL");
    }, millisecondsUntilHung);
    child.stdout.setEncoding("utf8").on("data", (text) => (result.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (result.stderr += text));
    child.on("error", (error) => (result.stderr += error.message));
    child.on("close", (status, signal) => {
      clearTimeout(watchdog);
      resolve({ ...result, status, signal });
    });
  });
}

// How a program ended, in words, with the end of what it said about it.
export function howItEnded({ status, signal, stderr }) {
  const end = signal ? `ended by ${signal}` : `exit status ${status}`;
  return [end, ...stderr.trimEnd().split("\n").slice(-40)].join("\n");
}
