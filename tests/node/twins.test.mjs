// The Python twins as the page records them: they print what the C prints, and their tasks and coroutines begin and end when
// the C's do on the virtual clock.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { runnerImport } from "vite";
import { loadWeft } from "../../wasm/weft.mjs";
import { loadRecorder } from "../../web/scripts/recorder.mjs";
import { at, filesOf, stem } from "./lib/project.mjs";

const load = async (name) => (await runnerImport(at(`web/src/${name}`), { configFile: false })).module;
const { TimelineModel } = await load("timeline-model.ts");
const { waitsText } = await load("timeline-items.ts");

let record;
before(async () => {
  record = await loadRecorder();
});

function modelOf(chunks) {
  const model = new TimelineModel();
  for (const [chunk, base] of chunks) model.add(chunk, base);
  return model;
}

const headSize = 32;

function runPython(source, file = "program.py") {
  const { log, ...output } = record(file, source);
  return { ...output, log, model: modelOf([[log.subarray(headSize), 0]]) };
}

async function runC(name) {
  const chunks = [];
  let stdout = "";
  const weft = await loadWeft({
    wasm: readFileSync(at(`build/wasm/examples/${name}.wasm`)),
    clock: "virtual",
    onEvent: (chunk, base) => chunks.push([chunk, base]),
    print: (text, stream) => (stdout += stream === "stdout" ? text : ""),
  });
  await weft.main();
  return { stdout, model: modelOf(chunks) };
}

// In C's log stand coroutines of its library, too; and what begins and ends a block has other names in Python.
const ofLibrary = (model, { site }) => model.site(site).file.startsWith("core/");
const nameInC = { __aexit__: "finish" };
const onlyInPython = new Set(["__aenter__"]); // weft_with begins its block with a plain function

const time = (seconds) => Number(seconds.toFixed(9));

function life(model) {
  return model.tasks.map((task) => ({
    coroutine: task.coroutine,
    name: task.named ? task.name : undefined,
    times: [task.created, task.started, task.end].map(time),
    outcome: task.outcome,
    waits: waitsText(task, model),
    deadlines: task.deadlines.map(({ start, end, expired }) => [time(start), time(end), expired]),
    awaits: task.frames
      .filter((frame) => !ofLibrary(model, frame) && !onlyInPython.has(frame.name))
      .map(({ name, start, end, outcome }) => [nameInC[name] ?? name, time(start), time(end), outcome]),
  }));
}

// Where time differs, since a blocking call takes real time and no virtual time in C's simulation, but has the virtual clock
// of the twin go on; and since a page has no threads, where the twin's go on beside the loop.
const blocking = {
  blocking_sleep: "the first nap blocks for 0.5 s",
  synchronous: "the three blocking calls take 0.4 s each",
  to_thread: "the two threads sleep for 0.5 s",
};
const withoutTimes = (tasks) => tasks.map(({ coroutine, name, outcome, awaits }) => ({ coroutine, name, outcome, awaits: awaits.map(([frame]) => frame) }));

for (const file of filesOf("examples", /\.py$/)) {
  const name = stem(file);
  test(`the twin of ${name} prints and does what the C does`, async () => {
    const python = runPython(readFileSync(file, "utf8"), `${name}.py`);
    const c = await runC(name);
    assert.equal(python.failure ?? "", "");
    assert.equal(python.stdout, c.stdout);
    if (name in blocking) {
      assert.deepEqual(withoutTimes(life(python.model)), withoutTimes(life(c.model)));
      assert.ok(python.model.end > c.model.end, blocking[name]);
    } else {
      assert.deepEqual(life(python.model), life(c.model));
    }
  });
}

const program = (body) => `import asyncio, time\n${body}\n`;
const nbsp = "\u00a0";

test("what a task waits for is told by its kind", () => {
  const waits = (wait) => {
    const { model, failure } = runPython(
      program(`
async def other():
    await asyncio.sleep(1)
async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(1, future.set_result, None)
    lock, event, queue = asyncio.Lock(), asyncio.Event(), asyncio.Queue()
    await lock.acquire()
    loop.call_later(1, lock.release)
    loop.call_later(1, event.set)
    loop.call_later(1, queue.put_nowait, 1)
    ${wait}
asyncio.run(main())`),
    );
    assert.equal(failure ?? "", "");
    return waitsText(model.tasks[0], model);
  };
  assert.equal(waits("await asyncio.sleep(2)"), `sleep 2${nbsp}s`);
  assert.equal(waits("await asyncio.sleep(0)"), "one tick");
  assert.equal(waits("await asyncio.create_task(other(), name='Ada')"), "Ada");
  assert.equal(waits("await asyncio.gather(other(), other())"), "gather of 2 tasks");
  assert.equal(waits("await future"), "future");
  assert.equal(waits("async with lock: pass"), "lock");
  assert.equal(waits("await event.wait()"), "event");
  assert.equal(waits("await queue.get()"), "queue");
  assert.equal(waits("await asyncio.to_thread(time.sleep, 1)"), "thread");
  assert.equal(waits("await asyncio.wait_for(event.wait(), 3)"), "event");
});

