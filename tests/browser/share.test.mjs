/* Links, embedding, what is taken home, and traces from outside. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { unzipSync } from "fflate";
import { at, howItEnded, run as runProgram } from "../node/lib/project.mjs";
import { button, choose, ended, openPage, output, outputLines, picker, readTable, run, shown, startBrowser, status, useVirtualTime } from "./page.mjs";

let site;
let folder;
before(async () => {
    [site, folder] = await Promise.all([startBrowser(), mkdtemp(join(tmpdir(), "weft-share-"))]);
});
after(() => Promise.all([site.close(), rm(folder, { recursive: true })]));

const slider = (page, field) => page.locator(`input[name="${field}"]`);
const dialog = (page) => page.getByRole("dialog", { name: "Share and take home" });
const step = (page) => page.getByRole("slider", { name: "Step of the run" });

async function share(page) {
    await button(page, "Share and take home").click();
    await page.waitForFunction(() => document.querySelector("#share-dialog textarea").value !== "");
    return dialog(page).getByRole("textbox", { name: "Link" }).inputValue();
}

/** Opens an address in a profile of its own; gives the page, whatever it shows. */
async function openFresh(t, address, options = {}) {
    const page = await site.browser.newPage({ viewport: { width: 1280, height: 860 }, serviceWorkers: "block", ...options });
    t.after(() => page.close());
    await page.goto(address);
    return page;
}

