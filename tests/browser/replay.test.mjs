/* Looking into recorded runs: what is read of a coroutine's memory, and that a program run again is the same. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { loadWeft } from "../../wasm/weft.mjs";

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const load = async (name) =>
    (await runnerImport(path(`web/src/${name}`), { configFile: false, resolve: { alias: { weft: path("wasm/weft.mjs") } } })).module;
const { variablesOf, markChanges } = await load("replay/variables.ts");
const { Machine } = await load("replay/machine.ts");

// --- Reading ---

const int = { kind: "integer", size: 4, signed: true, character: false };
const character = { kind: "integer", size: 1, signed: true, character: true };
const pointer = (more = {}) => ({ kind: "pointer", size: 4, text: false, target: undefined, ...more });
const record = (name, size) => ({ kind: "record", name, size });
const array = (element, count) => ({ kind: "array", element, count, size: element.size * count });
const layout = (name, size, ...members) => ({ name, union: false, size, members });
const member = (name, type, offset, shape, bits) => ({ name, type, offset, shape, bits });

const frameAt = 64;

/** The variables of a coroutine f whose structure has these members, in 1 KiB of memory that `fill` has written. */
function read(members, { fill = () => {}, layouts = {}, fields = [], describe = () => null } = {}) {
    const view = new DataView(new ArrayBuffer(1024));
    fill(view, frameAt);
    const all = { "struct f": layout("struct f", 400, member("frame", "struct weft_frame", 0, record("struct weft_frame", 28)), ...members), ...layouts };
    return variablesOf({ function: "f", address: frameAt, fields }, { view, layouts: all, describe });
}
const texts = (variables) => variables.map(({ name, text }) => `${name} = ${text}`);
const writeText = (view, at, text) => [...new TextEncoder().encode(`${text}\0`)].forEach((byte, i) => view.setUint8(at + i, byte));

test("numbers, of every kind and size", () => {
    const integer = (size, signed) => ({ kind: "integer", size, signed, character: false });
    const variables = read(
        [
            member("small", "signed char", 28, integer(1, true)), member("byte", "unsigned char", 29, integer(1, false)),
            member("letter", "char", 30, character), member("flag", "_Bool", 31, { kind: "bool", size: 1 }),
            member("wide", "long long", 32, integer(8, true)), member("widest", "unsigned long long", 40, integer(8, false)),
            member("f", "float", 48, { kind: "float", size: 4 }), member("d", "double", 56, { kind: "float", size: 8 }),
            member("colour", "enum colour", 64, { kind: "enum", size: 4, signed: false, constants: [{ name: "RED", value: 0 }, { name: "BLUE", value: 7 }] }),
            member("low", "unsigned int", 68, int, { from: 0, count: 3 }), member("high", "int", 68, int, { from: 3, count: 5 }),
            member("raw", "_Complex", 72, { kind: "other", size: 3 }),
        ],
        {
            fill(view, at) {
                view.setInt8(at + 28, -1);
                view.setUint8(at + 29, 255);
                view.setUint8(at + 30, 65);
                view.setUint8(at + 31, 1);
                view.setBigInt64(at + 32, -(2n ** 62n), true);
                view.setBigUint64(at + 40, 2n ** 64n - 1n, true);
                view.setFloat32(at + 48, 0.1, true);
                view.setFloat64(at + 56, 0.1, true);
                view.setUint32(at + 64, 7, true);
                view.setUint8(at + 68, 0b11111_101);
                view.setUint8(at + 73, 0xab);
            },
        },
    );
    assert.deepEqual(texts(variables), [
        "small = -1", "byte = 255", "letter = 65 'A'", "flag = true", "wide = -4611686018427387904", "widest = 18446744073709551615",
        "f = 0.1", "d = 0.1", "colour = BLUE (7)", "low = -3", "high = -1", "raw = 00 ab 00",
    ]);
});

test("strings are bounded, and pointers that lead nowhere are told", () => {
    const text = pointer({ text: true });
    const variables = read(
        [
            member("none", "const char *", 28, text), member("word", "const char *", 32, text), member("long", "const char *", 36, text),
            member("wild", "const char *", 40, text), member("last", "const char *", 44, text), member("any", "void *", 48, pointer()),
            member("to", "struct f *", 52, pointer({ target: "struct f" })), member("inside", "char [8]", 56, array(character, 8)),
        ],
        {
            fill(view, at) {
                writeText(view, 500, 'tä"xt');
                writeText(view, 600, "x".repeat(300));
                view.setUint8(1023, 33);
                [0, 500, 600, 0xffffffff, 1023, 0x1234, 1000].forEach((value, i) => view.setUint32(at + 28 + 4 * i, value, true));
                writeText(view, at + 56, "abc");
            },
        },
    );
    assert.deepEqual(texts(variables), [
        "none = NULL", 'word = "tä\\"xt"', `long = "${"x".repeat(120)}"…`, "wild = 0xffffffff, outside of the program's memory", 'last = "!"…',
        "any = 0x1234", "to = 0x3e8, outside of the program's memory", 'inside = "abc"',
    ]);
});