test("the lines are those of the awaits", () => {
  const { model } = runPython("import asyncio\n\nasync def inner():\n    await asyncio.sleep(\n        1)\n\nasync def main():\n    pass\n    await inner()\n\nasyncio.run(main())\n");
  const [task] = model.tasks;
  const line = ({ site }) => [model.site(site).file, model.site(site).function, model.site(site).line];
  assert.deepEqual(line(task), ["program.py", "main", 7]);
  assert.deepEqual(line(task.frames[0]), ["program.py", "inner", 3]);
  assert.deepEqual(line(task.spans.find(({ state }) => state === "waiting")), ["program.py", "inner", 4]);
});

test("a failing program gives its own traceback, and its tasks their errors", () => {
  const { model, failure } = runPython(program("async def main():\n    raise KeyError('nothing')\nasyncio.run(main())"));
  assert.match(failure, /^Traceback \(most recent call last\):\n  File "program\.py", line 4, in <module>\n    asyncio\.run\(main\(\)\)/);
  assert.match(failure, /line 3, in main\n    raise KeyError\('nothing'\)\nKeyError: 'nothing'\n$/);
  assert.doesNotMatch(failure, /recorder/);
  const [{ outcome, result, marks }] = model.tasks;
  assert.deepEqual([outcome, result, marks.map(({ kind, text }) => [kind, text])], ["error", "KeyError: 'nothing'", [["error", "KeyError: 'nothing'"]]]);
  assert.match(runPython("def f(:\n").failure, /^  File "program\.py", line 1\n    def f\(:\n.*\n?SyntaxError: /s);
});

test("objects that cannot be put into words do not disturb", () => {
  const { stdout, failure } = runPython(
    program(`
class Shy(Exception):
    def __str__(self): raise ValueError
    __repr__ = __str__
    def __setattr__(self, name, value): raise AttributeError
async def give(): return Shy()
async def main():
    await asyncio.create_task(give())
    try: raise Shy
    except Shy: print("caught")
asyncio.run(main())`),
  );
  assert.deepEqual([stdout, failure ?? ""], ["caught\n", ""]);
});

test("a deadlock is an error and not an endless wait", () => {
  const { failure } = runPython(program("async def main():\n    await asyncio.Event().wait()\nasyncio.run(main())"));
  assert.match(failure, /Deadlock: nothing is ready and no timer is set/);
});

test("a program sees the virtual clock only", () => {
  const { stdout, failure } = runPython(
    program("async def main():\n    began = time.monotonic()\n    await asyncio.sleep(1000)\n    time.sleep(500)\n    print(time.monotonic() - began, end='')\nasyncio.run(main())\nasyncio.run(main())"),
  );
  assert.deepEqual([stdout, failure ?? ""], ["1500.01500.0", ""]);
});

test("one program leaves nothing behind for the next", () => {
  runPython(program("asyncio.Lock(); time.sleep = asyncio.run = None; raise SystemExit"));
  const { failure } = runPython(program("time.sleep(1)\nasync def main(): pass\nasyncio.run(main())"));
  assert.equal(failure ?? "", "");
});

test("an eager task, a forgotten await and an error that nobody asked for are in the log", () => {
  const { model, stderr, failure } = runPython(
    program(`
async def eager():
    await asyncio.sleep(1)
async def fails():
    raise ValueError("lost")
async def main():
    asyncio.get_running_loop().create_task(eager(), eager_start=True)
    eager()
    asyncio.create_task(fails())
    await asyncio.sleep(2)
asyncio.run(main())`),
  );
  assert.equal(failure ?? "", "");
  assert.deepEqual(model.tasks.map(({ coroutine, end }) => [coroutine, end]), [["main", 2], ["eager", 1], ["fails", 0]]);
  assert.match(stderr, /coroutine 'eager' was never awaited/);
  assert.match(stderr, /Task exception was never retrieved/);
});
