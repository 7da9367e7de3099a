/* Links to what is run, as pure functions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { decodeLink, encodeLink } = await load("share/link.ts");
const { base64url, deflate } = await load("share/pack.ts");

const plain = {
    example: "semaphore", file: "semaphore.c", source: "int main(void) {}\n", edited: false, parameters: {}, clock: "real",
    seed: undefined, decisions: [], injections: [], permuteReady: false,
};
const empty = {
    example: "semaphore", code: undefined, parameters: {}, clock: undefined, seed: undefined, decisions: [], injections: [],
    permuteReady: false, step: undefined,
};

/* The same numbers for every run of the test (mulberry32). */
function numbers(seed) {
    return (below) => {
        seed = (seed + 0x6d2b79f5) | 0;
        let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
    };
}

function randomSubject(random) {
    const list = (most, make) => Array.from({ length: random(most) }, make);
    const names = ["permits", "seed", "step", "clock", "_x1", "v", "code", "constructor", "__proto__"];
    const values = [3, -1, 0, 0.1, 1e-9, 1e300, 2 ** 53, -0.25];
    const letters = ["a", "\n", "é", "€", "😀", "&", "#", "?", "+", "%41", "\0"];
    const edited = random(2) === 1;
    return {
        example: random(4) === 0 ? undefined : "semaphore",
        file: ["my-program.c", "Größe 2.c"][random(2)],
        source: list(200, () => letters[random(letters.length)]).join(""),
        edited,
        parameters: Object.fromEntries(list(5, () => [names[random(names.length)], values[random(values.length)]])),
        clock: random(2) ? "real" : "virtual",
        seed: random(2) ? random(2 ** 31) : undefined,
        decisions: list(40, () => (random(3) ? 0 : random(5))),
        injections: list(3, () => ({ step: 1 + random(1000), task: 1 + random(2 ** 31) })),
        permuteReady: random(2) === 1,
    };
}

test("an example as it is has its name alone for a link", async () => {
    assert.equal(await encodeLink(plain), "semaphore");
    assert.deepEqual(await decodeLink("#semaphore"), empty);
    assert.deepEqual(await decodeLink(""), { ...empty, example: undefined });
});

test("a link is short and can be read by people", async () => {
    const subject = {
        ...plain, parameters: { permits: 3 }, clock: "virtual", seed: 5, decisions: [0, 0, 1, 0, 0, 0, 0, 2],
        injections: [{ step: 12, task: 3 }, { step: 14, task: 5 }], permuteReady: true,
    };
    assert.equal(
        await encodeLink(subject, 7),
        "semaphore?permits=3&clock=virtual&seed=5&decisions=0.0.1.0*4.2&cancel=12.3-14.5&order=any&step=7",
    );
});

test("random subjects come back from their links as they were", async () => {
    const random = numbers(7);
    for (let round = 0; round < 300; round++) {
        const subject = randomSubject(random);
        const step = random(2) ? random(100_000) : undefined;
        const link = await decodeLink(await encodeLink(subject, step));
        const isVirtual = subject.clock === "virtual";
        assert.deepEqual(link, {
            example: subject.example,
            code: subject.edited || subject.example === undefined ? { file: subject.file, source: subject.source } : undefined,
            parameters: subject.parameters,
            clock: isVirtual ? "virtual" : undefined,
            seed: isVirtual ? subject.seed : undefined,
            decisions: isVirtual ? subject.decisions : [],
            injections: isVirtual ? subject.injections : [],
            permuteReady: isVirtual && subject.permuteReady,
            step: isVirtual ? step : undefined,
        });
    }
});

test("a link is a fragment as it stands, whatever it holds", async () => {
    const random = numbers(11);
    for (let round = 0; round < 50; round++) {
        const link = await encodeLink({ ...randomSubject(random), edited: true }, 3);
        assert.match(link, /^[\w.?&=%*+-]*$/);
        assert.equal(new URL(`http://localhost/#${link}`).hash.slice(1), link);
    }
});

const fails = (fragment, words) => assert.rejects(decodeLink(fragment), { name: "LinkError", message: words });

test("a program of noughts that fills the memory is refused before it does", async () => {
    const bomb = base64url.encode(await deflate(new Uint8Array(100_000_000)));
    const before = process.memoryUsage().arrayBuffers;
    await fails(`#?code=${bomb}`, /longer than 1,000,000 characters/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 50_000_000);
    await fails(`gather?decisions=${Array(2000).fill("0*4294967295").join(".")}`, /more than 100,000 decisions/);
});

test("what is wrong with a link is said", async () => {
    const whole = (await encodeLink({ ...plain, edited: true, source: "x".repeat(50) + Math.PI })).split("code=")[1];
    await fails(`a?code=${whole.slice(0, -6)}`, /cannot be read: a part of the link is missing/);
    await fails(`a?code=${whole.slice(0, 5)}!${whole.slice(6)}`, /cannot be read/);
    await fails("a?code=%00", /cannot be read/);
    for (const file of ["..%2Fx", "..", "a%00b", "-o.c", "x".repeat(101)]) {
        await fails(`a?file=${file}&code=${whole}`, /names a file/);
    }
    await fails("a?v=2", /made by a newer page/);
    await fails("a?clock=sun", /neither real nor virtual/);
    await fails("a?seed=-1", /seed is no whole number/);
    await fails("a?seed=99999999999999999999", /seed is no whole number/);
    await fails("a?decisions=1..2", /decisions is no whole number/);
    await fails("a?decisions=4294967296", /decisions/);
    await fails("a?cancel=3", /cancel is no whole number/);
    await fails("a?cancel=0.1", /cancel is no whole number/);
    await fails("a?cancel=1.0", /cancel is no whole number/);
    await fails("a?permits=many", /parameter permits is no number/);
    await fails("a?permits=Infinity", /parameter permits/);
    await fails("a?1x=3", /parameter 1x/);
    await fails(`a?${"b=1&".repeat(101)}`, /more than 100 parameters/);
    await fails("a".repeat(2_000_001), /longer than 2,000,000/);
    assert.equal((await decodeLink("%E0%A4%A")).example, "%E0%A4%A", "an address that is no UTF-8 names nothing");
});
