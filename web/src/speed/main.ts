/** The page that measures: puts its parts together. */

import "../style.css";
import "./speed.css";
import { element } from "../elements.ts";
import { megabytes, messageOf } from "../format.ts";
import { reveal } from "../reveal.ts";
import { setUpTheme } from "../theme.ts";
import { pythonFiles, totalSize } from "../twin/pyodide.ts";
import { CrowdView } from "./crowd.ts";
import { Measurement, wantedMilliseconds } from "./measurement.ts";
import { Results } from "./results.ts";
import { subjectTitles } from "./workloads.ts";
import type { SubjectName } from "./workloads.ts";

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const runButton = find<HTMLButtonElement>("run");
const stopButton = find<HTMLButtonElement>("stop");
const copyButton = find<HTMLButtonElement>("copy");
const rounds = find<HTMLSelectElement>("rounds");
const python = find<HTMLInputElement>("python");
const progress = find<HTMLProgressElement>("progress");
const results = new Results(find("bars"), find<HTMLTableElement>("table"));

let measurement: Measurement | undefined;
let facts: [name: string, value: string][] = [];

function say(text: string): void {
    find("status").textContent = text;
}

async function measure(): Promise<void> {
    const subjects: SubjectName[] = python.checked ? ["weft", "promises", "python"] : ["weft", "promises"];
    find("key-python").hidden = !python.checked;
    results.clear(subjects);
    showRunning(true);
    say("Loading…");
    const began = new Date();
    const own = new Measurement(subjects, {
        progress(words, done, total) {
            say(`${words}.`);
            progress.max = total;
            progress.value = done;
        },
        loading(subject, loaded, total) {
            say(`Loading ${subjectTitles[subject]}: ${megabytes(loaded)} of ${megabytes(total)}.`);
            progress.max = total;
            progress.value = loaded;
        },
        measured: (row, subject, value) => results.add(row, subject, value),
    });
    measurement = own;
    try {
        await own.run(Number(rounds.value));
        showFacts(began, own, Number(rounds.value));
        const { noisy } = results;
        say(`Measured in ${((Date.now() - began.getTime()) / 1000).toFixed(0)} seconds.${noisy > 0 ? ` ${noisy} of the figures ${noisy === 1 ? "is" : "are"} noisy: something else keeps this machine busy. More rounds help.` : ""}`);
        progress.value = progress.max;
    } catch (error) {
        const stopped = error instanceof DOMException && error.name === "AbortError";
        say(stopped ? "Stopped: the figures are of the rounds that were made." : `Not measured: ${messageOf(error)}`);
    } finally {
        own.end();
        measurement = undefined;
        showRunning(false);
    }
}

function showRunning(running: boolean): void {
    const focused = document.activeElement === runButton || document.activeElement === stopButton;
    runButton.disabled = rounds.disabled = python.disabled = running;
    stopButton.disabled = !running;
    copyButton.disabled = running || results.values.every(({ nanoseconds }) => nanoseconds.length === 0);
    if (focused) {
        (running ? stopButton : runButton).focus();
    }
}

/** The browser and its version, in the words that it has for itself. */
function browserName(): string {
    const { userAgentData } = navigator as { userAgentData?: { brands: { brand: string; version: string }[]; platform: string } };
    const brands = userAgentData?.brands.filter(({ brand }) => !/not.*brand/i.test(brand));
    return brands?.length ? `${brands.map(({ brand, version }) => `${brand} ${version}`).join(", ")} on ${userAgentData!.platform}` : navigator.userAgent;
}

function showFacts(began?: Date, measured?: Measurement, made?: number): void {
    facts = [
        ["Browser", browserName()],
        ["Processor cores", String(navigator.hardwareConcurrency)],
    ];
    if (began !== undefined && measured !== undefined) {
        const [{ resolution } = { resolution: NaN }] = measured.subjects;
        facts.push(
            ["Clock", `steps of ${Number((resolution * 1e3).toPrecision(2)).toLocaleString("en")} µs; a measurement takes about ${wantedMilliseconds} ms`],
            ["Rounds", `${made}`],
            ["Subjects", measured.subjects.map(({ version }) => version).join("; ")],
            ["When", began.toLocaleString("en", { dateStyle: "long", timeStyle: "short" })],
        );
    }
    find("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

async function copy(): Promise<void> {
    const text = JSON.stringify({ measured: Object.fromEntries(facts), unit: "ns for an operation, a round each", results: results.values }, null, 2);
    try {
        await navigator.clipboard.writeText(text);
        say("The results are on the clipboard.");
    } catch {
        say("The browser does not let this page write to the clipboard.");
    }
}

runButton.addEventListener("click", () => void measure());
stopButton.addEventListener("click", () => measurement?.end());
copyButton.addEventListener("click", () => void copy());
setUpTheme(find<HTMLButtonElement>("theme"), () => {});
new CrowdView({
    size: find<HTMLSelectElement>("crowd-size"),
    start: { weft: find<HTMLButtonElement>("crowd-weft"), promises: find<HTMLButtonElement>("crowd-promises") },
    stop: find<HTMLButtonElement>("crowd-stop"),
    status: find("crowd-status"),
    frames: find<HTMLCanvasElement>("frames"),
    body: find<HTMLTableElement>("crowd-table").tBodies[0]!,
});
results.clear(["weft", "promises"]);
showFacts();
try {
    find("python-size").textContent = `(${megabytes(totalSize(await pythonFiles(document.baseURI)))})`;
} catch {
    python.disabled = true;
    find("python-size").textContent = "(not found beside this page)";
}
reveal();
