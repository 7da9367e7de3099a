import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { button, choose, ended, openPage, output, outputLines, picker, readTable, run, shown, startBrowser, useVirtualTime, violations } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const desk = { width: 1280, height: 860 };
const phone = { width: 360, height: 740 };

const step = (page) => page.getByRole("slider", { name: "Step of the run" });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const chart = (page) => page.getByRole("application", { name: "Timeline chart" });

for (const [colorScheme, viewport] of [["light", desk], ["dark", phone]]) {
    test(`axe finds nothing in ${colorScheme}, ${viewport.width} wide, wherever one goes`, async (t) => {
        const page = await openPage(t, site, "semaphore", { colorScheme, viewport });
        const clean = async (where, part) => assert.deepEqual(await violations(page, part), [], where);
        await clean("before a run");
        await picker(page).click();
        await clean("examples", "#examples");
        await page.keyboard.press("Escape");
        await useVirtualTime(page);
        await run(page);
        await button(page, "Python").click();
        await page.getByText("recorded on a virtual clock").waitFor();
        await step(page).fill("7");
        await chart(page).press("End");
        await clean("after a run");
        for (const name of await page.getByRole("tab").allTextContents()) {
            await tab(page, name).click();
            await clean(name, "#panels");
        }
        await button(page, "Python").click();
        await tab(page, "Cancel").click();
        await button(page, "Cancel everywhere").click();
        await page.getByText(/moments?: /).waitFor();
        await button(page, "Cancel here").click();
        await page.getByRole("list", { name: "The way of the cancellation" }).waitFor();
        await clean("a cancellation", "#panels");
        await tab(page, "Plot").click();
        await button(page, "Sweep").click();
        await page.locator(".plot tbody tr").nth(9).waitFor();
        await clean("a plot", "#panels");
        await page.getByRole("button", { name: /^Breakpoints/ }).click();
        await clean("breakpoints", "#breakpoints");
        await page.keyboard.press("Escape");
        await button(page, "Share and take home").click();
        await clean("share", "#share-dialog");
        const [replay] = await Promise.all([page.waitForEvent("download"), button(page, "Replay as a page").click()]);
        await page.keyboard.press("Escape");
        await page.keyboard.press("F1");
        await clean("help", "#keys-help");
        await page.keyboard.press("Escape");

        await choose(page, "race");
        await useVirtualTime(page);
        await tab(page, "Orders").click();
        await page.getByRole("button", { name: /^Try/ }).click();
        await page.locator(".orders .beside").waitFor();
        await clean("orders", "#panels");
        await choose(page, "deadlock");
        await run(page);
        await step(page).fill("7");
        await tab(page, "Why").click();
        await page.locator(".why figure").waitFor();
        await clean("a deadlock", "#panels");
        await choose(page, "fail");
        await run(page);
        await clean("a failure");
        await choose(page, "sleeper");
        await page.getByRole("radio", { name: "Real time" }).check();
        await button(page, "Run").click();
        await output(page).getByText("sleeping").waitFor();
        await clean("while it runs");

        await page.goto(`${site.address}?embed#semaphore`);
        await page.getByRole("textbox", { name: /^Source/ }).getByText("weft_begin").first().waitFor();
        await clean("embedded");
        await page.goto(`${site.address}speed.html`);
        await button(page, "Measure").waitFor();
        await clean("speed");
        const file = join(site.directory, "replay-of-it.html");
        await replay.saveAs(file);
        await page.goto(pathToFileURL(file).href);
        await page.getByText(/of virtual time/).waitFor();
        await clean("replay");
    });
}

