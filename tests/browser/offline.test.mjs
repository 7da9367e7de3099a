/* The page without a network, after one visit; and what a newer version does. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { button, choose, outputLines, run, shown, startBrowser, status, useVirtualTime } from "./page.mjs";

const offlineScript = fileURLToPath(new URL("../../web/scripts/offline.mjs", import.meta.url));

/** Writes the service worker for the files as they are now, as the build does. */
const build = (directory) => promisify(execFile)(process.execPath, [offlineScript, "--directory", directory]);

/** The page with the programs of the tests among its files. */
async function startSite(t) {
    const site = await startBrowser();
    t.after(() => site.close());
    await build(site.directory);
    return site;
}

/** A page of a profile that keeps what service workers do. */
async function visit(t, site) {
    const context = await site.browser.newContext({ viewport: { width: 1280, height: 860 } });
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${site.address}#gather`);
    await shown(page, "gather");
    return page;
}

const installed = (page) => page.evaluate(async () => void (await navigator.serviceWorker.ready));

test("after one visit the page works without a network, with every example", async (t) => {
    const site = await startSite(t);
    const page = await visit(t, site);
    await installed(page);
    await site.disconnect();
    await page.goto(`${site.address}#semaphore`);
    await page.reload();
    await shown(page, "semaphore");
    await useVirtualTime(page);
    await run(page);
    assert.match(await status(page).textContent(), /^Finished at virtual time/);
    assert.ok((await outputLines(page)).length > 3);
    await choose(page, "download"); /* what it asks for is the page's, too */
    await run(page);
    assert.equal((await outputLines(page)).at(-1), "121 bytes, 0 failed");
});

test("a newer version comes whole with the next visit, and the older one stays whole until then", async (t) => {
    const site = await startSite(t);
    const page = await visit(t, site);
    await installed(page);
    /* Both files change: whoever sees one of them new must see the other one new. */
    const files = ["index.html", "examples/gather.c"].map((name) => join(site.directory, name));
    const change = async (mark) => {
        for (const file of files) {
            const text = await readFile(file, "utf8");
            await writeFile(file, text.replace(/<head>|\/\*/, (found) => found + (found === "<head>" ? `<meta name="${mark}">` : mark)));
        }
        await build(site.directory);
    };
    await change("NEW ");
    const seen = async () => {
        await shown(page, "gather");
        const texts = await page.evaluate(async () => Promise.all(["./", "examples/gather.c"].map(async (path) => (await fetch(path)).text())));
        return texts.map((text) => text.includes("NEW "));
    };
    assert.deepEqual(await seen(), [false, false]);
    await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration.update();
        while (registration.waiting === null) {
            await new Promise((resolve) => registration.addEventListener("updatefound", resolve, { once: true }) ?? setTimeout(resolve, 50));
        }
    });
    assert.deepEqual(await seen(), [false, false]);
    /* The page loads itself again when the newer version has taken over. */
    await page.reload();
    await page.locator('meta[name="NEW "]').waitFor({ state: "attached" });
    assert.deepEqual(await seen(), [true, true]);
});

test("a page in a frame keeps nothing", async (t) => {
    const site = await startSite(t);
    const page = await visit(t, site);
    await installed(page);
    await button(page, "Share and take home").click();
    await page.getByRole("button", { name: /^Keep everything, \d+\sMB$/ }).waitFor();
    const context = await site.browser.newContext();
    t.after(() => context.close());
    const around = await context.newPage();
    await around.goto(site.address.replace(/some.*$/, "nothing"));
    await around.setContent(`<iframe src="${site.address}?embed#gather"></iframe>`);
    await around.frameLocator("iframe").getByRole("textbox", { name: /^Source/ }).getByText("weft_begin").first().waitFor();
    assert.equal(await around.frames()[1].evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
});
