import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { button, openPage, startBrowser } from "./page.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/speed/${name}`, import.meta.url)), { configFile: false })).module;
const { comparison, isNoisy, nanoseconds, summarize } = await load("statistics.ts");
const { workloads } = await load("workloads.ts");

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

async function openSpeed(t, options = {}) {
    const page = await openPage(t, site, "gather", options);
    await page.getByRole("link", { name: "Speed" }).click();
    await page.getByRole("heading", { name: "Honest speed" }).waitFor();
    return page;
}

const said = (page) => page.getByRole("status", { name: "Measurement" });

test("a summary has median, range and the spread of its middle half", () => {
    assert.deepEqual(summarize([30, 10, 20, 50, 40]), { median: 30, least: 10, most: 50, spread: 20 / 30, rounds: 5 });
    assert.equal(summarize([1, 2]).median, 1.5);
    assert.equal(isNoisy(summarize([100, 101, 102])), false);
    assert.equal(isNoisy(summarize([100, 101, 200])), true);
});

test("nothing is said of figures whose ranges overlap", () => {
    assert.equal(comparison(summarize([10, 11]), summarize([42, 42])), "4.0 times faster");
    assert.equal(comparison(summarize([300, 300]), summarize([10, 10])), "30 times slower");
    assert.equal(comparison(summarize([10, 30]), summarize([20, 40])), "no clear difference");
});

test("times have three digits in the unit that suits them", () => {
    assert.deepEqual([3.456, 16.24, 999.4, 1350, 2_104_000].map(nanoseconds), ["3.46\u00a0ns", "16.2\u00a0ns", "999\u00a0ns", "1.35\u00a0µs", "2.1\u00a0ms"]);
});

test("every workload is measured in both, and the results can be copied", async (t) => {
    const init = () => Object.defineProperty(navigator, "clipboard", { value: { writeText: (text) => ((globalThis.copied = text), Promise.resolve()) } });
    const page = await openSpeed(t, { init });
    await page.getByRole("combobox", { name: "Rounds" }).selectOption("3");
    await button(page, "Measure").click();
    await said(page).getByText(/^Measured in \d+ seconds\./).waitFor();
    const rows = await page.getByRole("table", { name: "Time of an operation" }).locator("tbody tr").all();
    assert.equal(rows.length, workloads.length);
    for (const row of rows) {
        const [, weft, promises, compared] = await row.locator("th, td").allTextContents();
        assert.match(weft, /^[\d.]+\s(ns|µs|ms) /);
        assert.match(promises, /^[\d.]+\s(ns|µs|ms) /);
        assert.match(compared, /times faster$|times slower$|no clear difference$/);
    }
    assert.match(await page.locator("#facts").textContent(), /Processor cores\d+Clocksteps of [\d.,]+ µs.*Rounds3/);
    await button(page, "Copy as JSON").click();
    await said(page).getByText("on the clipboard").waitFor();
    const { results } = JSON.parse(await page.evaluate(() => globalThis.copied));
    assert.equal(results.length, 2 * workloads.length);
    assert.ok(results.every(({ nanoseconds: values }) => values.length === 3 && values.every((value) => value > 0)));
});

test("a measurement can be stopped, and the page goes back", async (t) => {
    const page = await openSpeed(t);
    await button(page, "Measure").click();
    await said(page).getByText(/^Warming up/).waitFor();
    await button(page, "Stop").click();
    await said(page).getByText(/^Stopped/).waitFor();
    assert.equal(await button(page, "Measure").isEnabled(), true);
    await page.getByRole("link", { name: "Playground" }).click();
    await page.getByRole("button", { name: /^Example/ }).waitFor();
});

test("a crowd ticks in weft and as promises", async (t) => {
    const page = await openSpeed(t);
    await page.getByRole("combobox", { name: "Tasks" }).selectOption("1000");
    const cells = (name) => page.getByRole("table", { name: "Crowd" }).getByRole("row", { name: new RegExp(`^${name}`) }).locator("td");
    for (const name of ["weft", "promises"]) {
        await button(page, `Start with ${name}`).click();
        await cells(name).first().getByText("1,000").waitFor();
        const [, ticks, frames, , bytes] = await cells(name).allTextContents();
        assert.ok(Number(ticks.replace(",", "")) > 0, ticks);
        assert.ok(Number(frames) > 0, frames);
        assert.match(bytes, name === "weft" ? /^\d+$/ : /do not tell/);
    }
    await button(page, "Stop the crowd").click();
    assert.equal(await button(page, "Stop the crowd").isDisabled(), true);
});

for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing in ${colorScheme}, and a phone has room for all`, async (t) => {
        const page = await openSpeed(t, { colorScheme, viewport: { width: 360, height: 740 } });
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`), []);
        const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.equal(widths[0], widths[1]);
    });
}
