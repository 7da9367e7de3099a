/* How long the page's timeline takes to draw a frame, in Chromium: 10,000 bars that are all in view, and 10,000 tasks that are
   scrubbed through. The page must have been built (./weft build).
   node bench/timeline.mjs [--frames N] [--json] */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { LogWriter, kind } from "../tests/browser/log-writer.mjs";
import { serve } from "../web/serve.mjs";

const { values: options } = parseArgs({ options: { frames: { type: "string", default: "60" }, json: { type: "boolean", default: false } } });
const sleep = 1; /* what is waited for */

/** A log file of so many tasks, each of which sleeps so often, for 1 s. */
function logFile(tasks, sleeps) {
    const log = new LogWriter();
    const site = log.site("body", 10);
    for (let task = 1; task <= tasks; task++) {
        log.add(kind.created, { task, object: tasks + task, site });
    }
    for (log.time = 0; log.time <= sleeps; log.time++) {
        for (let task = 1; task <= tasks; task++) {
            if (log.time > 0) {
                log.add(kind.wake, { task });
            }
            log.add(kind.resume, { task, site });
            if (log.time < sleeps) {
                log.add(kind.wait, { task, subkind: sleep, site });
                log.add(kind.suspend, { task, site });
            } else {
                log.add(kind.done, { task });
            }
        }
    }
    const header = Buffer.alloc(32);
    header.write("weftlog");
    header.writeUInt32LE(1, 8);
    header.writeUInt32LE(32, 12);
    header.writeUInt32LE(4, 16);
    header.writeUInt32LE(3, 20);
    return Buffer.concat([header, log.chunk()[0]]);
}

/** Runs in the page before anything else: notes how long the work of each frame takes. */
function watchFrames() {
    globalThis.frames = [];
    const request = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.requestAnimationFrame = (callback) =>
        request((time) => {
            const start = performance.now();
            callback(time);
            globalThis.frames.push(performance.now() - start);
        });
}

async function open(browser, address, file) {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    await page.addInitScript(watchFrames);
    await page.goto(address);
    await page.getByText("weft_begin").first().waitFor();
    const data = await page.evaluateHandle(async (base64) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "trace.weftlog"));
        return transfer;
    }, file.toString("base64"));
    await page.dispatchEvent("body", "drop", { dataTransfer: data });
    await page.getByRole("status", { name: "Run" }).getByText(/^A recording/).waitFor();
    return page;
}

/** What a frame of each of so many changes costs, in milliseconds: all that the page does for it. */
async function framesOf(page, change, frames) {
    return page.evaluate(
        async ({ change, frames }) => {
            const step = document.querySelector(".transport input[type=range]");
            const changes = {
                scrub(share) {
                    step.value = String(Math.round(Number(step.max) * share));
                    step.dispatchEvent(new Event("input", { bubbles: true }));
                },
                draw() {
                    document.getElementById("fit").click();
                },
            };
            const costs = [];
            for (let count = 0; count < frames; count++) {
                globalThis.frames = [];
                const start = performance.now();
                changes[change]((count * 0.618) % 1);
                const before = performance.now() - start;
                await new Promise((resolve) => setTimeout(resolve, 50));
                costs.push(before + globalThis.frames.reduce((sum, cost) => sum + cost, 0));
            }
            return costs;
        },
        { change, frames },
    );
}

const dist = fileURLToPath(new URL("../web/dist", import.meta.url));
const { server, address } = await serve(dist, 0);
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const rows = [];
for (const [name, words, tasks, sleeps, change] of [
    ["draw-10000", "draw 10,000 bars, all in view in 8 rows", 8, 1250, "draw"],
    ["scrub-10000", "go to a step among 10,000 tasks", 10_000, 1, "scrub"],
]) {
    const page = await open(browser, address, logFile(tasks, sleeps));
    rows.push({ name, words, costs: await framesOf(page, change, Number(options.frames)) });
    await page.close();
}
await browser.close();
server.closeAllConnections();
server.close();

if (options.json) {
    const figure = ({ name, costs }) => ({ bench: name, subject: "page", unit: "ms", min: Math.min(...costs), median: median(costs), max: Math.max(...costs) });
    console.log(JSON.stringify(rows.map(figure), null, 4));
} else {
    const shown = (cost) => `${cost.toFixed(1)} ms`.padStart(9);
    console.log(`${"".padEnd(12)}   median    least     most`);
    for (const { name, words, costs } of rows) {
        console.log(`${name.padEnd(12)}${[median(costs), Math.min(...costs), Math.max(...costs)].map(shown).join("")}  ${words}`);
    }
}
