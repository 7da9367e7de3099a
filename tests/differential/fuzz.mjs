// ./weft fuzz: random programs in both, for as long as asked, and the first that differs made small.
import { appendFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { builds, compare, sideBySide } from "./compare.mjs";
import { loadOracle } from "./oracle.mjs";
import { randomScenario } from "./random.mjs";
import { shrink } from "./shrink.mjs";

const batch = 100;
const batchesOfWorker = 100; // then another takes its place, so that memory stays bounded
const secondsBetweenReports = 10;
const regressions = fileURLToPath(new URL("scenarios/regressions.txt", import.meta.url));

// --- A worker compares batches: the number of the first seed in, what became of them out -----------------

async function work() {
  const oracle = await loadOracle();
  parentPort.on("message", async (first) => {
    const seeds = Array.from({ length: batch }, (_, i) => first + i);
    const verdicts = await compare(oracle, seeds.map(randomScenario));
    const at = verdicts.findIndex((verdict) => verdict);
    const agreed = verdicts.filter((verdict) => verdict === null).length;
    const senseless = verdicts.filter((verdict) => verdict === undefined).length;
    parentPort.postMessage({ agreed, senseless, seed: at < 0 ? null : seeds[at], verdict: verdicts[at] });
  });
  parentPort.postMessage({ ready: true });
}

// --- The command -----------------------------------------------------------------------------------------

function options(words) {
  const given = { minutes: 1, seed: Date.now() % 1_000_000_000, keep: null, workers: availableParallelism() };
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i].replace(/^--/, "");
    const value = words[i + 1];
    const isText = name === "keep";
    if (!(name in given) || value === undefined || (!isText && !(Number(value) >= 0))) {
      console.error("weft: fuzz takes --minutes N, --seed S, --workers N and --keep TEXT; see ./weft help");
      process.exit(2);
    }
    given[name] = isText ? value : Number(value);
  }
  return given;
}

async function report({ seed, verdict }, keep) {
  console.log(`\nprogram ${seed} differs; it is made small …`);
  const among = builds.filter(({ build }) => build === verdict.build);
  const tell = (lines) => process.stderr.isTTY && process.stderr.write(`\r${lines} lines  `);
  const small = await shrink(await loadOracle(), randomScenario(seed), among, tell);
  console.log(`\r\n${small.text}\n${sideBySide(small.verdict ?? verdict)}`);
  if (keep === null) return;
  appendFileSync(regressions, `\n${small.text.replace(/^scenario.*/, `scenario ${keep}`)}`);
  console.log("\nkept in tests/differential/scenarios/regressions.txt");
}

function fuzz({ minutes, seed, keep, workers }) {
  const begun = performance.now();
  const until = begun + minutes * 60_000;
  const running = new Set();
  let [next, agreed, senseless, failed, stopped] = [seed, 0, 0, null, false];
  const told = () => {
    const seconds = (performance.now() - begun) / 1000;
    return `${agreed} programs agreed, ${Math.round(agreed / seconds)} a second, seeds from ${seed}`;
  };
  const ticker = setInterval(() => console.log(told()), secondsBetweenReports * 1000);

  const end = async () => {
    clearInterval(ticker);
    if (failed !== null && !stopped) await report(failed, keep);
    console.log(`${told()}${senseless > 0 ? `; ${senseless} had no end` : ""}${failed === null ? "" : "; one differs"}`);
    process.exit(failed !== null ? 1 : stopped ? 130 : 0);
  };
  const start = () => {
    const worker = new Worker(new URL(import.meta.url));
    let left = batchesOfWorker;
    running.add(worker);
    worker.on("message", async (done) => {
      if (!done.ready) {
        agreed += done.agreed;
        senseless += done.senseless;
        if (done.verdict) failed ??= done;
      }
      if (failed === null && !stopped && performance.now() < until && left-- > 0) {
        worker.postMessage(next);
        next += batch;
        return;
      }
      await worker.terminate();
      running.delete(worker);
      if (left < 0 && failed === null) start();
      else if (running.size === 0) end();
    });
    worker.on("error", (error) => {
      console.error(error);
      process.exit(1);
    });
  };
  process.once("SIGINT", () => {
    stopped = true;
    for (const worker of running) worker.terminate();
    end();
  });
  for (let i = 0; i < workers; i++) start();
}

if (isMainThread) fuzz(options(process.argv.slice(2)));
else work();
