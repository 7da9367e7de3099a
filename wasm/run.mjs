#!/usr/bin/env node
// node run.mjs MODULE.wasm [ARGUMENT...]: runs the main of a weft program as a process of its own would run. The variables
// WEFT_VIRTUAL, WEFT_SEED, WEFT_DECISIONS, WEFT_DECISIONS_OUT, WEFT_INJECTIONS, WEFT_PERMUTE_READY, WEFT_TRACE and WEFT_DEBUG
// mean what they mean natively. WEFT_BASE is the URL that relative ones are relative to. SIGUSR2 prints what its tasks are waiting for.
import { appendFileSync, closeSync, openSync, readFileSync, readSync } from "node:fs";
import { decisionsTo } from "./decisions.mjs";
import { loadWeft } from "./weft.mjs";

const [path, ...args] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("usage: node run.mjs MODULE.wasm [ARGUMENT...]\n");
  process.exit(2);
}

const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("WEFT_")));
// What sets the virtual clock in weft_main sets it for the C library, too; weft_main says what is wrong with the values.
const isVirtual = Boolean(
  env.WEFT_SEED || env.WEFT_DECISIONS || env.WEFT_INJECTIONS || (env.WEFT_VIRTUAL && env.WEFT_VIRTUAL !== "0"),
);
const seed = /^\d{1,15}$/.test(env.WEFT_SEED ?? "") ? Number(env.WEFT_SEED) : undefined;

// C waits for its input; a stdin that has nothing yet may refuse to.
const aMoment = new Int32Array(new SharedArrayBuffer(4));
function read(buffer) {
  for (;;) {
    try {
      return readSync(0, buffer);
    } catch (error) {
      if (error.code === "EOF") return 0;
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(aMoment, 0, 0, 10);
    }
  }
}

let trace = -1;
const onTrace = {
  open: (file) => (trace = openSync(file, "w")),
  write: (text) => appendFileSync(trace, text),
  close: () => closeSync(trace),
};

function tasksNow(weft) {
  const count = weft.tasks().length;
  return `weft: ${count} task${count === 1 ? "" : "s"} in process ${process.pid}\n${weft.taskTree()}`;
}

// Node has WebSockets from version 22 on; an older one has them with the package ws, where that is installed.
async function webSocketFor(module) {
  const wanted = WebAssembly.Module.imports(module).some(({ name }) => name === "weft_js_websocket_dial");
  if (!wanted || globalThis.WebSocket !== undefined) return {};
  try {
    return { WebSocket: (await import("ws")).WebSocket };
  } catch {
    return {}; // connecting says that there is none
  }
}

async function run() {
  const module = await WebAssembly.compile(readFileSync(path));
  const weft = await loadWeft({
    wasm: module,
    ...(await webSocketFor(module)),
    ...(env.WEFT_BASE && { base: env.WEFT_BASE }),
    write: (bytes, stream) => process[stream].write(bytes),
    read,
    onTrace: (part, text) => onTrace[part](text),
    // The log goes to one of the two.
    ...(env.WEFT_DECISIONS_OUT && !env.WEFT_TRACE && { onEvent: decisionsTo(env.WEFT_DECISIONS_OUT) }),
    clock: isVirtual ? "virtual" : "real",
    seed,
    env,
  });
  // SIGUSR1, which asks a native program, is the one that starts Node's inspector.
  process.on("SIGUSR2", () => process.stderr.write(tasksNow(weft)));
  // The first SIGINT cancels, the next one finds Node's default action again; so does one that comes before or after main.
  process.once("SIGINT", () => weft.interrupt() || process.kill(process.pid, "SIGINT"));
  return weft.main(args);
}

// Node ends by itself when nothing is left that could wake the program.
process.exitCode = 13;
process.once("beforeExit", () => {
  if (process.exitCode === 13) process.stderr.write("weft: the program waits for something that never comes\n");
});
run().then(
  (status) => (process.exitCode = status),
  (error) => {
    process.stderr.write(`weft: ${error.message}\n`);
    process.exitCode = 1;
  },
);
