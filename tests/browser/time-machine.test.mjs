/* Moving through a recorded run in the page. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, openPage, output, picker, run, startBrowser, useVirtualTime } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const scrubber = (page) => page.getByRole("slider", { name: "Step of the run" });
const place = (page) => scrubber(page).getAttribute("aria-valuetext");
const later = (page) => output(page).locator("> .later").allTextContents();

async function recorded(t, example) {
    const page = await openPage(t, site, example);
    await useVirtualTime(page);
    await run(page);
    return page;
}

test("steps go back and forth, and tell what they do; the output follows", async (t) => {
    const page = await openPage(t, site, "sequential");
    assert.ok(await scrubber(page).isDisabled(), "there is no run yet");
    await useVirtualTime(page);
    await run(page);
    /* Three fetches one after the other, awaited: one task that resumes at the beginning and after each sleep. */
    assert.match(await place(page), /^1\.500 s · step 4 of 4\. sequential Task-1 resumes in line \d+ and ends\.$/);
    assert.deepEqual(await later(page), []);
    await button(page, "Step back").click();
    assert.match(await place(page), /^1\.000 s · step 3 of 4\./);
    assert.deepEqual(await later(page), ["fetch 3 ends", "got data 3"]);
    await button(page, "To the beginning").click();
    assert.equal(await place(page), "0.000 s · step 0 of 4. Nothing has run yet.");
    assert.equal((await later(page)).length, 9);
    await button(page, "Step forward").click();
    assert.match(await place(page), /^0\.000 s · step 1 of 4\./);
    assert.equal((await later(page)).length, 8, "it printed its first line");
    await button(page, "To the end").click();
    assert.deepEqual(await later(page), []);
});

test("the keyboard alone scrubs, steps and plays", async (t) => {
    const page = await recorded(t, "sequential");
    await page.keyboard.press("Shift+J");
    assert.match(await place(page), /step 0 of/);
    await page.keyboard.press("l");
    await page.keyboard.press("l");
    assert.match(await place(page), /step 2 of/);
    await page.keyboard.press("j");
    assert.match(await place(page), /step 1 of/);
    await scrubber(page).focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await place(page), /step 2 of/);
    await page.keyboard.press("End");
    assert.match(await place(page), /step 4 of 4/);
    await page.getByRole("combobox", { name: "Playback speed" }).selectOption("100×");
    await page.keyboard.press("Shift+J");
    await scrubber(page).focus();
    await page.keyboard.press("k");
    await page.waitForFunction(() => document.querySelector(".transport input").value === "4");
    await button(page, "Play").waitFor();
});

test("a playback stops at a breakpoint of a time, and goes on behind it", async (t) => {
    const page = await recorded(t, "sequential");
    await button(page, "Breakpoints").click();
    await page.getByRole("spinbutton", { name: "Time in seconds" }).fill("0.7");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await page.getByRole("combobox", { name: "Playback speed" }).selectOption("100×");
    await button(page, "Play").click();
    await page.getByText("Stopped at a breakpoint at 0.700 s.").waitFor();
    assert.match(await place(page), /^1\.000 s · step 3 of 4/);
    await button(page, "Play").click();
    await page.waitForFunction(() => document.querySelector(".transport input").value === "4");
    await button(page, "Breakpoints (1)").click();
    await button(page, "Back to a breakpoint").click();
    assert.match(await place(page), /step 3 of 4/);
    await button(page, "Remove: At 0.700 s").click();
    await button(page, "Breakpoints").waitFor();
});

test("a breakpoint at a task that was selected on the timeline", async (t) => {
    const page = await recorded(t, "semaphore");
    const chart = page.getByRole("application", { name: "Timeline chart" });
    await chart.press("End");
    await button(page, "Breakpoints").click();
    await page.getByRole("button", { name: /^Stop at fetch Task-/ }).click();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Shift+J");
    await page.keyboard.press("b");
    await page.getByText(/^Breakpoint in fetch Task-\d+\.$/).waitFor();
    const first = await place(page);
    await page.keyboard.press("b");
    assert.notEqual(await place(page), first, "the last fetch resumes again with its permit");
});

test("a click on the axis goes to that time, another run to its end", async (t) => {
    const page = await recorded(t, "sequential");
    const box = await page.getByRole("application", { name: "Timeline chart" }).boundingBox();
    await page.mouse.click(box.x + box.width * 0.55, box.y + 10);
    assert.match(await place(page), /step [23] of 4/);
    await run(page);
    assert.match(await place(page), /step 4 of 4/);
    await picker(page).click();
    await page.getByRole("link", { name: "All at once" }).click();
    await page.getByText("No run yet").waitFor();
});

test("10,000 tasks are scrubbed", async (t) => {
    const page = await openPage(t, site, "crowd");
    await useVirtualTime(page);
    await run(page);
    const steps = Number(await scrubber(page).getAttribute("max"));
    assert.ok(steps >= 20_000, `${steps} steps: each task begins and resumes`);
    for (const step of [0, Math.floor(steps / 3), steps - 1, 1, steps]) {
        await scrubber(page).fill(String(step));
        assert.match(await place(page), new RegExp(`step ${step.toLocaleString("en")} of ${steps.toLocaleString("en")}`));
    }
});
