/* Parameters in the source: what is read from its text, and what the page makes of them. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { button, openPage, outputLines, startBrowser, status } from "./page.mjs";

const load = async (name) => (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;
const { declarationsOf, fitting, valueOf } = await load("parameters/declarations.ts");

test("declarations are read from the text", async (context) => {
    const one = (source) => declarationsOf(source)[0];
    await context.test("with their values, label and unit", () => {
        assert.deepEqual(one("WEFT_PARAM(double, delay, 0.5, 0.1, 3); /* Delay of each fetch, s */"), {
            name: "delay", type: "double", value: 0.5, least: 0.1, most: 3, step: 0.1, label: "Delay of each fetch", unit: "s",
        });
        assert.deepEqual(one("WEFT_PARAM( int ,n, -2,\n  -0x10, 1e1 ) ;"), {
            name: "n", type: "int", value: -2, least: -16, most: 10, step: 1, label: "n", unit: "",
        });
        assert.deepEqual(one("WEFT_PARAM(bool, fair, true, false, true); // Who comes first, goes first"), {
            name: "fair", type: "bool", value: 1, least: 0, most: 1, step: 1, label: "Who comes first, goes first", unit: "",
        });
    });
    await context.test("a comment may go over lines, and one on the next line is another's", () => {
        assert.equal(one("WEFT_PARAM(int, a, 1, 0, 9); /* The\n * number */").label, "The number");
        assert.equal(one("WEFT_PARAM(int, a, 1, 0, 9);\n/* something */").label, "a");
    });
    await context.test("steps are as fine as the numbers, within reason", () => {
        const step = (value, least, most) => one(`WEFT_PARAM(double, x, ${value}, ${least}, ${most});`).step;
        assert.deepEqual([step("1", "0", "3"), step("0.25", "0.05", "0.5"), step("0.000001", "0", "1"), step("5", "0", "100000")], [0.1, 0.01, 0.001, 100]);
    });
    for (const [why, source] of Object.entries({
        "in comments": "/* WEFT_PARAM(int, a, 1, 0, 9); */ // WEFT_PARAM(int, b, 1, 0, 9);",
        "in texts": 'const char *a = "WEFT_PARAM(int, a, 1, 0, 9);";',
        "in an unfinished comment": "/* WEFT_PARAM(int, a, 1, 0, 9);",
        "as definitions": "#define MINE WEFT_PARAM(int, a, 1, 0, 9);",
        "half typed": "WEFT_PARAM(int, a, 1, ); WEFT_PARAM(int, ; WEFT_PARAM(",
        "of other types": "WEFT_PARAM(float, a, 1, 0, 9);",
        "out of their range": "WEFT_PARAM(int, a, 10, 0, 9);",
        "that are not whole": "WEFT_PARAM(int, a, 1.5, 0, 9);",
        "not written in numbers": "WEFT_PARAM(int, a, MOST, 0, 9);",
    }))
        await context.test(`none ${why}`, () => assert.deepEqual(declarationsOf(source), []));
    await context.test("of one name the first", () => {
        const found = declarationsOf("WEFT_PARAM(int, a, 1, 0, 9); WEFT_PARAM(int, a, 2, 0, 9); WEFT_PARAM(int, b, 3, 0, 9);");
        assert.deepEqual(found.map(({ name, value }) => [name, value]), [["a", 1], ["b", 3]]);
    });
    await context.test("values that do not fit them are dropped", () => {
        const found = declarationsOf("WEFT_PARAM(int, a, 1, 0, 9); WEFT_PARAM(double, x, 1, 0, 9);");
        assert.deepEqual(fitting(found, { a: 2.5, x: 2.5, b: 3 }), { x: 2.5 });
        assert.deepEqual(fitting(found, { a: 1, x: 10 }), {});
    });
    await context.test("names that every object has are names as any other", () => {
        const found = declarationsOf("WEFT_PARAM(int, constructor, 1, 0, 9); WEFT_PARAM(int, __proto__, 1, 0, 9);");
        assert.deepEqual(found.map((declaration) => valueOf(declaration, {})), [1, 1]);
        const set = Object.fromEntries([["constructor", 2], ["__proto__", 3]]);
        assert.deepEqual(found.map((declaration) => valueOf(declaration, fitting(found, set))), [2, 3]);
    });
});

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const points = async (page) => page.getByRole("table", { name: "Total time by parameter" }).locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.children].map(({ textContent }) => textContent.replaceAll("\u00a0", " "))));
const lasts = (page, time) => page.waitForFunction((words) => document.querySelector("#status").textContent.includes(words), `virtual time ${time}`);