test("no part of the page is wider than the window, whichever panel is shown", async (t) => {
    const page = await openPage(t, site, "semaphore", { viewport: phone });
    await useVirtualTime(page);
    await run(page);
    for (const width of [768, 1280, 1920, 360]) {
        await page.setViewportSize({ width, height: 860 });
        for (const tab of await page.getByRole("tab").all()) {
            await tab.click();
            const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.equal(widths[0], widths[1], `${await tab.textContent()} in ${width}`);
        }
    }
    const order = await page.evaluate(() => [...document.querySelectorAll("#run, #chart, #output, #table, #source")].map(({ id }) => id));
    assert.deepEqual(order, ["run", "chart", "output", "table", "source"], "the results come before the source");
});

const recordShifts = () => {
    globalThis.shifts = [];
    new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
};
const shiftsOf = (page) => page.evaluate(() => globalThis.shifts.map(({ value, sources }) => [value, sources.map(({ node }) => node?.id || node?.className || node?.textContent.slice(0, 40))]));
/* A busy machine now and then paints a single word before it is in its place, which is less than this. */
const assertStill = async (page, where) => {
    const shifts = await shiftsOf(page);
    assert.ok(shifts.reduce((sum, [value]) => sum + value, 0) < 0.001, `${where}: ${JSON.stringify(shifts)}`);
};

test("nothing moves while a page loads", async (t) => {
    for (const viewport of [desk, { width: 768, height: 1000 }, phone]) {
        for (const [address, ready] of [["#semaphore", /^Timeline chart/], ["?embed#semaphore", /^Timeline chart/], ["speed.html", /^Measure/]]) {
            const page = await site.browser.newPage({ viewport, serviceWorkers: "block" });
            t.after(() => page.close());
            await page.addInitScript(recordShifts);
            await page.goto(site.address + address);
            await page.getByRole("application", { name: ready }).or(page.getByRole("button", { name: ready })).waitFor();
            await page.evaluate(() => new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
            await assertStill(page, `${address}, ${viewport.width} wide`);
        }
    }
});

test("nothing moves while a program runs", async (t) => {
    const page = await openPage(t, site, "gather", { init: recordShifts });
    const places = () => page.evaluate(() => ["editor", "chart", "detail", "output", "tasks"].map((id) => JSON.stringify(document.getElementById(id).parentElement.getBoundingClientRect())));
    const before = await places();
    await useVirtualTime(page);
    await run(page);
    assert.deepEqual(await places(), before);
    await assertStill(page, "gather");
});

test("the keyboard alone chooses, sets, runs, stops and reads", async (t) => {
    const page = await openPage(t, site, "sequential");
    const focus = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim());
    const tabTo = async (name) => {
        for (let presses = 0; presses < 40; presses++) {
            if ((await focus()).endsWith(name)) {
                return;
            }
            await page.keyboard.press("Tab");
        }
        assert.fail(`Tab does not reach ${name}`);
    };
    await tabTo("sequential");
    await page.keyboard.press("Enter");
    assert.equal(await focus(), "One after another", "the list opens where one is");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focus(), "All at once");
    await page.keyboard.press("Escape");
    assert.match(await focus(), /^Example .*: sequential$/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await shown(page, "gather");
    assert.match(await focus(), /^Example .*: gather$/);
    await tabTo("Run");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("radio", { name: "Virtual time" }).isChecked(), true);
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Control+Enter");
    await ended(page);
    assert.equal((await readTable(page)).filter(({ task }) => /fetch/.test(task)).length, 4, "the slider was moved by one");

    await tabTo("Timeline chart");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.getByText(/^fetch Task-\d+ · .*sleep 0\.5\ss from 0\.000 s to 0\.500 s/).waitFor();
    await page.keyboard.press("+");
    await page.keyboard.press("0");
    await page.keyboard.press("Escape");

    await choose(page, "sleeper");
    await page.getByRole("radio", { name: "Real time" }).check();
    await button(page, "Run").focus();
    await page.keyboard.press("Enter");
    await output(page).getByText("sleeping").waitFor();
    assert.equal(await focus(), "Stop", "the focus goes along with the buttons");
    await page.keyboard.press("Enter");
    await ended(page);
    assert.equal(await focus(), "Run");
    assert.ok((await outputLines(page)).includes("cleaned up"));
});