test("structures, arrays and pointers to them open, down to a bound", () => {
    const node = layout("struct node", 8, member("value", "int", 0, int), member("next", "struct node *", 4, pointer({ target: "struct node" })));
    const [list, numbers, nested] = read(
        [
            member("list", "struct node *", 28, pointer({ target: "struct node" })),
            member("numbers", "int [100]", 32, array(int, 100)),
            member("", "union (anonymous)", 200, record("union u", 4)),
        ],
        {
            layouts: { "struct node": node, "union u": { ...layout("union u", 4, member("whole", "int", 0, int)), union: true } },
            fill(view, at) {
                view.setUint32(at + 28, 800, true);
                view.setInt32(800, 5, true);
                view.setUint32(804, 800, true); // a cycle
                view.setInt32(at + 200, 3, true);
            },
        },
    );
    assert.deepEqual(texts(list.children), ["value = 5", "next = 0x320"]);
    let depth = 0;
    for (let each = list; each; each = each.children[1]) depth++;
    assert.equal(depth, 5);
    assert.equal(numbers.children.length, 64);
    assert.match(numbers.text, /^\{0, 0, .*…\}$/);
    assert.deepEqual([nested.name, nested.text], ["whole", "3"]);
});

test("weft's own objects are named as the log numbers them", () => {
    const queue = layout("struct weft__wait_queue", 28, member("first", "struct weft_task *", 0, pointer()), member("id", "unsigned int", 20, int));
    const semaphore = layout("struct weft_semaphore", 36, member("waiters", "struct weft__wait_queue", 0, record("struct weft__wait_queue", 28)));
    const group = layout("struct weft_group", 40, member("id", "unsigned int", 28, int));
    const variables = read(
        [
            member("permits", "struct weft_semaphore", 28, record("struct weft_semaphore", 36)),
            member("group", "struct weft_group", 64, record("struct weft_group", 40)),
            member("shared", "struct weft_semaphore *", 104, pointer({ target: "struct weft_semaphore" })),
            member("task", "struct weft_task *", 108, pointer()), member("gone", "struct weft_task *", 112, pointer()),
            member("error", "const struct weft_error *", 116, pointer({ target: "struct weft_error" })),
            member("value", "struct weft_value", 120, record("struct weft_value", 24)),
        ],
        {
            layouts: { "struct weft_semaphore": semaphore, "struct weft__wait_queue": queue, "struct weft_group": group },
            describe: (address, what) => ({ "700 task": "Task-3", "720 error": "TimedOut: late", "184 value": "12" })[`${address} ${what}`] ?? null,
            fill(view, at) {
                view.setUint32(at + 28 + 20, 9, true);
                view.setUint32(at + 104, at + 28, true);
                view.setUint32(at + 108, 700, true);
                view.setUint32(at + 112, 704, true);
                view.setUint32(at + 116, 720, true);
            },
        },
    );
    assert.deepEqual(texts(variables), [
        "permits = semaphore 9", "group = a group", "shared = semaphore 9", "task = Task-3", "gone = 0x2c0", "error = TimedOut: late", "value = 12",
    ]);
    assert.ok(variables.every(({ children }) => children.length === 0));
});

test("what is declared comes first, and is all there is without layouts", () => {
    const fields = [{ name: "b", type: "int", offset: 32, size: 4, signed: true }];
    const members = [member("a", "int", 28, int), member("b", "int", 32, int)];
    const fill = (view, at) => view.setInt32(at + 32, 7, true);
    assert.deepEqual(texts(read(members, { fields, fill })), ["b = 7", "a = 0"]);
    assert.deepEqual(texts(read([], { fields, fill, layouts: { "struct f": undefined } })), ["b = 7"]);
});

test("what has changed is marked, and what is around it", () => {
    const point = layout("struct point", 8, member("x", "int", 0, int), member("y", "int", 4, int));
    const at = (y) => read([member("p", "struct point", 28, record("struct point", 8)), member("n", "int", 36, int)],
        { layouts: { "struct point": point }, fill: (view, frame) => view.setInt32(frame + 32, y, true) });
    const now = at(2);
    assert.equal(markChanges(now, at(1)), true);
    assert.deepEqual([now[0].changed, now[0].children.map(({ changed }) => changed), now[1].changed], [true, [false, true], false]);
    assert.equal(markChanges(at(2), at(2)), false);
    assert.equal(markChanges(at(2), []), false, "of what was not there before nothing has changed");
});

