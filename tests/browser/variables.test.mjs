/* The panel of variables, in the page. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, openPage, run, startBrowser, useVirtualTime } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const panel = (page) => page.getByRole("tabpanel", { name: "Variables" });
const variable = (page, name) => panel(page).locator(".row", { has: page.locator(".name", { hasText: new RegExp(`^${name}$`) }) });
const text = (page, words) => panel(page).getByText(words).waitFor();

/** The panel at an example that has run, before its first step. */
async function recorded(t, example, options) {
    const page = await openPage(t, site, example, options);
    await page.getByRole("tab", { name: "Variables" }).click();
    await text(page, /^Run the program in virtual time/);
    await useVirtualTime(page);
    await run(page);
    await button(page, "To the beginning").click();
    await text(page, /after step 0, at 0.000 s/);
    return page;
}

test("variables follow the step, and tell what has changed", async (t) => {
    const page = await recorded(t, "workers");
    for (let step = 1; step <= 3; step++) {
        await button(page, "Step forward").click();
        await text(page, new RegExp(`after step ${step},`));
    }
    /* The second worker has taken its first job and sleeps. */
    assert.match(await variable(page, "number").innerText(), /2/);
    assert.match(await variable(page, "job").innerText(), /2/);
    assert.match(await variable(page, "queue").innerText(), /queue \d+/);
    await page.getByRole("tab", { name: "Tasks" }).click();
    await button(page, "Step forward").click();
    await page.getByRole("tab", { name: "Variables" }).click();
    await text(page, /after step 4,/);
});

test("what changed since the last look is marked in words", async (t) => {
    const page = await recorded(t, "generator");
    const changed = panel(page).locator(".row", { hasText: "changed" });
    for (let step = 1; (await changed.count()) === 0; step++) {
        assert.ok(step < 30, "nothing ever changes");
        await button(page, "Step forward").click();
        await text(page, new RegExp(`after step ${step},`));
    }
});

test("structures open and close by keyboard, and stay open from step to step", async (t) => {
    const page = await recorded(t, "condition");
    await button(page, "Step forward").click();
    await text(page, /after step 1,/);
    const opens = panel(page).getByRole("button", { expanded: false }).first();
    await opens.focus();
    await page.keyboard.press("ArrowRight");
    const open = panel(page).getByRole("button", { expanded: true });
    await open.waitFor();
    assert.ok((await panel(page).locator("ul ul li").count()) > 0);
    await page.keyboard.press("Enter");
    await open.waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await open.waitFor();
    await page.keyboard.press("l"); /* a step forward, and back */
    await page.keyboard.press("j");
    await text(page, /after step 1,/);
    await open.waitFor();
});

test("where nothing can be shown it says why", async (t) => {
    const page = await openPage(t, site, "gather");
    await page.getByRole("tab", { name: "Variables" }).click();
    await run(page);
    await text(page, /^Only a run in virtual time can be repeated/);
    await useVirtualTime(page);
    await run(page);
    await text(page, /after step \d+, at/);
});
