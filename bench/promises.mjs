// JavaScript's own: async functions, promises and setTimeout under Node.
import { cpu, cpuPer, random, repeat, report, start, wants } from "./measure.mjs";
import { call, completeAll, gather, GATHERED, group, handOver, queue, spawnAndJoin, switchAmong, takeTurns } from "./workloads.mjs";

const SWITCHES = 2_000_000;
const CALLS = 2_000_000;
const SPAWNS = 1_000_000;
const HANDOVERS = 500_000;
const QUEUED = 500_000;
const TURNS = 200_000;
const GATHERS = 50;
const SLEEPERS = 1_000_000;
const CANCELLED_SLEEPERS = 100_000;
const FIRST_LEAD = 5;

let asleep = 0;
let allAwake;

async function sleeper(seconds) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
    if (--asleep === 0) allAwake();
}

function heapInUse() {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
}

// False when some were due before all were armed.
async function sleepRows(numbers, lead, withBytes) {
    const awake = new Promise((resolve) => (allAwake = resolve));
    asleep = numbers.length;
    const heap = withBytes ? heapInUse() : 0;
    const clock = performance.now();
    const begin = cpu();
    for (let i = 0; i < numbers.length; i++) sleeper(lead + numbers[i]);
    const armed = cpu();
    const grown = withBytes ? heapInUse() - heap : 0;
    const early = performance.now() - clock < lead * 1e3;
    const firing = cpu();
    await awake;
    const fired = cpu();
    if (!early) return false;
    report("sleep-create", "ns", (armed - begin) / numbers.length);
    report("sleep-fire", "ns", (fired - firing) / numbers.length);
    if (withBytes) report("sleep-bytes", "bytes", grown / numbers.length);
    return true;
}

const cancelled = new Error("cancelled");

// A promise cannot be cancelled: this sleep can, by hand. (An AbortSignal costs ten times as much.)
class Sleep {
    constructor(seconds) {
        this.promise = new Promise((resolve, reject) => {
            this.reject = reject;
            this.timer = setTimeout(resolve, seconds * 1e3);
        });
    }

    cancel() {
        clearTimeout(this.timer);
        this.reject(cancelled);
    }
}

async function cancellableSleeper(sleep) {
    try {
        await sleep.promise;
    } catch {
        if (--asleep === 0) allAwake();
    }
}

async function cancelRow(numbers, count) {
    const awake = new Promise((resolve) => (allAwake = resolve));
    const sleeps = Array.from({ length: count }, (_, i) => new Sleep(100 + numbers[i]));
    asleep = count;
    sleeps.forEach(cancellableSleeper);
    return cpuPer(count, () => {
        for (const sleep of sleeps) sleep.cancel();
        return awake;
    });
}

/** What the compiler has seen once is fast from then on: a tenth of the work runs before it is timed. */
async function warm(work, amount) {
    await work(amount / 10);
    return cpuPer(amount, () => work(amount));
}

start("promises", `Node ${process.version}, V8 ${process.versions.v8}`);
const numbers = random(SLEEPERS);
for (let i = 0; i < repeat; i++) {
    if (wants("switch-2")) report("switch-2", "ns", await warm((n) => switchAmong(2, n), SWITCHES));
    if (wants("switch-1000")) report("switch-1000", "ns", await warm((n) => switchAmong(1000, n), SWITCHES));
    if (wants("call")) report("call", "ns", await warm(call, CALLS));
    if (wants("spawn-join")) report("spawn-join", "ns", await warm(spawnAndJoin, SPAWNS));
    for (const row of ["semaphore", "lock"]) if (wants(row)) report(row, "ns", await warm(handOver, HANDOVERS));
    if (wants("queue")) report("queue", "ns", await warm(queue, QUEUED));
    if (wants("condition")) report("condition", "ns", await warm(takeTurns, TURNS));
    if (wants("group-10000")) report("group-10000", "ns", (await warm(group, GATHERS)) / GATHERED);
    if (wants("as-completed-10000"))
        report("as-completed-10000", "ns", (await warm(completeAll, GATHERS)) / GATHERED);
    if (wants("gather-10000")) report("gather-10000", "ns", (await warm(gather, GATHERS)) / GATHERED);
    if (wants("sleep-cancel")) {
        await cancelRow(numbers, CANCELLED_SLEEPERS / 10);
        report("sleep-cancel", "ns", await cancelRow(numbers, CANCELLED_SLEEPERS));
    }
    if (wants("sleep-create", "sleep-fire", "sleep-bytes"))
        for (let lead = FIRST_LEAD; !(await sleepRows(numbers, lead, wants("sleep-bytes"))); ) lead *= 2;
}
