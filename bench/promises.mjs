// JavaScript's own: async functions, promises and setTimeout under Node.
import { cpu, cpuPer, random, repeat, report, start, wants } from "./measure.mjs";

const SWITCHES = 2_000_000;
const CALLS = 2_000_000;
const SPAWNS = 1_000_000;
const HANDOVERS = 500_000;
const CONTENDERS = 10;
const QUEUED = 500_000;
const QUEUE_PLACES = 64;
const TURNS = 200_000;
const GATHERED = 10_000;
const GATHERS = 50;
const SLEEPERS = 1_000_000;
const CANCELLED_SLEEPERS = 100_000;
const FIRST_LEAD = 5;

async function yielder(times) {
    for (let i = 0; i < times; i++) await null;
}

function switchAmong(tasks, switches) {
    return Promise.all(Array.from({ length: tasks }, () => yielder(switches / tasks)));
}

async function answer(value) {
    return value;
}

async function call(calls) {
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += await answer(i);
    return sum;
}

// An async function runs at once where a task first waits for its turn; the await stands for that.
async function child(value) {
    await null;
    return value;
}

async function spawnAndJoin(spawns) {
    let sum = 0;
    for (let i = 0; i < spawns; i++) {
        const task = child(i);
        sum += await task;
    }
    return sum;
}

async function gather(gathers) {
    let sum = 0;
    for (let i = 0; i < gathers; i++) {
        const children = [];
        for (let j = 0; j < GATHERED; j++) children.push(answer(j));
        sum += (await Promise.all(children)).length;
    }
    return sum;
}

class Semaphore {
    #waiters = new Queue();
    #permits;

    constructor(permits) {
        this.#permits = permits;
    }

    acquire() {
        if (this.#permits > 0) {
            this.#permits--;
            return null;
        }
        return new Promise((resolve) => this.#waiters.push(resolve));
    }

    release() {
        const waiter = this.#waiters.pop();
        if (waiter) waiter();
        else this.#permits++;
    }
}

// First in, first out, as a ring: Array.prototype.shift costs more.
class Queue {
    #items = new Array(1024);
    #head = 0;
    #tail = 0;

    push(item) {
        this.#items[this.#tail++ & 1023] = item;
    }

    pop() {
        if (this.#head !== this.#tail) return this.#items[this.#head++ & 1023];
    }
}

async function handOver(semaphore, times) {
    for (let i = 0; i < times; i++) {
        await semaphore.acquire();
        semaphore.release();
    }
}

async function semaphoreRow(handovers) {
    const semaphore = new Semaphore(0);
    const times = handovers / CONTENDERS;
    const tasks = Array.from({ length: CONTENDERS }, () => handOver(semaphore, times));
    await null;
    return cpuPer(handovers, () => {
        semaphore.release();
        return Promise.all(tasks);
    });
}

// Who finds it empty or full waits, and looks again when woken.
class Channel {
    #items = new Queue();
    #getters = new Queue();
    #putters = new Queue();
    #places;

    constructor(places) {
        this.#places = places;
    }

    async put(item) {
        while (this.#places === 0) await new Promise((resolve) => this.#putters.push(resolve));
        this.#places--;
        this.#items.push(item);
        this.#getters.pop()?.();
    }

    async get() {
        let item;
        while ((item = this.#items.pop()) === undefined)
            await new Promise((resolve) => this.#getters.push(resolve));
        this.#places++;
        this.#putters.pop()?.();
        return item;
    }
}

async function queue(items) {
    const channel = new Channel(QUEUE_PLACES);
    const produce = async () => {
        for (let i = 0; i < items; i++) await channel.put(i);
    };
    let sum = 0;
    const consume = async () => {
        for (let i = 0; i < items; i++) sum += await channel.get();
    };
    await Promise.all([produce(), consume()]);
    return sum;
}

class Condition {
    lock = new Semaphore(1);
    #waiters = new Queue();

    async wait() {
        const woken = new Promise((resolve) => this.#waiters.push(resolve));
        this.lock.release();
        await woken;
        await this.lock.acquire();
    }

    notify() {
        this.#waiters.pop()?.();
    }
}

async function takeTurns(turns) {
    const condition = new Condition();
    let turn = 0;
    const player = async (own) => {
        for (let i = 0; i < turns / 2; i++) {
            await condition.lock.acquire();
            while (turn !== own) await condition.wait();
            turn = 1 - own;
            condition.notify();
            condition.lock.release();
        }
    };
    await Promise.all([player(0), player(1)]);
}

// One that waits for all, and remembers the first error.
class Group {
    #left = 1;
    #error;
    #resolve;
    #ended = new Promise((resolve) => (this.#resolve = resolve));

    start(promise) {
        this.#left++;
        promise.catch((error) => (this.#error ??= error)).then(() => this.#end());
    }

    #end() {
        if (--this.#left === 0) this.#resolve();
    }

    async join() {
        this.#end();
        await this.#ended;
        if (this.#error !== undefined) throw this.#error;
    }
}

async function group(groups) {
    for (let i = 0; i < groups; i++) {
        const group = new Group();
        for (let j = 0; j < GATHERED; j++) group.start(child(j));
        await group.join();
    }
}

async function* asCompleted(promises) {
    const done = [];
    let wake = () => {};
    for (const promise of promises)
        promise.finally(() => {
            done.push(promise);
            wake();
        });
    for (let i = 0; i < promises.length; i++) {
        if (i === done.length) await new Promise((resolve) => (wake = resolve));
        yield done[i];
    }
}

async function completeAll(times) {
    let sum = 0;
    for (let i = 0; i < times; i++)
        for await (const value of asCompleted(Array.from({ length: GATHERED }, (_, j) => child(j)))) sum += value;
    return sum;
}

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
    if (wants("semaphore")) {
        await semaphoreRow(HANDOVERS / 10);
        report("semaphore", "ns", await semaphoreRow(HANDOVERS));
    }
    if (wants("lock")) {
        await semaphoreRow(HANDOVERS / 10);
        report("lock", "ns", await semaphoreRow(HANDOVERS));
    }
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
