/* The race finder and the cancellations, in the page. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, ended, openPage, output, outputLines, run, startBrowser, status, useVirtualTime } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const told = (page, name) => page.getByRole("status", { name, exact: true });
const place = (page) => page.getByRole("slider", { name: "Step of the run" }).getAttribute("aria-valuetext");

test("a program with a lost wake-up is caught by the race finder, shrunk and shown beside a passing one", async (t) => {
    const page = await openPage(t, site, "race");
    await tab(page, "Orders").click();
    await page.getByRole("spinbutton", { name: "Orders" }).fill("100");
    await button(page, "Try 100 orders").click();
    await told(page, "Orders").filter({ hasText: /^100 orders: \d+ ended as the ordinary one, \d+ otherwise\.$/ }).waitFor();
    const rows = await page.getByRole("table", { name: "How many orders ended how" }).locator("tbody tr").all();
    const cells = await Promise.all(rows.map((row) => row.locator("td").allTextContents()));
    assert.deepEqual(cells.map(([, words]) => words).sort(), ["Deadlock", "Ended, as in the ordinary order"]);
    assert.equal(cells.reduce((sum, [count]) => sum + Number(count), 0), 100);

    const panel = page.getByRole("tabpanel", { name: "Orders" });
    await panel.getByText("One choice against the ordinary order is enough.").waitFor();
    assert.match(await panel.locator("code").textContent(), /^(0 )*[1-3]$/);
    const first = async (name) => (await panel.getByRole("region", { name }).locator(".different button").first().textContent()).replace(/^Step \d+ · [\d.]+ s/, "");
    assert.match(await first("In this order"), /\(cook\).*prints “dinner is ready”/);
    assert.match(await first("In the ordinary order"), /\(guest\).*waits for the condition/);

    await button(page, "Show the shortest list").click();
    await status(page).filter({ hasText: "Deadlock" }).waitFor();
    await panel.getByRole("region", { name: "In this order" }).locator(".different button").first().click();
    assert.match(await place(page), /step 6 of \d+/);
    await panel.getByRole("region", { name: "In the ordinary order" }).locator(".different button").first().click();
    await output(page).getByText("Eve eats").waitFor();
    await page.waitForFunction(() => /step 6 of/.test(document.querySelector("[aria-label='Step of the run']").getAttribute("aria-valuetext")));
});

test("a program without a race ends in one way; trying can be stopped; one that spins is told", async (t) => {
    const page = await openPage(t, site, "lock");
    await tab(page, "Orders").click();
    await page.getByRole("spinbutton", { name: "Orders" }).fill("20");
    await page.getByRole("spinbutton", { name: "Orders" }).press("Enter");
    await told(page, "Orders").filter({ hasText: "All 20 orders ended as the ordinary one." }).waitFor();
    await page.getByRole("spinbutton", { name: "Orders" }).fill("100000");
    await button(page, "Try 100,000 orders").click();
    await button(page, "Stop: Orders").click();
    await told(page, "Orders").filter({ hasText: "Stopped." }).waitFor();
});

test("a task is cancelled here, its way is told, and the cancellation can be taken back", async (t) => {
    const page = await openPage(t, site, "careless");
    await tab(page, "Cancel").click();
    const here = page.getByRole("region", { name: "Cancel here" });
    assert.ok(await button(here, "Cancel here").isDisabled());
    await useVirtualTime(page);
    await run(page);
    await page.getByRole("application", { name: "Timeline chart" }).press("Home");
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown"]) {
        await page.getByRole("application", { name: "Timeline chart" }).press(key);
    }
    await button(page, "To the beginning").click();
    for (let step = 0; step < 5; step++) {
        await button(page, "Step forward").click();
    }
    await here.getByText(/^Runs once more and cancels Task-\d+ \(cleaner\) right before step 6\.$/).waitFor();
    await button(here, "Cancel here").click();
    const way = here.getByRole("list", { name: "The way of the cancellation" });
    await way.getByText(/\(cleaner\) is told to cancel/).waitFor();
    assert.deepEqual((await way.getByRole("button").allTextContents()).map((text) => text.replace(/^Step \d+/, "").replace(/Task-\d+/, "Task")), [
        "Task (cleaner) is told to cancel", "it reaches Task (cleaner)", "it leaves cleaner", "Task (cleaner) ends cancelled",
    ]);
    assert.match(await place(page), /step 6 of/);
    const list = here.getByRole("list", { name: "Cancellations" });
    assert.equal(await list.getByRole("listitem").count(), 1);
    await list.getByRole("button", { name: /^Remove: / }).click();
    await ended(page);
    await list.waitFor({ state: "hidden" });
});

test("cancelling everywhere finds lost memory, a permit that is kept and cleanup that is cut short", async (t) => {
    const page = await openPage(t, site, "careless");
    await tab(page, "Cancel").click();
    await button(page, "Cancel everywhere").click();
    await told(page, "Cancel everywhere").filter({ hasText: /^\d+ moments: 3 kinds of trouble\.$/ }).waitFor();
    for (const [kind, words, line] of [
        ["Memory lost", "a block of memory is never freed", "hoarder"],
        ["Never given back", "a permit of semaphore 1 is never given back", "keeper"],
        ["Cleanup cut short", /the weft_finally of cleaner, line \d+, does not finish/, "cleaner"],
    ]) {
        const finding = page.getByRole("region", { name: new RegExp(`^${kind}: ${words.source ?? words}`) });
        await finding.getByText(new RegExp(`^Cancelled at line \\d+ of ${line}`)).first().waitFor();
    }
    await page.getByRole("button", { name: /^Show: a permit of semaphore 1 is never given back, cancelled at line \d+ of keeper$/ }).click();
    await page.getByRole("list", { name: "The way of the cancellation" }).getByText(/\(keeper\) is told to cancel/).waitFor();
    assert.deepEqual(await outputLines(page), ["clean"]);
});
