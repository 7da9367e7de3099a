import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { button, choose, openPage, run, startBrowser, useVirtualTime } from "./page.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const said = (page) => page.getByRole("status", { name: "Python" });
const printed = (page) => page.getByRole("log", { name: "Printed by Python" });
const source = (page, file) => page.getByRole("textbox", { name: `Python source ${file}` });
const chart = (page) => page.getByRole("application", { name: "Python timeline" });

async function showTwin(page) {
    await button(page, "Python").click();
    await said(page).getByText("recorded on a virtual clock").waitFor();
}

async function tasks(page) {
    await page.getByRole("tab", { name: "Python" }).click();
    const rows = await page.getByRole("table", { name: "Python tasks" }).locator("tbody tr").all();
    return Promise.all(rows.map((row) => row.locator("th, td").allTextContents()));
}

test("the twin stands beside the C, with its timeline, what it printed, and the totals in words", async (t) => {
    const page = await openPage(t, site, "timeout");
    await useVirtualTime(page);
    await showTwin(page);
    assert.equal(await button(page, "Python").getAttribute("aria-pressed"), "true");
    await source(page, "timeout.py").getByText("async with asyncio.timeout(limit):").waitFor();
    const panel = page.getByRole("tabpanel", { name: "Python" });
    await panel.getByText("Python ends at 1.500 s. Run the C to compare.").waitFor();
    await run(page);
    await panel.getByText("C and Python both end at 1.500 s.").waitFor();
    assert.deepEqual((await printed(page).locator("> div").allTextContents()).slice(-2), ["slow: disconnected", "slow: too slow"]);
    const times = (await tasks(page)).map((cells) => cells.slice(0, 4));
    assert.deepEqual(times.at(-1), ["fetch", "0.500 s", "1.500 s", "cancelled"]);
    await button(page, "Python").click();
    await chart(page).waitFor({ state: "hidden" });
    await page.keyboard.press("p");
    await chart(page).waitFor();
});

test("what the twin's timeline points at is lit in its source", async (t) => {
    const page = await openPage(t, site, "gather");
    await showTwin(page);
    await chart(page).press("End");
    await chart(page).press("ArrowRight");
    await page.getByText(/fetch Task-\d+ · waits for sleep .* line 8 of gather\.py/).waitFor();
    assert.match(await source(page, "gather.py").locator(".lit").textContent(), /await asyncio\.sleep\(delay\)/);
});

test("both timelines are zoomed together", async (t) => {
    const page = await openPage(t, site, "sequential");
    await useVirtualTime(page);
    await run(page);
    await showTwin(page);
    const box = await chart(page).boundingBox();
    const pointedAt = async () => {
        await page.mouse.move(box.x, box.y - 100);
        await page.mouse.move(box.x + box.width * 0.85, box.y + 89);
        return page.getByText(/^sequential Task-1 · .* line \d+ of sequential\.py/).textContent();
    };
    assert.match(await pointedAt(), /from 1\.000 s to 1\.500 s/);
    await button(page, "Zoom in").click();
    await button(page, "Zoom in").click();
    await button(page, "Zoom in").click();
    assert.match(await pointedAt(), /from 0\.500 s to 1\.000 s/);
    await button(page, "Fit").click();
    assert.match(await pointedAt(), /from 1\.000 s to 1\.500 s/);
});

test("the twin follows the choice of an example, and where the C only blocks the words say so", async (t) => {
    const page = await openPage(t, site, "gather");
    await showTwin(page);
    await useVirtualTime(page);
    await choose(page, "synchronous");
    await source(page, "synchronous.py").getByText("time.sleep(delay)").waitFor();
    await run(page);
    await page.getByRole("tabpanel", { name: "Python" }).getByText(/Python takes 1\.2\ss longer\. What blocks takes no time on the C’s virtual clock/).waitFor();
});

test("CPython is loaded when asked for, runs what was edited, and can be stopped", async (t) => {
    const page = await openPage(t, site, "gather");
    await showTwin(page);
    const write = async (text) => {
        await source(page, "gather.py").click();
        await page.keyboard.press("Control+a");
        await page.keyboard.insertText(text);
    };
    await write("import asyncio\nasync def main():\n    await asyncio.sleep(3)\n    print('three', flush=True)\n    await asyncio.Event().wait()\nasyncio.run(main())\n");
    await said(page).getByText("Edited").waitFor();
    await page.getByRole("button", { name: /^Run in CPython \(\d+\sMB\)$/ }).click();
    await said(page).getByText("Failed: the output has the traceback.").waitFor();
    const text = (await printed(page).locator("> div").allTextContents()).join("\n");
    assert.match(text, /^three\nTraceback \(most recent call last\):\n  File "gather\.py", line 6/);
    assert.match(text, /Deadlock: nothing is ready and no timer is set/);
    assert.deepEqual((await tasks(page)).map((cells) => cells.slice(0, 3)), [["main Task-1", "0.000 s", "3.000 s"]]);

    await write("print('spins')\nwhile True: pass\n");
    await button(page, "Run in CPython").click();
    await said(page).getByText(/^Running/).waitFor();
    await button(page, "Stop Python").click();
    await said(page).getByText("Not finished: it was stopped.").waitFor();
    await button(page, "Restore").click();
    await said(page).getByText("recorded on a virtual clock").waitFor();
    await source(page, "gather.py").getByText("asyncio.gather(*fetches)").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing with the twin open in ${colorScheme}, and a phone has room for it`, async (t) => {
        const page = await openPage(t, site, "timeout", { colorScheme, viewport: { width: 360, height: 740 } });
        await showTwin(page);
        const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.equal(widths[0], widths[1]);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`), []);
    });
}