// --- Running again ---

const modules = new Map();
function moduleOf(name) {
    if (!modules.has(name)) modules.set(name, new WebAssembly.Module(readFileSync(path(`build/wasm/${name}.wasm`))));
    return modules.get(name);
}

/** Runs a program as the page does, and gives what a recording keeps. */
async function recorded(name, options = {}) {
    const chunks = [];
    const external = [];
    const weft = await loadWeft({
        wasm: moduleOf(name),
        clock: "virtual",
        print() {},
        onEvent: (bytes, base) => chunks.push({ bytes, base }),
        onExternal: (each) => external.push(each),
        ...options,
    });
    await weft.main(options.args ?? []).catch(() => {});
    return { chunks, external };
}
const always = () => true;

async function machineOf(name, options) {
    const machine = new Machine(moduleOf(name), options ?? {});
    const { chunks, external } = await recorded(name, options);
    machine.add(chunks, external);
    return machine;
}

const linesOf = ({ frames }) => [...frames].map(([task, stack]) => `${task} ${stack.map((frame) => `${frame.function}:${frame.line}`).join(" ")}`);

test("every step is found again, forth and back", async (t) => {
    for (const name of ["semaphore", "generator", "to_thread", "workers"])
        await t.test(name, async () => {
            const machine = await machineOf(`examples/${name}`, { seed: 2 });
            const seen = [];
            for (;;) {
                const inspection = await machine.inspect(seen.length, undefined, always);
                if (inspection.step < seen.length) break;
                seen.push(linesOf(inspection));
            }
            assert.ok(seen.length > 4);
            for (let step = seen.length - 2; step >= 0; step--)
                assert.deepEqual(linesOf(await machine.inspect(step, undefined, always)), seen[step], `step ${step}`);
            machine.close();
        });
});

test("variables are those that the program declares", async () => {
    const machine = await machineOf("tests/wasm/simulated", { args: ["ties"] });
    const { frames } = await machine.inspect(4, undefined, always);
    const [, , second] = [...frames.values()];
    assert.deepEqual(texts(second[0].variables), ["number = 2", "seconds = 1", "tired = true", 'name = "näp"']);
    assert.ok(second[0].variables.every(({ changed }) => !changed));
    machine.close();
});

test("a task that is not there has no coroutine", async () => {
    const machine = await machineOf("examples/semaphore");
    assert.deepEqual((await machine.inspect(3, [4711], always)).frames.get(4711), []);
    machine.close();
});

test("a program that does something else is not shown", async () => {
    const { chunks } = await recorded("examples/semaphore");
    const other = new Machine(moduleOf("examples/workers"), {});
    other.add(chunks, []);
    await assert.rejects(other.inspect(3, undefined, always), { name: "ReplayDiffers" });
    await assert.rejects(other.inspect(1, undefined, always), { name: "ReplayDiffers" });
    const seeded = new Machine(moduleOf("examples/semaphore"), { injections: [{ step: 2, task: 5 }] });
    seeded.add(chunks, []);
    await assert.rejects(seeded.inspect(6, undefined, always), { name: "ReplayDiffers" });
});

test("a long run is gone back through by checkpoints", async () => {
    const machine = new Machine(moduleOf("tests/wasm/simulated"), { args: ["ticks"] }, { slice: 0, checkpoints: 0 });
    const far = 100_000;
    assert.equal((await machine.inspect(far, [1], always)).step, far);
    assert.equal(machine.began, 0);
    const { step, frames } = await machine.inspect(far - 1, [1], always);
    assert.equal(step, far - 1);
    assert.deepEqual(frames.get(1).map((frame) => frame.function), ["ticks"]);
    assert.ok(machine.began > far / 2, `it began again at ${machine.began}`);
    await machine.inspect(far + 1, [1], always);
    assert.ok(machine.began > far / 2, "forwards the same instance goes on");
    assert.equal((await machine.inspect(3, [1], always)).step, 3);
    assert.equal(machine.began, 0);
    machine.close();
});

test("what is not wanted any more is given up", async () => {
    const machine = new Machine(moduleOf("tests/wasm/simulated"), { args: ["ticks"] });
    assert.equal(await machine.inspect(1e12, undefined, () => false), undefined);
    assert.ok(await machine.inspect(2, undefined, always), "and something else can be asked for");
    machine.close();
});
