// How long the page's history takes: to read a long log, to go to a place of it, and to draw what its panels need there.
//
//     node bench/history.mjs [--tasks 10000] [--rounds 12]
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const { values } = parseArgs({ options: { tasks: { type: "string", default: "10000" }, rounds: { type: "string", default: "12" } } });
const [tasks, rounds] = [Number(values.tasks), Number(values.rounds)];
const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { Kind, recordSize } = await load("events.ts");
const { Recording } = await load("recording.ts");
const { History } = await load("history/history.ts");
const { explain } = await load("history/explain.ts");
const { findDeadlocks } = await load("history/deadlock.ts");
const { taskTree } = await load("history/tree.ts");

/** A log of so many tasks of a group that sleep, round after round, in turns of a hundred permits. */
function recorded() {
  const recording = new Recording();
  const chunk = 2048;
  let bytes = new Uint8Array(chunk * recordSize);
  let [used, base, time] = [0, 0, 0];
  const flush = () => {
    recording.add(bytes.slice(0, used * recordSize), base);
    base += used;
    used = 0;
    bytes = new Uint8Array(chunk * recordSize);
  };
  const add = (kind, { task = 0, other = 0, object = 0, subkind = 0, payload = 0 } = {}) => {
    const view = new DataView(bytes.buffer, used * recordSize, recordSize);
    view.setFloat64(0, time, true);
    [task, other, 0, object].forEach((value, index) => view.setUint32(8 + 4 * index, value, true));
    view.setUint8(24, kind);
    view.setUint8(25, subkind);
    view.setUint32(28, payload, true);
    if (++used === chunk) flush();
  };
  const [group, semaphore, first] = [2, 3, 10];
  const one = new Uint32Array(new Float32Array([1]).buffer)[0];
  add(Kind.created, { task: 1, object: 4 });
  add(Kind.resume, { task: 1 });
  add(Kind.objectNew, { task: 1, object: group, subkind: 4 });
  add(Kind.objectNew, { task: 1, object: semaphore, subkind: 6, payload: tasks / 2 });
  for (let task = first; task < first + tasks; task++) {
    add(Kind.created, { task, other: 1, object: tasks + task });
    add(Kind.awaitedBy, { task, other: 1, object: group });
  }
  add(Kind.wait, { task: 1, object: group, subkind: 6 });
  add(Kind.suspend, { task: 1 });
  for (let round = 0; round < rounds; round++, time++) {
    for (let task = first; task < first + tasks; task++) {
      if (round > 0) add(Kind.wake, { task });
    }
    for (let task = first; task < first + tasks; task++) {
      add(Kind.resume, { task });
      if (task % 2 === 1) {
        add(Kind.wait, { task, object: semaphore, subkind: 7 });
      } else {
        add(Kind.wait, { task, subkind: 1 });
        add(Kind.timerArm, { task, payload: one });
      }
      add(Kind.suspend, { task });
    }
  }
  flush();
  recording.close(time);
  return recording;
}

// CPU time of the process, which a busy machine disturbs least.
const milliseconds = (action) => {
  const begin = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
};

function report(what, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)].toFixed(2);
  console.log(`${what.padEnd(52)} median ${at(0.5).padStart(8)} ms   95 % ${at(0.95).padStart(8)} ms   most ${at(1).padStart(8)} ms`);
}

const recording = recorded();
console.log(`${tasks.toLocaleString("en")} tasks, ${recording.count.toLocaleString("en")} events, ${recording.steps.toLocaleString("en")} steps`);
const history = new History(recording);
const before = process.memoryUsage().heapUsed;
report("the whole log, read once", [milliseconds(() => history.at(0))]);
globalThis.gc?.();
console.log(`memory it keeps: ${((process.memoryUsage().heapUsed - before) / 2 ** 20).toFixed(0)} MB`);

let random = 1;
const anywhere = () => (random = (random * 48271) % 0x7fffffff) % history.steps;
const shown = (instant) => [instant.ready.length, instant.timers.length, taskTree(instant, 100), findDeadlocks(instant), instant.waiters(3).length];
for (const [what, look] of [["", () => {}], [", with all that the panel State shows", shown], [", and why a task waits", (instant) => explain(instant, 11)]]) {
  report(`a step anywhere${what}`, Array.from({ length: 200 }, () => milliseconds(() => look(history.at(anywhere())))));
}
let place = Math.floor(history.steps / 2);
report("the next step, with all that State shows", Array.from({ length: 200 }, () => milliseconds(() => shown(history.at(++place)))));
report("the step before, with all that State shows", Array.from({ length: 200 }, () => milliseconds(() => shown(history.at(--place)))));
