// Workloads of promises and async functions, as they are usually written where speed matters. Shared with the page that measures.

const CONTENDERS = 10;
const QUEUE_PLACES = 64;
export const GATHERED = 10_000;

async function yielder(times) {
    for (let i = 0; i < times; i++) await null;
}

export function switchAmong(tasks, switches) {
    return Promise.all(Array.from({ length: tasks }, () => yielder(switches / tasks)));
}

async function answer(value) {
    return value;
}

export async function call(calls) {
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += await answer(i);
    return sum;
}

// An async function runs at once where a task first waits for its turn; the await stands for that.
async function child(value) {
    await null;
    return value;
}

export async function spawnAndJoin(spawns) {
    let sum = 0;
    for (let i = 0; i < spawns; i++) {
        const task = child(i);
        sum += await task;
    }
    return sum;
}

export async function gather(gathers) {
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

async function contender(semaphore, times) {
    for (let i = 0; i < times; i++) {
        await semaphore.acquire();
        semaphore.release();
    }
}

export async function handOver(handovers) {
    const semaphore = new Semaphore(0);
    const tasks = Array.from({ length: CONTENDERS }, () => contender(semaphore, handovers / CONTENDERS));
    await null;
    semaphore.release();
    await Promise.all(tasks);
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

export async function queue(items) {
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

export async function takeTurns(turns) {
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

export async function group(groups) {
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

export async function completeAll(times) {
    let sum = 0;
    for (let i = 0; i < times; i++)
        for await (const value of asCompleted(Array.from({ length: GATHERED }, (_, j) => child(j)))) sum += value;
    return sum;
}

function sleep(seconds) {
    return new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}

export async function sleepTogether(times, tasks, seconds) {
    for (let i = 0; i < times; i++) await Promise.all(Array.from({ length: tasks }, () => sleep(seconds)));
}
