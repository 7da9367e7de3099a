/* How long the page makes its visitor wait, in Chromium on this machine: medians of several visits, each by a browser
   profile that has never been there. The page must have been built (./weft build).
   node bench/page.mjs [--visits N] [--json] */

import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { serve } from "../web/serve.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: options } = parseArgs({ options: { visits: { type: "string", default: "5" }, json: { type: "boolean", default: false } } });
const dist = fromHere("../web/dist");
const source = await readFile(fromHere("../examples/semaphore.c"), "utf8");

const rows = [
    { name: "first-run", words: "the first example has run, from the address", bar: 2, seconds: [] },
    { name: "first-compile", words: "an edited program is compiled, the compiler's download with it", bar: 5, seconds: [] },
    { name: "next-visit", words: "the same, the compiler kept from an earlier visit", bar: 5, seconds: [] },
    { name: "re-compile", words: "an edited program is compiled once more", bar: 0.5, seconds: [] },
    { name: "check", words: "errors and warnings of an edited program", bar: 0.5, seconds: [] },
];
const add = (name, milliseconds) => rows.find((row) => row.name === name).seconds.push(milliseconds / 1000);

/** The compiler's worker, by what only it has in it. */
async function workerFile() {
    for (const file of await readdir(`${dist}/assets`)) {
        if (file.startsWith("worker-") && (await readFile(`${dist}/assets/${file}`, "utf8")).includes("weft-compiler")) {
            return `assets/${file}`;
        }
    }
    throw new Error("the built page has no compiler");
}

/** Runs in the page: does the jobs one after the other in a new worker; gives what each took, and whether it failed. */
async function timedJobs({ worker, jobs }) {
    const compiler = new Worker(new URL(worker, document.baseURI), { type: "module" });
    const base = new URL("compiler/", document.baseURI).href;
    const times = [];
    for (const [id, job] of jobs.entries()) {
        const start = performance.now();
        const answer = await new Promise((resolve) => {
            compiler.onmessage = ({ data }) => data.id === id && resolve(data);
            compiler.postMessage({ id, base, job });
        });
        times.push(performance.now() - start);
        if (answer.type !== "done" || (job.name === "compile" && answer.result.module === undefined)) {
            throw new Error(`${job.name}: ${answer.message ?? JSON.stringify(answer.result.diagnostics)}`);
        }
    }
    compiler.terminate();
    return times;
}

async function visit(browser, address, worker) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const start = performance.now();
    await page.goto(`${address}#gather`);
    await page.getByRole("radio", { name: "Virtual time" }).check();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("status", { name: "Run" }).getByText(/^Finished/).waitFor();
    add("first-run", performance.now() - start);

    const edited = (times) => ({ name: "compile", file: "semaphore.c", source: source + "/* edited */\n".repeat(times) });
    const [first, ...again] = await page.evaluate(timedJobs, { worker, jobs: [1, 2, 3, 4, 5, 6].map(edited) });
    add("first-compile", first);
    add("re-compile", again.at(-1));
    const [kept, , check] = await page.evaluate(timedJobs, { worker, jobs: [edited(1), { ...edited(2), name: "check" }, { ...edited(3), name: "check" }] });
    add("next-visit", kept);
    add("check", check);
    await context.close();
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const { server, address } = await serve(dist, 0);
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const worker = await workerFile();
for (let count = 0; count < Number(options.visits); count++) {
    await visit(browser, address, worker);
}
await browser.close();
server.closeAllConnections();
server.close();

if (options.json) {
    const figure = ({ name, seconds }) => ({ bench: name, subject: "page", unit: "s", min: Math.min(...seconds), median: median(seconds), max: Math.max(...seconds) });
    console.log(JSON.stringify(rows.map(figure), null, 4));
} else {
    const shown = (seconds) => `${seconds.toFixed(2)} s`.padStart(8);
    console.log(`${"".padEnd(14)}  median   least     bar`);
    for (const { name, words, bar, seconds } of rows) {
        console.log(`${name.padEnd(14)}${shown(median(seconds))}${shown(Math.min(...seconds))}${shown(bar)}  ${words}`);
    }
}
