/* The state at every step and the reasons for waiting, in the page. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, openPage, run, startBrowser, useVirtualTime, violations } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const tab = (page, name) => page.getByRole("tab", { name });
const panel = (page, name) => page.getByRole("tabpanel", { name });
const region = (page, name) => page.getByRole("region", { name });
const chart = (page) => page.getByRole("application", { name: "Timeline chart" });
const says = (locator, text) => locator.filter({ hasText: text }).waitFor();

async function recorded(t, example, options) {
    const page = await openPage(t, site, example, options);
    await useVirtualTime(page);
    await run(page);
    return page;
}

/** Clicks into the bar of a task's row, where the chart tells of it. */
async function clickBar(page, words) {
    const box = await chart(page).boundingBox();
    for (let y = box.y + 40; y < box.y + box.height - 10; y += 6) {
        for (let x = box.x + 200; x < box.x + box.width - 10; x += 12) {
            await page.mouse.move(x, y);
            if (words.test(await page.locator("#detail").textContent())) {
                await page.mouse.click(x, y);
                return;
            }
        }
    }
    throw new Error(`the chart has nothing that says ${words}`);
}

test("a click on a waiting bar answers why, and the deadlock is named and drawn", async (t) => {
    const page = await recorded(t, "deadlock");
    await clickBar(page, /waits for lock 2 from 0\.100 s/);
    assert.equal(await tab(page, "Why").getAttribute("aria-selected"), "true");
    const why = panel(page, "Why");
    await says(why, "Lock 2 is held by");
    await says(why, /It waits at most until 1\.000\ss: the timeout of line 35 in deadlock Task-1 ends it then/);
    const figure = why.getByRole("figure", { name: "Deadlock of 3 tasks" });
    await figure.getByRole("img", { name: /^A cycle: eat Task-\d+, lock 2, eat Task-\d+, lock 3, eat Task-\d+, lock 1, and back/ }).waitFor();
    assert.equal(await figure.getByRole("listitem").count(), 4, "the same in words");
    /* Its links lead on: the next of the cycle is asked the same. */
    await why.getByRole("button", { name: /^eat Task-/ }).nth(1).click();
    await says(why, "Lock 3 is held by");
});

test("the keyboard asks, too, and the state has the alarm", async (t) => {
    const page = await recorded(t, "deadlock");
    await chart(page).focus();
    for (const key of ["Home", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"]) {
        await page.keyboard.press(key);
    }
    await says(panel(page, "Why"), "It is in a deadlock of 3 tasks.");
    await tab(page, "State").click();
    const state = panel(page, "State");
    await says(state, "wait for each other: a deadlock");
    await state.getByRole("button", { name: "Why" }).focus();
    await page.keyboard.press("Enter");
    assert.equal(await tab(page, "Why").getAttribute("aria-selected"), "true");
});

test("the state at several steps: the tree, the ready queue, timers, holders and waiters", async (t) => {
    const page = await recorded(t, "semaphore");
    await tab(page, "State").click();
    await says(panel(page, "State"), "All 6 have ended.");
    await button(page, "To the beginning").click();
    await says(panel(page, "State"), "Before the first step");
    assert.deepEqual(await region(page, "Ready queue").getByRole("button").allTextContents(), ["semaphore Task-1"]);
    await button(page, "Step forward").click();
    await says(region(page, "Ready queue"), "Ready queue 5");
    assert.equal(await region(page, "Tasks").getByRole("listitem").filter({ has: page.getByRole("list") }).count(), 1, "five fetches below the one that awaits them");
    for (let step = 2; step <= 6; step++) {
        await button(page, "Step forward").click();
    }
    await says(region(page, "Ready queue"), "Nobody is ready.");
    const rows = await page.getByRole("table", { name: "Timers" }).locator("tbody tr").allTextContents();
    assert.deepEqual(rows.map((text) => text.replace(/Task-\d+/, "")), ["0.250 send of a sleepfetch ", "0.500 send of a sleepfetch "]);
    const objects = region(page, "Locks, queues and the like");
    await says(objects, "semaphore 0 of 2 permits left");
    await says(objects, /held by fetch Task-\d+ since 0\.000 s and fetch Task-\d+ since 0\.000 s/);
    await says(objects, /3 waiting: fetch Task-\d+, fetch Task-\d+ and fetch Task-\d+/);
    /* What is selected here is selected everywhere. */
    const waiter = objects.getByRole("button").last();
    const name = await waiter.textContent();
    await waiter.focus();
    await page.keyboard.press("Enter");
    await says(page.locator("#detail"), name);
    await says(objects.locator("[aria-current=true]"), name);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), name, "the focus stays");
});

test("10,000 tasks are shown as the first hundred and a count", async (t) => {
    const page = await recorded(t, "crowd");
    await tab(page, "State").click();
    await button(page, "To the beginning").click();
    await button(page, "Step forward").click();
    await says(region(page, "Ready queue"), "Ready queue 10,000");
    await says(region(page, "Ready queue"), "and 9,900 more");
    assert.equal(await region(page, "Ready queue").getByRole("listitem").count(), 100);
});

for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing in the panels in ${colorScheme}`, async (t) => {
        const page = await recorded(t, "deadlock", { colorScheme, viewport: { width: 360, height: 740 } });
        await chart(page).focus();
        for (const key of ["Home", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"]) {
            await page.keyboard.press(key);
        }
        await says(panel(page, "Why"), "Deadlock of 3 tasks");
        assert.deepEqual(await violations(page), []);
        await tab(page, "State").click();
        await says(panel(page, "State"), "wait for each other: a deadlock");
        assert.deepEqual(await violations(page), []);
        const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.equal(widths[0], widths[1]);
    });
}