/** Saves what a button of the dialog makes; gives its bytes. */
async function taken(page, name) {
    const [download] = await Promise.all([page.waitForEvent("download"), dialog(page).getByRole("button", { name }).click()]);
    await dialog(page).getByText(`“${name}” is saved.`).waitFor();
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

async function runSemaphore(t) {
    const page = await openPage(t, site, "semaphore");
    await useVirtualTime(page);
    await slider(page, "permits").fill("3");
    await run(page);
    return page;
}

test("a link opened in a fresh profile gives the same run at the same step", async (t) => {
    const page = await runSemaphore(t);
    const table = await readTable(page);
    await step(page).fill("7");
    const link = await share(page);
    assert.equal(new URL(link).hash, "#semaphore?permits=3&clock=virtual&step=7");
    const other = await openFresh(t, link);
    await ended(other);
    await other.waitForFunction(() => document.querySelector('[aria-label="Step of the run"]').value === "7");
    assert.equal(await slider(other, "permits").inputValue(), "3");
    assert.equal(await other.getByRole("radio", { name: "Virtual time" }).isChecked(), true);
    assert.deepEqual(await readTable(other), table);
    assert.deepEqual(await outputLines(other), await outputLines(page));
});

test("a link of an edited program opened in a fresh profile gives the same run, compiled there", async (t) => {
    const page = await openPage(t, site, "gather");
    const editor = page.getByRole("textbox", { name: "Source of gather.c" });
    await useVirtualTime(page);
    await editor.press("Control+Home");
    await page.keyboard.insertText("/* é €, <b>&amp; 😀 */ ");
    await editor.getByText("weft_sleep").first().click();
    await page.keyboard.press("End");
    await page.keyboard.insertText(' puts("grüße <i>😀</i>");');
    await run(page);
    const [table, lines] = [await readTable(page), await outputLines(page)];
    assert.ok(lines.includes("grüße <i>😀</i>"));
    await step(page).fill("4");
    const other = await openFresh(t, await share(page));
    await ended(other);
    await other.waitForFunction(() => document.querySelector('[aria-label="Step of the run"]').value === "4");
    assert.deepEqual([await readTable(other), await outputLines(other)], [table, lines]);
    assert.match(await other.getByRole("textbox", { name: "Source of gather.c" }).locator(".cm-line").first().textContent(), /^\/\* é €, <b>&amp; 😀 \*\/ /);
    assert.equal(await other.getByText("Edited", { exact: true }).isVisible(), true);
});

test("the address follows, keeps out of the history, and goes back to what was", async (t) => {
    const page = await openPage(t, site, "semaphore");
    const length = () => page.evaluate(() => history.length);
    const before = await length();
    for (const permits of ["4", "5", "3"]) {
        await slider(page, "permits").fill(permits);
    }
    await page.waitForURL(/#semaphore\?permits=3$/);
    assert.equal(await length(), before);
    await choose(page, "gather");
    assert.match(page.url(), /#gather$/);
    await page.goBack();
    await shown(page, "semaphore");
    assert.equal(await slider(page, "permits").inputValue(), "3");
    await page.goForward();
    await shown(page, "gather");
});

test("a link that is damaged is told, and the page is there", async (t) => {
    const page = await openPage(t, site, "gather");
    for (const [fragment, words] of [["#semaphore?v=9", /made by a newer page/], ["#?code=AAAA", /cannot be read/], ["#gather?seed=x", /seed is no whole number/]]) {
        await page.evaluate((hash) => (location.hash = hash), fragment);
        await output(page).getByText(words).waitFor();
        assert.equal(await status(page).textContent(), "The link could not be opened.");
    }
    const fresh = await openFresh(t, `${site.address}#semaphore?v=9`);
    await output(fresh).getByText(/made by a newer page/).waitFor();
    await picker(fresh).waitFor();
});

test("the dialog is opened and left with the keyboard, and tells how long the link is", async (t) => {
    const page = await openPage(t, site, "gather");
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("s");
    await dialog(page).getByText(/^\d+ characters\.$/).waitFor();
    assert.equal(await dialog(page).getByRole("button", { name: "Chrome trace" }).isDisabled(), true);
    await page.keyboard.press("Escape");
    assert.equal(await dialog(page).isVisible(), false);
});

/** A page of another origin with the snippet in it. */
async function serveAround(t, snippet) {
    const server = createServer((_, response) => {
        response.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><title>A blog</title><main style="width: 900px">${snippet}</main>`);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://localhost:${server.address().port}/`;
}

test("a page of another origin embeds the playground, which runs there and leads to the whole page", async (t) => {
    const page = await openPage(t, site, "semaphore");
    await slider(page, "permits").fill("3");
    await share(page);
    const snippet = await dialog(page).getByRole("textbox", { name: "Code to embed" }).inputValue();
    const around = await openFresh(t, await serveAround(t, snippet));
    const frame = around.frameLocator('iframe[title="semaphore.c in weft\'s playground"]');
    await frame.getByRole("textbox", { name: /^Source/ }).getByText("weft_begin").first().waitFor();
    assert.equal(await frame.locator("body").evaluate(() => crossOriginIsolated), false);
    assert.equal(await frame.getByRole("heading", { name: "weft" }).isVisible(), false);
    assert.equal(await frame.getByRole("heading", { name: "So many at a time" }).getAttribute("aria-level"), "1");
    await frame.getByRole("radio", { name: "Virtual time" }).check();
    await frame.getByRole("button", { name: "Run", exact: true }).click();
    await frame.getByText(/^Finished at virtual time/).waitFor();
    assert.equal(await frame.getByRole("application", { name: "Timeline chart" }).isVisible(), true);
    const [whole] = await Promise.all([around.waitForEvent("popup"), frame.getByRole("link", { name: "Open in the playground" }).click()]);
    await shown(whole, "semaphore");
    assert.equal(await whole.getByRole("heading", { level: 1 }).isVisible(), true);
    assert.equal(await slider(whole, "permits").inputValue(), "3");
    await whole.close();
});

test("a Chrome trace, an SVG and a replay are taken home", async (t) => {
    const page = await runSemaphore(t);
    const table = await readTable(page);
    const lines = await outputLines(page);
    const time = `${Math.max(...table.map((row) => row.ended)).toFixed(3)} s of virtual time`;
    await share(page);

    const trace = await taken(page, "Chrome trace");
    assert.equal(trace.name, "semaphore-trace.json");
    const { traceEvents } = JSON.parse(trace.bytes.toString());
    assert.equal(traceEvents.filter(({ name }) => name === "thread_name").length, 1 + table.filter(({ task }) => /Task-/.test(task)).length);

    const svg = await taken(page, "Timeline as SVG");
    assert.equal(svg.name, "semaphore.svg");
    const file = join(folder, svg.name);
    await writeFile(file, svg.bytes);
    const picture = await openFresh(t, pathToFileURL(file).href, { colorScheme: "dark" });
    const paper = () => picture.locator("svg > rect").evaluate((rect) => getComputedStyle(rect).fill);
    const dark = await paper();
    await picture.emulateMedia({ colorScheme: "light" });
    assert.notEqual(await paper(), dark);
    assert.equal(await picture.evaluate(() => document.documentElement.localName), "svg");
    const texts = await picture.locator("text").allTextContents();
    assert.equal(texts[0], `semaphore.c · ${time}`);
    assert.ok(texts.includes("fetch"));

    const replay = await taken(page, "Replay as a page");
    const replayFile = join(folder, replay.name);
    await writeFile(replayFile, replay.bytes);
    const alone = await openFresh(t, pathToFileURL(replayFile).href, { offline: true });
    await alone.getByText(`semaphore.c: ${time}`).waitFor();
    await alone.getByRole("tab", { name: "Tasks" }).click();
    assert.deepEqual(await readTable(alone), table);
    assert.deepEqual(await outputLines(alone), lines);
    await alone.getByRole("list", { name: "semaphore.c" }).getByText("weft_begin(fetch);").waitFor();
    await step(alone).fill("3");
    assert.match(await alone.locator('[aria-current="step"]').textContent(), /weft_/);
});

test("the project that is taken home builds and prints the same, from a server of its own", async (t) => {
    const page = await openPage(t, site, "download");
    await useVirtualTime(page);
    await run(page);
    const lines = await output(page).locator("> .stdout").allTextContents();
    await share(page);
    const { name, bytes } = await taken(page, "CMake project");
    assert.equal(name, "download.zip");
    for (const [path, content] of Object.entries(unzipSync(bytes))) {
        const file = join(folder, "project", path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
    }
    const project = join(folder, "project", "download");
    assert.match(await readFile(join(project, "README.md"), "utf8"), /WEFT_VIRTUAL=1 build\/download/);
    for (const args of [["-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"], ["--build", "build"]]) {
        const result = await runProgram("cmake", args, { cwd: project });
        assert.equal(result.status, 0, howItEnded({ ...result, stderr: result.stdout + result.stderr }));
    }
    const result = await runProgram(join(project, "build/download"), [], { env: { WEFT_VIRTUAL: "1" } });
    assert.equal(result.status, 0, howItEnded(result));
    assert.deepEqual(result.stdout.trimEnd().split("\n"), lines);
});

/** Drops files on the page as a file manager does. */
async function drop(page, ...files) {
    const contents = await Promise.all(files.map(async ([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]));
    await page.evaluate((given) => {
        const data = new DataTransfer();
        for (const [name, text] of given) {
            data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
        }
        for (const type of ["dragover", "drop"]) {
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
    }, contents);
}

/** A trace that a native program wrote in the folder of the sources. */
async function nativeTrace(name) {
    const trace = join(folder, `${name}.json`);
    const result = await runProgram(at(`build/native/examples/${name}`), [], { env: { WEFT_VIRTUAL: "1", WEFT_TRACE: trace } });
    assert.equal(result.status, 0, howItEnded(result));
    return trace;
}

test("a trace of a native program is dropped on the page and replays there", async (t) => {
    const page = await openPage(t, site, "gather");
    await drop(page, ["trace.json", await readFile(await nativeTrace("semaphore"))]);
    await page.getByRole("textbox", { name: "Source of semaphore.c" }).getByText("weft_begin").first().waitFor();
    const table = await readTable(page);
    assert.equal(table.filter(({ task }) => /^fetch/.test(task)).length, 5);
    assert.equal(Math.max(...table.map((row) => row.ended)), 2.25);
    assert.match(await status(page).textContent(), /^A recording of 2\.250 s/);
    await step(page).fill("3");
    assert.equal(await step(page).inputValue(), "3");
    await page.getByRole("tab", { name: "Cancel" }).click();
    await page.getByText(/^This is a recording from elsewhere/).waitFor();
    await page.locator(".cm-tasks .cm-task[title]").first().waitFor(); /* the lines at which its tasks stand */
    await page.getByRole("button", { name: /^Choose one of \d+ examples$/ }).click();
    await page.getByRole("link", { name: "All at once" }).click();
    await shown(page, "gather");
    assert.equal(await status(page).textContent(), "");
});

test("a trace is opened with the keyboard, and what is none is told", async (t) => {
    const page = await openPage(t, site, "gather");
    const trace = await nativeTrace("sequential");
    await share(page);
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), dialog(page).getByRole("button", { name: "Open a trace…" }).press("Enter")]);
    await chooser.setFiles(trace);
    await page.getByRole("textbox", { name: "Source of sequential.c" }).waitFor();
    assert.equal(await dialog(page).isVisible(), false);
    const whole = await readFile(trace);
    for (const [content, words] of [
        [whole.subarray(0, whole.length / 2), /cut off/],
        [Buffer.from("not at all"), /neither JSON nor an event log/],
        [Buffer.from('{"traceEvents":[]}'), /no event log of weft in it/],
        [Buffer.alloc(0), /The file is empty/],
    ]) {
        await drop(page, ["a.json", content]);
        await output(page).getByText(words).waitFor();
        assert.equal(await status(page).textContent(), "The file could not be opened.");
    }
});

test("a source is dropped beside a trace that has none", async (t) => {
    const page = await openPage(t, site, "gather");
    const trace = JSON.parse(await readFile(await nativeTrace("semaphore"), "utf8"));
    trace.traceEvents = trace.traceEvents.filter(({ name }) => name !== "weft_source");
    await drop(page, ["trace.json", JSON.stringify(trace)], ["semaphore.c", "/* mine */\n"]);
    await page.getByRole("textbox", { name: "Source of semaphore.c" }).getByText("/* mine */").waitFor();
    assert.match(await status(page).textContent(), /^A recording/);
});
