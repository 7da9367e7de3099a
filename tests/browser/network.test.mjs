/* The examples of the network in the page: what is told of their waits, edited and compiled there, in the time machine. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { button, choose, groups, openPage, output, readTable, run, startBrowser, status, useVirtualTime } from "./page.mjs";

const { examples } = groups.find(({ title }) => title === "The network");

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const printed = (page) => output(page).locator("> .stdout").allTextContents();
const panel = async (page, name) => {
    await page.getByRole("tab", { name, exact: true }).click();
    return page.getByRole("tabpanel", { name });
};

test("they have no twin in Python, and the others have theirs", async (t) => {
    const page = await openPage(t, site, "gather");
    for (const { name } of examples) {
        await choose(page, name);
        assert.ok(await button(page, "Python").isDisabled());
    }
    await choose(page, "gather");
    await button(page, "Python").click();
    const python = page.getByRole("application", { name: /Python/ });
    await python.waitFor();
    await choose(page, "fetch");
    await python.waitFor({ state: "hidden" });
    assert.ok(await button(page, "Python").isDisabled());
});

test("what they wait for is named in the table, in State and in Why", async (t) => {
    const page = await openPage(t, site, "download");
    await page.locator('input[name="permits"]').fill("2");
    for (const clock of ["Real time", "Virtual time"]) {
        await page.getByRole("radio", { name: clock }).check();
        await run(page);
        const rows = await readTable(page);
        const downloads = rows.filter(({ task }) => /^download Task/.test(task));
        assert.deepEqual(downloads.map(({ waits }) => waits.replace(/ 0\.\d\ss/, "")), ["sleep", "sleep", ...Array(8).fill("semaphore, sleep")].map((before) => `${before}, HTTP answer`));
    }
    await button(page, "To the beginning").click();
    for (let steps = 0; steps < 12; steps++) {
        await button(page, "Step forward").click(); /* all have begun, and the first goes on */
    }
    const state = await panel(page, "State");
    await state.getByText(/^download Task-5 waits for an HTTP answer at line \d+$/).waitFor();
    await state.locator("strong").getByText(/^GET \S*data\//).first().waitFor();
    await state.getByText(/^download Task-9 waits for a permit of the semaphore at line \d+$/).waitFor();
    await state.getByText("download Task-5", { exact: true }).first().click(); /* it is selected then */
    await (await panel(page, "Why")).getByText(/^download Task-5 waits at line \d+ for an HTTP answer since 0\.200/).waitFor();
});

test("one is edited, compiled in the page, and looked into at a step", async (t) => {
    const page = await openPage(t, site, "lines");
    await useVirtualTime(page);
    const editor = page.getByRole("textbox", { name: /^Source/ });
    await editor.click();
    await editor.press("Control+A");
    const source = await readFile(join(site.directory, "examples/lines.c"), "utf8");
    await page.keyboard.insertText(source.replace("data/lines.txt", "data/c.txt").replace('"%d: %s\\n"', '"%d. %s\\n"'));
    await run(page);
    assert.match(await status(page).textContent(), /^Finished at virtual time/);
    assert.deepEqual(await printed(page), ["1. data from c", "that was all"]);
    await button(page, "To the beginning").click();
    await button(page, "Step forward").click();
    const variables = await panel(page, "Variables");
    await variables.getByRole("heading", { name: /^http_send/ }).waitFor();
    await variables.getByText("Its variables are the library’s own.").waitFor();
    await variables.locator(".row", { has: page.locator(".name", { hasText: /^count$/ }) }).filter({ hasText: "0" }).waitFor();
    await button(page, "To the end").click();
    assert.doesNotMatch(await variables.textContent(), /does not do again/);
});

test("a slider runs it again at once, and each value is in the plot", async (t) => {
    const page = await openPage(t, site, "download");
    await useVirtualTime(page);
    await run(page);
    const plot = await panel(page, "Plot");
    await page.locator('input[name="permits"]').fill("1");
    await status(page).getByText("Finished at virtual time 2.000 s.").waitFor();
    await plot.getByRole("row", { name: /^1 2\ss$/ }).waitFor();
    await page.locator('input[name="seconds"]').fill("0.25");
    await page.waitForFunction(() => /[1-9] failed/.test(document.getElementById("output").textContent));
});

test("a cancellation at any await leaves nothing behind", async (t) => {
    for (const { name } of examples) {
        const page = await openPage(t, site, name);
        await useVirtualTime(page);
        await run(page);
        const cancel = await panel(page, "Cancel");
        await button(page, "Cancel everywhere").click();
        await cancel.getByText(/^\d+ moments: a cancellation at any of them leaves nothing behind\.$/).waitFor();
    }
});