test("a slider that is moved by keyboard re-runs at once: timeline, ghosts and plot follow", async (t) => {
    const page = await openPage(t, site, "semaphore");
    const chart = page.getByRole("application", { name: "Timeline chart" });
    await page.getByRole("tab", { name: "Plot" }).click();
    const permits = page.getByRole("slider", { name: "Permits" });
    await permits.press("ArrowRight");
    await lasts(page, "1.750 s");
    const first = await chart.screenshot();
    assert.ok((await page.locator("#table tbody tr").count()) > 5, "the table follows, too");
    assert.ok((await outputLines(page)).includes("all fetches ended"));
    await permits.press("ArrowRight");
    await lasts(page, "1.500 s");
    const second = await chart.screenshot();
    assert.notDeepEqual(second, first);
    assert.deepEqual(await points(page), [["3", "1.75 s"], ["4", "1.5 s"]]);
    assert.equal(await page.locator("#parameters").getByRole("button", { name: "Reset Permits" }).isVisible(), true);
    await page.getByRole("tab", { name: "Variables" }).click();
    await page.getByRole("slider", { name: "Step of the run" }).press("Home");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tabpanel", { name: "Variables" }).getByRole("heading", { name: /^semaphore/ }).waitFor();

    await page.reload();
    await page.getByRole("slider", { name: "Permits" }).press("End");
    await lasts(page, "1.250 s");
    const alone = await chart.screenshot();
    await page.getByRole("slider", { name: "Permits" }).press("Home");
    await lasts(page, "3.750 s");
    await page.getByRole("slider", { name: "Permits" }).press("End");
    await lasts(page, "1.250 s");
    assert.notDeepEqual(await chart.screenshot(), alone, "the run before stays as outlines");
});

test("a sweep runs the whole range", async (t) => {
    const page = await openPage(t, site, "wait_for");
    await page.getByRole("tab", { name: "Plot" }).click();
    await page.getByRole("combobox", { name: "Parameter" }).selectOption({ label: "Limit" });
    await button(page, "Sweep").click();
    await page.getByRole("row", { name: /^1 s/ }).waitFor();
    const swept = await points(page);
    assert.equal(swept[0][0], "0.1 s");
    assert.deepEqual(swept.at(-1), ["1 s", "1.7 s"]);
    assert.ok(swept.length > 20);
    assert.equal(await status(page).textContent(), "", "nothing was run for the timeline");
});

test("a program that never ends is told so, and the page goes on", async (t) => {
    const page = await openPage(t, site, "spin");
    await page.getByRole("tab", { name: "Plot" }).click();
    await page.getByRole("slider", { name: "Tasks of the crowd" }).press("ArrowLeft");
    await page.getByRole("cell", { name: "does not end" }).waitFor();
});

test("a number can be typed, and reset", async (t) => {
    const page = await openPage(t, site, "semaphore");
    const number = page.getByRole("spinbutton", { name: /^Permits/ });
    await number.fill("99");
    await number.press("Enter");
    await number.blur();
    assert.equal(await number.inputValue(), "10", "the most");
    await lasts(page, "1.250 s");
    await button(page, "Reset Permits").click();
    assert.equal(await page.getByRole("slider", { name: "Permits" }).inputValue(), "2");
    await lasts(page, "2.250 s");
});
