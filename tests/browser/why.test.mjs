import assert from "node:assert/strict";
import { test } from "node:test";
import { LogWriter, kind } from "./log-writer.mjs";
import { examplePath, load, logOf, record } from "./recorded.mjs";

const { History } = await load("history/history.ts");
const { explain, nameDeadlock } = await load("history/explain.ts");
const { findDeadlocks } = await load("history/deadlock.ts");
const { layOut, nodeHeight } = await load("history/cycle.ts");
const { taskTree } = await load("history/tree.ts");
const { ordinal, textOf, Words } = await load("history/words.ts");

const waits = { sleep: 1, task: 2, future: 3, group: 6, semaphore: 7, lock: 8, event: 9, condition: 10, queue: 12 };
const types = { future: 1, group: 4, timeout: 5, semaphore: 6, lock: 7, event: 8, condition: 9, queue: 11 };
const [thrown, ways] = [2, { get: 1, put: 2, join: 3 }];

/** A program written down by hand. */
class Story extends LogWriter {
    create(task, name, parent = 0) {
        return this.add(kind.created, { task, other: parent, object: task + 1000, site: this.site(name, task) });
    }

    step(task, ...actions) {
        this.add(kind.resume, { task, site: this.site(`${task}`, 10 * task) });
        actions.forEach((action) => action());
        return this.add(kind.suspend, { task, site: this.site(`${task}`, 10 * task + 1) });
    }

    wait(task, what, { other = 0, object = 0, count = 0 } = {}) {
        this.add(kind.wait, { task, subkind: waits[what], other, object, count, site: this.site(`${task}`, 10 * task + 1) });
    }

    make(type, object, payload = 0, task = 1) {
        this.add(kind.objectNew, { task, subkind: types[type], object, payload });
    }

    at(time) {
        this.time = time;
        return this;
    }

    history() {
        const log = logOf();
        log.add(...this.chunk());
        log.closed = true;
        return new History(log);
    }
}

const plain = (sentences) => sentences.map((sentence) => textOf(sentence).replaceAll("\u00a0", " "));
const last = (history) => history.at(history.steps);

test("the philosophers' deadlock is found, named and ended by its timeout", async () => {
    const { log } = await record(examplePath("deadlock"));
    const history = new History(log);
    const steps = Array.from({ length: history.steps + 1 }, (_, step) => step);
    const found = steps.filter((step) => findDeadlocks(history.at(step)).length > 0);
    assert.deepEqual(found, [7], "from when the last one waits until the first is cancelled");
    const instant = history.at(7);
    const [deadlock] = findDeadlocks(instant);
    const names = deadlock.links.map(({ task }) => instant.task(task).name);
    assert.equal(names.length, 3);
    assert.deepEqual(plain(nameDeadlock(instant, deadlock)), [
        `eat ${names[0]} waits for lock 2 at line 18, held by eat ${names[1]} since 0.000 s.`,
        `eat ${names[1]} waits for lock 3 at line 18, held by eat ${names[2]} since 0.000 s.`,
        `eat ${names[2]} waits for lock 1 at line 18, held by eat ${names[0]} since 0.000 s.`,
        "Only the timeout of line 35 in deadlock Task-1 ends this, at 1.000 s.",
    ]);
    const answer = plain(explain(instant, deadlock.links[0].task));
    assert.equal(answer[0], `eat ${names[0]} waits at line 18 for lock 2 since 0.100 s.`);
    assert.equal(answer[1], `Lock 2 is held by eat ${names[1]} since 0.000 s, which waits for lock 3 at line 18.`);
    assert.equal(answer.at(-1), "It is in a deadlock of 3 tasks.");
    assert.match(plain(explain(instant, 1)).at(-1), /are in a deadlock\.$/);
});

test("the picture of a cycle has room for every node and arrow", async () => {
    const { log } = await record(examplePath("deadlock"));
    const instant = new History(log).at(7);
    const { nodes, arrows, width, height } = layOut(findDeadlocks(instant)[0], new Words(instant));
    assert.deepEqual(nodes.map(({ kind: sort }) => sort), ["task", "object", "task", "object", "task", "object"]);
    assert.equal(arrows.length, 6);
    for (const [index, a] of nodes.entries()) {
        assert.ok(a.x - a.width / 2 >= 0 && a.x + a.width / 2 <= width && a.y - nodeHeight / 2 >= 0 && a.y + nodeHeight / 2 <= height);
        for (const b of nodes.slice(index + 1)) {
            const apart = Math.abs(a.x - b.x) > (a.width + b.width) / 2 || Math.abs(a.y - b.y) > nodeHeight;
            assert.ok(apart, `${a.text} covers ${b.text}`);
        }
    }
});

