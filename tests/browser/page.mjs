/* The built page in a real browser: below a path of its own, with the programs of programs/troubles.c among its examples. */

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../../web/serve.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = fromHere("../../web/dist");
const troubles = fromHere("../../build/wasm/tests/browser");
const subPath = "some/deeper/path/";

/** The page's list as examples.json has it: groups of examples, in teaching order. */
export const groups = JSON.parse(await readFile(fromHere("../../examples/examples.json"), "utf8"));
export const exampleNames = groups.flatMap(({ examples }) => examples.map(({ name }) => name));

const troubleNames = ["spin", "flood", "ticker", "trap", "fail", "sleeper", "crowd", "missing_module", "careless"];
const sourceOf = (name) => (name === "careless" ? "careless.c" : "troubles.c");

async function addTroubles(examples) {
    const manifest = JSON.parse(await readFile(join(examples, "index.json"), "utf8"));
    for (const source of ["troubles.c", "careless.c"]) {
        await cp(fromHere(`programs/${source}`), join(examples, source));
    }
    const added = [];
    for (const name of troubleNames) {
        const wasm = `${name}.wasm`;
        if (name !== "missing_module") {
            await cp(join(troubles, wasm), join(examples, wasm));
        }
        added.push({ name, title: name, look: "A program for the tests.", source: sourceOf(name), wasm });
    }
    manifest.push({ title: "Troubles", examples: added });
    await writeFile(join(examples, "index.json"), JSON.stringify(manifest));
}

export function launchBrowser() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    });
}

/** Serves the page with the additional programs and starts a browser. Call `close` at the end. */
export async function startBrowser() {
    const root = await mkdtemp(join(tmpdir(), "weft-page-"));
    const site = join(root, subPath);
    await mkdir(site, { recursive: true });
    await cp(dist, site, { recursive: true });
    await addTroubles(join(site, "examples"));
    const { server, address } = await serve(root, 0);
    const browser = await launchBrowser();
    return {
        address: address + subPath,
        browser,
        /** Where the served files are. */
        directory: site,
        /** Takes the server away, as if there were no network. */
        disconnect() {
            const closed = new Promise((resolve) => server.close(resolve));
            server.closeAllConnections();
            return closed;
        },
        async close() {
            await browser.close();
            server.closeAllConnections();
            server.close();
            await rm(root, { recursive: true });
        },
    };
}

/** Opens the page at an example. What the browser reports as an error fails the test. `init` runs in the
 *  page before anything else does. */
export async function openPage(t, { browser, address }, example = "gather", options = {}) {
    const { expectErrors = false, init, ...context } = options;
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, serviceWorkers: "block", ...context });
    /* Waiting ends when the page is ready; this only ends what hangs, on however busy a machine. */
    page.setDefaultTimeout(120_000);
    if (init !== undefined) {
        await page.addInitScript(init);
    }
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    t.after(async () => {
        await page.close();
        if (!expectErrors) {
            assert.deepEqual(errors, [], "the browser reported errors");
        }
    });
    await page.goto(`${address}#${example}`);
    await shown(page, example);
    await page.getByRole("textbox", { name: /^Source/ }).getByText("weft_begin").first().waitFor();
    return page;
}

/** The button that opens the list, and names the example that is shown. */
export const picker = (page, name = "\\w+") => page.getByRole("button", { name: new RegExp(`^Example \\d+ of \\d+: ${name}$`) });

export const shown = (page, name) => picker(page, name).waitFor();

/** Chooses an example from the list. */
export async function choose(page, name) {
    await picker(page).click();
    await page.getByRole("navigation", { name: "Examples" }).locator(`li a[href$="#${name}"]`).click();
    await shown(page, name);
}

export const button = (page, name) => page.getByRole("button", { name, exact: true });
/** How the run stands. */
export const status = (page) => page.getByRole("status", { name: "Run" });
export const output = (page) => page.getByRole("log", { name: "Output" });

export async function useVirtualTime(page) {
    await page.getByRole("radio", { name: "Virtual time" }).check();
}

/** Runs the example and waits for its end. */
export async function run(page) {
    await button(page, "Run").click();
    await ended(page);
}

export async function ended(page) {
    await page.waitForFunction(() => {
        const named = (name) => [...document.querySelectorAll("button")].find((candidate) => candidate.textContent.trim() === name);
        return !named("Run").disabled && named("Stop").disabled;
    });
}

/** The table named Timeline, as objects; times are numbers of seconds. */
export async function readTable(page) {
    const rows = await page.getByRole("table", { name: "Timeline" }).locator("tbody tr").all();
    return Promise.all(
        rows.map(async (row) => {
            const [task, started, ended, outcome, waits] = await row.locator("th, td").allTextContents();
            return { task, started: parseFloat(started), ended: parseFloat(ended), outcome, waits };
        }),
    );
}

/** All that the chart tells, task by task, as the arrow keys go through it. */
export async function readChart(page) {
    const chart = page.getByRole("application", { name: "Timeline chart" });
    const detail = () => page.locator("#detail").textContent();
    const tasks = await page.locator("#table tbody th:not(.awaited)").count();
    const told = [];
    for (let task = 0; task < tasks; task++) {
        await chart.press(task === 0 ? "Home" : "ArrowDown");
        for (let text = await detail(); text !== told.at(-1); text = await detail()) {
            told.push(text);
            await chart.press("ArrowRight");
        }
    }
    return told;
}

export async function outputLines(page) {
    return output(page).locator("> div").allTextContents();
}

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong, in the whole page or in the part that a selector names. */
export async function violations(page, part) {
    if (!(await page.evaluate(() => "axe" in globalThis))) {
        await page.evaluate(axe);
    }
    const { violations: found } = await page.evaluate((selector) => globalThis.axe.run(selector ?? document), part);
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