test("the page is used without a mouse", async (t) => {
    const page = await openPage(t, site, "semaphore");
    const { keyboard } = page;
    const source = page.getByRole("textbox", { name: /^Source of/ });
    const problems = page.getByRole("status", { name: "Problems" });
    const press = async (...keys) => {
        for (const key of keys) {
            await keyboard.press(key);
        }
    };
    const has = (locator) => locator.evaluate((element) => element === document.activeElement);
    /** With Tab, from where the focus is. */
    const reach = async (locator) => {
        for (let presses = 0; presses < 60; presses++) {
            if (await has(locator)) {
                return;
            }
            await press("Tab");
        }
        assert.fail(`Tab does not reach ${locator}`);
    };

    /* An edit, its error, the mend, a search, a breakpoint. */
    await reach(source);
    await press("Control+End", "ArrowUp", "ArrowUp", "End", "Backspace");
    await problems.getByText(/error/).waitFor();
    await press("F8", "Control+.");
    await problems.getByText("No problems").waitFor();
    await press("Control+Home", "Control+f");
    await keyboard.type("weft_sleep");
    await press("Enter", "Escape");
    assert.equal(await has(source), true, "the search gives the focus back");
    await press("F9");
    await page.getByRole("button", { name: "Breakpoints (1)" }).waitFor();
    await press("Escape", "Escape", "Tab"); /* the first one leaves what was found */
    assert.equal(await has(source), false, "Escape and Tab leave the editor");

    /* The clock, a run, the time machine. */
    await page.getByRole("radio", { name: "Real time" }).focus();
    await press("ArrowRight", "Control+Enter");
    await ended(page);
    await reach(button(page, "To the beginning"));
    await press("Enter", "b");
    assert.notEqual(await step(page).inputValue(), "0", "it goes on to the breakpoint");
    const stopped = Number(await step(page).inputValue());
    await press("l");
    assert.equal(await step(page).inputValue(), String(stopped + 1));
    await reach(step(page));
    await press("ArrowLeft", "ArrowLeft");
    assert.equal(await step(page).inputValue(), String(stopped - 1));
    await press("Control+Enter");
    await ended(page);
    assert.equal(await has(step(page)), true, "the focus is there again after a run");

    /* A task, every panel, what is in them. */
    await step(page).fill("7");
    await reach(chart(page));
    await press("End");
    await reach(page.getByRole("tab", { selected: true }));
    for (const name of ["State", "Why", "Variables", "Orders", "Cancel"]) {
        await press("ArrowRight");
        assert.equal(await has(tab(page, name)), true, name);
    }
    const cancel = button(page, "Cancel here");
    await reach(cancel);
    await press("Enter");
    const remove = page.getByRole("button", { name: /^Remove: / });
    await remove.waitFor();
    await page.getByRole("list", { name: "The way of the cancellation" }).waitFor();
    await reach(remove);
    await press("Enter");
    await remove.waitFor({ state: "detached" });
    await ended(page);
    assert.equal(await page.evaluate(() => document.activeElement.closest("#panel-cancel") !== null), true, "what had the focus is gone, its panel has it");
    await tab(page, "Cancel").focus();
    await press("ArrowRight", "ArrowRight", "ArrowRight");
    assert.equal(await has(tab(page, "Tasks")), true, "behind the last tab comes the first");

    /* Dialogs give the focus back. */
    await press("s");
    await page.getByRole("dialog", { name: "Share and take home" }).waitFor();
    await press("Escape", "F1");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await press("Escape");
    assert.equal(await has(tab(page, "Tasks")), true);
});

test("where motion is unwanted, a run still shows and ends", async (t) => {
    const page = await openPage(t, site, "gather", { reducedMotion: "reduce" });
    await run(page);
    assert.equal((await readTable(page)).filter(({ ended: end }) => end > 0).length, 4);
});