test("a semaphore's holders, their sleeps and the place in its queue are told", async () => {
    const { log } = await record(examplePath("semaphore"));
    const history = new History(log);
    const instant = history.at(6);
    const [, first, second, , , fifth] = instant.tasks;
    assert.deepEqual(plain(explain(instant, fifth.id)), [
        `fetch ${fifth.name} waits at line 21 for a permit of the semaphore since 0.000 s.`,
        `The 2 permits of the semaphore are held by fetch ${first.name} since 0.000 s, which sleeps until 0.250 s at line 23; ` +
            `by fetch ${second.name} since 0.000 s, which sleeps until 0.500 s at line 23.`,
        "It is the third in line: 2 others came before it.",
    ]);
    assert.deepEqual(instant.object(instant.task(fifth.id).wait.object).holders.map(({ task }) => task), [first.id, second.id]);
    assert.deepEqual(taskTree(instant, 100).tree.map(({ task, children }) => [task.id, children.length]), [[1, 5]]);
    assert.deepEqual(taskTree(instant, 3), { tree: taskTree(instant, 3).tree, number: 6 });
    assert.equal(taskTree(instant, 3).tree[0].children.length, 2);
});

test("a wake-up that nobody waited for is told as lost, and that nobody is left to send another", () => {
    const story = new Story();
    story.create(1, "main").create(2, "notifier", 1);
    story.step(2, () => {
        story.make("lock", 50, 0, 2);
        story.make("condition", 51, 0, 2);
        story.add(kind.acquire, { task: 2, object: 50 }).add(kind.release, { task: 2, object: 51, count: 0, payload: 1 });
        story.add(kind.release, { task: 2, object: 50, payload: 1 }).add(kind.done, { task: 2 });
    });
    story.at(1).step(1, () => {
        story.add(kind.acquire, { task: 1, object: 50 }).add(kind.release, { task: 1, object: 50, payload: 1 });
        story.wait(1, "condition", { object: 51 });
    });
    story.add(kind.wake, { task: 1, subkind: thrown });
    story.step(1, () => story.add(kind.done, { task: 1, subkind: 1, payload: story.string("Deadlock: nothing can wake the task") }));
    const history = story.history();
    const instant = history.at(2);
    assert.deepEqual(plain(explain(instant, 1)), [
        "main Task-1 waits at line 11 for a notification of the condition since 1.000 s.",
        "It has left the lock while it waits, and must get that back first.",
        "The condition was last notified at 0.000 s by notifier Task-2, when nobody was waiting: that wake-up was lost.",
        "Nobody is left who could notify it: no task is ready, no timer is armed, nothing is pending outside.",
    ]);
    const [deadlock] = findDeadlocks(instant);
    assert.equal(deadlock.kind, "starved");
    assert.match(plain(nameDeadlock(instant, deadlock))[0], /^Nothing can wake it any more: main Task-1 waits for a notification of the condition/);
});

test("at the end of a log nobody is left, unless the log ends before the program", () => {
    const story = new Story();
    story.create(1, "main");
    story.step(1, () => {
        story.make("event", 50);
        story.wait(1, "event", { object: 50 });
    });
    const { log } = story.history();
    assert.deepEqual(findDeadlocks(last(new History(log))).map(({ kind: sort }) => sort), ["starved"]);
    log.full = true;
    assert.deepEqual(findDeadlocks(last(new History(log))), []);
});

test("tasks that await each other are a cycle, and so is a lock that is taken twice", () => {
    const story = new Story();
    story.create(1, "a").create(2, "b").create(3, "c");
    story.step(1, () => story.wait(1, "task", { other: 2 }));
    story.step(2, () => story.wait(2, "task", { other: 1 }));
    story.step(3, () => {
        story.make("lock", 50, 0, 3);
        story.add(kind.acquire, { task: 3, object: 50 });
        story.wait(3, "lock", { object: 50 });
    });
    const instant = last(story.history());
    const cycles = findDeadlocks(instant).map(({ links }) => links.map(({ task }) => task));
    assert.deepEqual(cycles, [[1, 2], [3]]);
    assert.deepEqual(plain(explain(instant, 3)), [
        "c Task-3 waits at line 31 for the lock since 0.000 s.",
        "The lock is held by c Task-3 since 0.000 s (itself).",
        "c Task-3 waits for itself: a deadlock.",
    ]);
    assert.deepEqual(plain(nameDeadlock(instant, findDeadlocks(instant)[0])).slice(0, 2), ["a Task-1 waits for b Task-2 at line 11.", "b Task-2 waits for a Task-1 at line 21."]);
});

