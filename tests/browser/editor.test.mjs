/* The source in the page: edited, checked by the compiler, completed, explained, marked. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { button, ended, openPage, output, run, startBrowser, useVirtualTime } from "./page.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const source = (page) => page.getByRole("textbox", { name: /^Source of/ });
const problems = (page) => page.getByRole("status", { name: "Problems" });
const edited = (page) => page.getByText("Edited", { exact: true });

/** The whole text, also what is scrolled out of view: as it is copied. */
async function text(page) {
    await source(page).focus();
    return page.evaluate(() => document.querySelector(".cm-content").cmTile.view.state.doc.toString());
}

/** The number of the line with the cursor. */
const cursorLine = (page) => page.locator(".cm-activeLineGutter.cm-gutterElement").filter({ hasText: /^\d+$/ }).first().textContent().then(Number);

/** Puts the cursor at the end of a line, with keys alone. */
async function goToLine(page, line) {
    await source(page).press("Control+Home");
    for (let at = 1; at < line; at++) {
        await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("End");
}

const lineOf = (program, words) => program.split("\n").findIndex((line) => line.includes(words)) + 1;

/** All that is said to a screen reader from now on: it stands there for 0.2 s only. */
async function announcements(page) {
    const said = await page.evaluateHandle(() => {
        const all = [];
        new MutationObserver((changes) => all.push(...changes.flatMap(({ addedNodes }) => [...addedNodes]).filter(({ tagName }) => tagName === "DIV"))).observe(
            document.querySelector(".cm-announced"),
            { childList: true },
        );
        return all;
    });
    return () => said.evaluate((all) => all.map(({ textContent }) => textContent));
}

test("an error is shown at its line, and its fix-it mends it by mouse", async (t) => {
    const page = await openPage(t, site, "semaphore");
    const original = await text(page);
    const line = lineOf(original, "enters");
    await goToLine(page, line);
    await page.keyboard.press("Backspace");
    await edited(page).waitFor();
    await page.getByRole("progressbar", { name: "Compiler" }).waitFor();
    assert.match(await problems(page).textContent(), /^clang 22/);
    await problems(page).getByText("1 error").waitFor();
    assert.match(await page.locator(".cm-line:has(.cm-lintRange-error)").textContent(), /enters/);

    /* It does not run, and says why. */
    await button(page, "Run").click();
    await output(page).getByRole("button", { name: `semaphore.c:${line}` }).waitFor();
    const entry = page.getByRole("list", { name: "Problems" }).getByRole("listitem");
    assert.match(await entry.textContent(), new RegExp(`^✕error: expected ';' after expression${line}:\\d+Insert “;”$`));

    await page.locator(".cm-lintRange-error").hover();
    await page.locator(".cm-tooltip").getByRole("button", { name: "Insert “;”" }).click();
    await problems(page).getByText("No problems").waitFor();
    assert.equal(await text(page), original);
    assert.equal(await edited(page).isVisible(), false);
});

test("an error is found and mended by keys alone, and the program that was edited runs", async (t) => {
    const page = await openPage(t, site, "semaphore");
    await useVirtualTime(page);
    const line = lineOf(await text(page), "enters");
    await goToLine(page, line);
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Control+Home");
    await problems(page).getByText("1 error").waitFor();
    const announced = await announcements(page);
    await page.keyboard.press("F8");
    assert.equal(await cursorLine(page), line);
    assert.deepEqual(await announced(), [`error, line ${line}: expected ';' after expression. Control and period: Insert “;”.`]);
    await page.keyboard.press("Control+.");
    await problems(page).getByText("No problems").waitFor();

    await goToLine(page, line);
    await page.keyboard.type(' puts("hello");');
    await edited(page).waitFor();
    await page.keyboard.press("Control+Enter");
    await ended(page);
    assert.match(await output(page).textContent(), /fetch 1 enters.*hello/);

    /* Tab indents here; Escape makes it leave. */
    await source(page).press("Home");
    await page.keyboard.press("Tab");
    assert.equal(await source(page).evaluate((box) => box === document.activeElement), true);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.equal(await source(page).evaluate((box) => box === document.activeElement), false);
    await source(page).press("Control+f");
    await source(page).click();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.equal(await source(page).evaluate((box) => box === document.activeElement), false, "one that closes the search, too");
    await button(page, "Reset to the example").click();
    await edited(page).waitFor({ state: "hidden" });
    assert.doesNotMatch(await text(page), /hello/);
});

test("names are completed with their types and the headers' own words", async (t) => {
    const page = await openPage(t, site, "gather");
    await goToLine(page, lineOf(await text(page), "weft_begin(fetch)"));
    const options = page.getByRole("listbox", { name: "Completions" }).getByRole("option");
    await page.keyboard.press("Enter");
    await page.keyboard.type("weft_sle");
    await options.getByText("weft_sleep").waitFor();
    await problems(page).getByText(/error/).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Space");
    await options.filter({ hasText: "weft_sleepweft_op" }).waitFor();
    await page.locator(".cm-completionInfo").getByText("asyncio.sleep").waitFor();
    await page.waitForTimeout(100); /* CodeMirror takes no Enter that comes sooner: it may have been meant for the text */
    await page.keyboard.press("Enter");
    await source(page).getByText("weft_sleep(double seconds)").waitFor();
    await page.keyboard.type("0.5");
    await source(page).getByText("weft_sleep(0.5)").waitFor();
    await page.keyboard.type(", self->d");
    await options.filter({ hasText: "delaydouble" }).waitFor();
});

test("a name of weft's is explained where it is pointed at, and at the cursor", async (t) => {
    const page = await openPage(t, site, "semaphore");
    const words = page.locator(".documentation");
    await source(page).getByText("weft_with").first().hover();
    await words.getByText(/^async with m/).waitFor();
    await page.mouse.move(5, 5);
    await words.waitFor({ state: "hidden" });
    await source(page).getByText("weft_sleep").click();
    await page.mouse.move(5, 5); /* else it points there, too, and what it says is seen twice */
    const announced = await announcements(page);
    await page.keyboard.press("Control+k");
    await page.keyboard.press("Control+i");
    await words.getByText("weft_op weft_sleep(double seconds)").waitFor();
    await words.getByText("asyncio.sleep").waitFor();
    assert.match((await announced()).join("\n"), /Suspends for/);
    assert.equal(await words.getByRole("link", { name: "coroutine" }).getAttribute("href"), `${site.address}#coroutine`);
    await page.keyboard.press("Escape");
    await words.waitFor({ state: "hidden" });
});

test("breakpoints stay at their lines", async (t) => {
    const page = await openPage(t, site, "semaphore");
    const set = page.locator(".cm-breakpoint:visible");
    const line = lineOf(await text(page), "weft_sleep");
    await goToLine(page, line);
    const announced = await announcements(page);
    await page.keyboard.press("F9");
    await page.locator(".cm-breakpoint:visible").first().waitFor();
    assert.deepEqual(await announced(), [`Breakpoint at line ${line}`]);
    const place = await source(page).getByText("weft_with").first().boundingBox();
    const margin = await page.locator(".cm-breakpoints").boundingBox();
    await page.mouse.click(margin.x + margin.width / 2, place.y + place.height / 2);
    assert.equal(await set.count(), 2);
    await goToLine(page, 5);
    await page.keyboard.type("\n/* two */\n");
    const listed = async () => {
        await page.getByRole("button", { name: /^Breakpoints/ }).click();
        const lines = await page.getByRole("dialog", { name: "Breakpoints" }).getByRole("listitem").allTextContents();
        await page.keyboard.press("Escape");
        return lines.map((words) => Number(/^Line (\d+)/.exec(words)[1]));
    };
    assert.deepEqual(await listed(), [line, line + 2]);
    await goToLine(page, line + 2);
    await page.keyboard.press("F9");
    assert.deepEqual(await listed(), [line]);
});

test("the margin shows where the tasks stand, and lines and bars light each other", async (t) => {
    const page = await openPage(t, site, "semaphore");
    await useVirtualTime(page);
    await run(page);
    await page.getByRole("slider", { name: "Step of the run" }).fill("5");
    const sign = page.locator(".cm-tasks .cm-task[title]");
    await sign.first().waitFor();
    assert.match((await sign.evaluateAll((signs) => signs.map(({ title }) => title))).join("\n"), /fetch Task-\d+ waits for semaphore/);
    assert.match(await page.locator(".cm-running").textContent(), /weft_/);

    const chart = page.getByRole("application", { name: "Timeline chart" });
    const pixels = () => chart.locator("canvas").evaluate((canvas) => canvas.toDataURL());
    const dark = await pixels();
    await source(page).getByText("weft_sleep").hover();
    await page.waitForFunction((before) => document.querySelector("#canvas").toDataURL() !== before, dark);
    await page.getByRole("table", { name: "Timeline" }).locator("tbody tr").nth(1).hover();
    await page.locator(".cm-lit").getByText("weft_async(fetch)").waitFor();
});

test("a line that the output names is a way there", async (t) => {
    const page = await openPage(t, site, "never_awaited");
    await useVirtualTime(page);
    await run(page);
    const place = output(page).getByRole("button", { name: /never_awaited\.c:\d+/ }).first();
    const line = Number(/:(\d+)/.exec(await place.textContent())[1]);
    await place.click();
    assert.equal(await cursorLine(page), line);
});

test("a compilation that does not end is ended by Stop, and the next one is well", async (t) => {
    const page = await openPage(t, site, "gather");
    const main = "#include <stdio.h>\nint main(void) {\n    return puts(\"hello\") < 0;\n}\n";
    await source(page).press("Control+a");
    await page.keyboard.insertText(`char huge[2000000000];\n${main}`);
    await problems(page).getByText("No problems").waitFor();
    await button(page, "Run").click();
    await page.getByRole("status", { name: "Run" }).getByText("Preparing…").waitFor();
    await page.waitForTimeout(500);
    await button(page, "Stop").click();
    await page.getByRole("status", { name: "Run" }).getByText("Stopped before it began.").waitFor();
    await source(page).press("Control+a");
    await page.keyboard.insertText(main);
    await run(page);
    assert.equal(await output(page).textContent(), "hello");
});

test("a compiler that cannot be loaded says so, and is tried again", async (t) => {
    const page = await openPage(t, site, "gather", { expectErrors: true });
    await page.context().route("**/compiler/**", (route) => route.abort());
    await source(page).press("Control+End");
    await page.keyboard.type(" ");
    await problems(page).getByText(/^clang could not be loaded/).waitFor();
    await page.keyboard.type("/* one goes on */");
    await source(page).getByText("/* one goes on */").waitFor();
    await page.context().unroute("**/compiler/**");
    await button(page, "Retry").click();
    await problems(page).getByText("No problems").waitFor();
});

for (const [colorScheme, viewport] of [["light", { width: 1280, height: 860 }], ["dark", { width: 360, height: 740 }]]) {
    test(`axe finds nothing in the editor, ${viewport.width} wide in ${colorScheme}`, async (t) => {
        const page = await openPage(t, site, "semaphore", { colorScheme, viewport });
        await page.evaluate(axe);
        const clean = async () => {
            const { violations } = await page.evaluate(() => globalThis.axe.run());
            assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`), []);
        };
        await useVirtualTime(page);
        await run(page);
        await page.getByRole("slider", { name: "Step of the run" }).fill("5");
        await goToLine(page, lineOf(await text(page), "weft_sleep"));
        await page.keyboard.press("F9");
        await page.keyboard.press("Control+f");
        await page.keyboard.type("weft_with");
        await clean();
        await page.keyboard.press("Escape");
        await page.keyboard.type("int x = weft_sl");
        await problems(page).getByText(/error/).waitFor();
        await button(page, "List").click();
        await clean();
        await source(page).press("Control+Space");
        await page.getByRole("listbox", { name: "Completions" }).waitFor();
        await clean();
        await page.keyboard.press("Escape");
        await source(page).getByText("weft_await").first().hover();
        await page.locator(".documentation").waitFor();
        await clean();
        await page.mouse.move(2, 2);
        await page.keyboard.press("F1");
        await page.getByRole("dialog", { name: "Keyboard" }).getByText("Set or remove a breakpoint").waitFor();
        await clean();
    });
}
