/* The timeline as an SVG, as a function. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { LogWriter, kind } from "./log-writer.mjs";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { timelineSvg } = await load("share/svg.ts");
const { TimelineModel } = await load("timeline-model.ts");
const { colourNames } = await load("palette.ts");

const coloured = (colour) => Object.fromEntries(colourNames.map((name) => [name, colour]));
const drawing = {
    title: "a & b", width: 1200, colours: { light: coloured("#112233"), dark: coloured("#ddeeff") }, measure: (text) => text.length * 6.5,
};

/* So many tasks, each of which sleeps for a second and then fails. */
function modelOf(tasks, name = "fetch <T>") {
    const log = new LogWriter();
    for (let task = 1; task <= tasks; task++) {
        log.time = 0;
        log.add(kind.created, { task, object: task + 10_000, site: log.site(name, 10) });
        log.add(kind.resume, { task });
        log.add(kind.wait, { task, subkind: 1 });
        log.add(kind.timerArm, { task, seconds: 1 });
        log.add(kind.suspend, { task });
    }
    log.time = 1;
    for (let task = 1; task <= tasks; task++) {
        log.add(kind.wake, { task });
        log.add(kind.resume, { task });
        log.add(kind.error, { task, payload: log.string("RuntimeError: \u0001 no luck") });
        log.add(kind.done, { task, subkind: 1 });
    }
    const model = new TimelineModel();
    model.add(...log.chunk());
    return model;
}

/* Elements close in the order in which they opened, and every `<` and `&` means what XML says. */
function assertWellFormed(svg) {
    const open = [];
    for (const [, close, name, empty] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
        if (close) {
            assert.equal(open.pop(), name);
        } else if (!empty) {
            open.push(name);
        }
    }
    assert.deepEqual(open, []);
    assert.doesNotMatch(svg.replaceAll(/<\/?[a-zA-Z][^<>]*>/g, ""), /[<>]/);
    assert.doesNotMatch(svg, /&(?!amp;|lt;|gt;|quot;)/);
    assert.doesNotMatch(svg, /[\0-\x08]/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity|\[object/);
}

test("the timeline is an SVG with texts, both schemes and a legend", () => {
    const svg = timelineSvg(modelOf(3), drawing);
    assertWellFormed(svg);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 1200 \d+"/);
    assert.match(svg, /<title id="title">a &amp; b<\/title>/);
    assert.match(svg, />fetch &lt;T&gt;<\/text>/);
    assert.match(svg, />sleep 1\u00a0s<\/text>/);
    assert.match(svg, />waits for tasks<\/text>/);
    assert.match(svg, /\.fill-ink\{fill:#112233\}.*@media\(prefers-color-scheme:dark\)\{.*\.fill-ink\{fill:#ddeeff\}/);
    assert.equal(svg.match(/class="fill-hatch-time"/g).length, 3 + 1, "three sleeps, and the legend");
});

test("an empty timeline is an SVG, too, and a crowd is cut", () => {
    assertWellFormed(timelineSvg(new TimelineModel(), drawing));
    const crowd = timelineSvg(modelOf(2500, "nap"), drawing);
    assertWellFormed(crowd);
    assert.match(crowd, />500 more tasks<\/text>/);
    assert.ok(crowd.length < 5_000_000);
});