test("who can still go on is no deadlock", () => {
    const story = new Story();
    story.create(1, "a").create(2, "b").create(3, "c");
    story.step(1, () => {
        story.make("semaphore", 50, 2, 1);
        story.add(kind.acquire, { task: 1, object: 50, payload: 1 });
        story.wait(1, "task", { other: 2 });
    });
    story.step(3, () => {
        story.add(kind.acquire, { task: 3, object: 50, payload: 0 });
        story.wait(3, "sleep");
        story.add(kind.timerArm, { task: 3, seconds: 2 });
    });
    story.step(2, () => story.wait(2, "semaphore", { object: 50 }));
    assert.deepEqual(findDeadlocks(last(story.history())), [], "the sleeper will give its permit back");
});

test("every other wait has its words", () => {
    const story = new Story();
    story.create(1, "main");
    for (const task of [2, 3, 4, 5, 6]) {
        story.create(task, "worker", 1);
    }
    story.step(2, () => {
        story.make("event", 50, 0, 2);
        story.wait(2, "event", { object: 50 });
    });
    story.step(3, () => {
        story.make("queue", 51, 4, 3);
        story.wait(3, "queue", { object: 51, count: ways.get });
    });
    story.step(4, () => {
        story.add(kind.release, { task: 4, object: 51, payload: 4 });
        story.wait(4, "queue", { object: 51, count: ways.put });
    });
    story.step(5, () => {
        story.make("future", 52, 0, 1);
        story.wait(5, "future", { other: 52 });
    });
    story.step(6, () => {
        story.make("timeout", 53, 0, 6);
        story.add(kind.timerArm, { task: 6, object: 53, subkind: 1, seconds: 5 });
        story.wait(6, "task", { other: 2 });
    });
    const instant = last(story.history());
    const answer = (task) => plain(explain(instant, task)).join(" ");
    assert.equal(answer(2), "worker Task-2 waits at line 21 for the event since 0.000 s. The event has not been set yet. It waits at most until 5.000 s: the timeout in worker Task-6 ends it then.");
    assert.equal(answer(3), "worker Task-3 waits at line 31 for a value from the queue since 0.000 s. The queue is empty; the last value came at 0.000 s from worker Task-4.");
    assert.match(answer(4), /for room in the queue since 0\.000 s\. The queue is full: it has 4 of 4 values\. A get makes room\./);
    assert.match(answer(5), /^worker Task-5 waits at line 51 for the future since 0\.000 s\. Whoever was given this future must set it; main Task-1 made it/);
    assert.equal(answer(6), "worker Task-6 waits at line 61 for worker Task-2 since 0.000 s. worker Task-2 waits for the event at line 21. It waits at most until 5.000 s: the timeout ends it then.");
    assert.match(answer(1), /^main Task-1 was created at 0\.000 s by the loop, and has not run yet: it is the next to run\.$/);
    assert.deepEqual([1, 2, 5, 6, 11, 12, 21, 22, 113].map(ordinal), ["first", "second", "fifth", "6th", "11th", "12th", "21st", "22nd", "113th"]);
});

test("any place of a long log is what reading it from the beginning gives", () => {
    const story = new Story();
    const sleepers = 300;
    story.create(1, "main");
    for (let task = 2; task < sleepers; task++) {
        story.create(task, "sleeper", 1);
    }
    for (let round = 0; round < 15; round++) {
        for (let task = 2; task < sleepers; task++) {
            story.at(round).step(task, () => {
                story.wait(task, "sleep");
                story.add(kind.timerArm, { task, seconds: 1 });
            });
        }
        for (let task = 2; task < sleepers; task++) {
            story.at(round + 1).add(kind.timerDrop, { task }).add(kind.wake, { task });
        }
    }
    const history = story.history();
    assert.ok(history.log.count > 3 * 4096, "states are kept on the way");
    const view = (instant) => [instant.step, instant.time, instant.ready, instant.timers.map(({ task, when }) => [task, when]), instant.tasks.map(({ status, since }) => [status, since])];
    for (const step of [4000, 10, 4469, 2000, 2001, 1999, 0, 3000]) {
        const fresh = new History({ ...history.log, count: history.at(step).event, closed: false, event: history.log.event, string: history.log.string, site: history.log.site });
        assert.deepEqual(view(history.at(step)), view(fresh.at(step)), `step ${step}`);
    }
    assert.equal(history.at(0).ready.length, sleepers - 1);
    assert.equal(history.at(1e9).step, history.steps);
});
