// Runs every subject's program in turn, round after round, so that whatever else the machine does meets
// all of them alike; prints one table, or with --json the same as JSON. README.md says what a row is.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatTable, judge, machine } from "./report.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

// Rows in one list come from one run of a program. Every such run is a new process: what one row leaves
// behind in an allocator does not slow down the next.
const GROUPS = [
    ["switch-2"],
    ["switch-1000"],
    ["call"],
    ["spawn-join"],
    ["sleep-create", "sleep-fire", "sleep-bytes"],
    ["sleep-cancel"],
    ["semaphore"],
    ["lock"],
    ["queue"],
    ["condition"],
    ["gather-10000"],
    ["group-10000"],
    ["as-completed-10000"],
];
const ROWS = GROUPS.flat();
const SLEEPING = ROWS.filter((row) => row.startsWith("sleep-"));

// `rounds`: the slow ones take part in the first few rounds only.
const SUBJECTS = [
    { name: "weft", file: path("../build/native/bench/bench_weft") },
    {
        name: "weft wasm",
        interpreter: ["node"],
        file: path("weft.mjs"),
        needs: path("../build/wasm/bench/bench_weft.wasm"),
    },
    { name: "c++20", file: path("../build/native/bench/bench_cpp20") },
    { name: "libuv", file: path("../build/native/bench/bench_libuv"), rows: SLEEPING },
    { name: "promises", interpreter: ["node", "--expose-gc"], file: path("promises.mjs"), rounds: 4 },
    { name: "asyncio", interpreter: ["python3"], file: path("asyncio_rows.py"), rounds: 3 },
];

const USAGE = `usage: run [--json] [--rows A,B] [--subjects A,B] [--rounds N]
rows:     ${ROWS.join(", ")}
subjects: ${SUBJECTS.map((subject) => subject.name).join(", ")}`;

function misuse(words) {
    console.error(`${words}\n${USAGE}`);
    process.exit(2);
}

/** The names in a comma-separated option, all known; all of them without the option. */
function choose(option, known) {
    const chosen = option?.split(",") ?? known;
    const stranger = chosen.find((name) => !known.includes(name));
    if (stranger !== undefined) misuse(`there is no '${stranger}'`);
    return known.filter((name) => chosen.includes(name));
}

function readOptions() {
    let values;
    try {
        ({ values } = parseArgs({
            options: {
                json: { type: "boolean", default: false },
                rows: { type: "string" },
                subjects: { type: "string" },
                rounds: { type: "string", default: "7" },
                help: { type: "boolean", default: false },
            },
        }));
    } catch (error) {
        misuse(error.message);
    }
    if (values.help) {
        console.log(USAGE);
        process.exit(0);
    }
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) misuse("--rounds takes a whole number from 1");
    const names = choose(values.subjects, SUBJECTS.map((subject) => subject.name));
    return {
        json: values.json,
        rounds,
        rows: choose(values.rows, ROWS),
        subjects: SUBJECTS.filter((subject) => names.includes(subject.name)),
    };
}

const failures = new Set(); // "subject" or "subject row,row" of what did not work and is not tried again

function fail(key, reason) {
    failures.add(key);
    console.error(`${process.stderr.isTTY ? "\r" : ""}${key}: ${reason}`);
}

/** Whether a subject's program is there. */
function isBuilt(subject) {
    const missing = [subject.needs, subject.file].find((file) => file && !existsSync(file));
    if (missing) fail(subject.name, `not measured, since ${relative(process.cwd(), missing)} is missing`);
    return !missing;
}

/** What a subject's program prints. Throws an error that says why there is nothing. */
function execute(subject, ...options) {
    const [command, ...first] = [...(subject.interpreter ?? []), subject.file];
    const { status, signal, error, stdout, stderr } = spawnSync(command, [...first, ...options], {
        encoding: "utf8",
        timeout: 120_000,
    });
    if (status === 0) return stdout.trim();
    const reason = error?.message ?? `ended with ${signal ?? `status ${status}`}`;
    throw new Error([reason, stderr?.trim()].filter(Boolean).join("\n"));
}

function measureGroup(subject, rows) {
    const output = execute(subject, "--rows", rows.join(","), "--repeat", "1");
    const lines = output.split("\n").filter(Boolean).map((text) => JSON.parse(text));
    const lacking = rows.filter((row) => !lines.some(({ bench }) => bench === row));
    if (lacking.length > 0) throw new Error(`printed nothing for ${lacking.join(", ")}`);
    return lines;
}

/** All measurements of one round. */
function* measureRound(round, { rows, subjects }) {
    for (const group of GROUPS) {
        for (const subject of subjects) {
            const wanted = group.filter((row) => rows.includes(row) && (subject.rows ?? ROWS).includes(row));
            const key = `${subject.name} ${wanted}`;
            if (wanted.length === 0 || round >= (subject.rounds ?? Infinity) || failures.has(key)) continue;
            try {
                yield* measureGroup(subject, wanted);
            } catch (error) {
                fail(key, error.message);
            }
        }
    }
}

function summarise(values) {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return { min: sorted[0], median: Number(median.toFixed(3)), max: sorted.at(-1) };
}

function showProgress(round, rounds) {
    const words = round < rounds ? `\rround ${round + 1} of ${rounds}` : "\r\x1b[K";
    if (process.stderr.isTTY) process.stderr.write(words);
    else if (round === 0) console.error(`measuring: ${rounds} rounds, half a minute at most each`);
}

const options = readOptions();
options.subjects = options.subjects.filter(isBuilt);
const measured = new Map(); // "row subject" → { bench, subject, unit, values }
for (let round = 0; round < options.rounds; round++) {
    showProgress(round, options.rounds);
    for (const { bench, subject, unit, value } of measureRound(round, options)) {
        const key = `${bench} ${subject}`;
        if (!measured.has(key)) measured.set(key, { bench, subject, unit, values: [] });
        measured.get(key).values.push(value);
    }
}
showProgress(options.rounds, options.rounds);

const results = [];
for (const bench of options.rows)
    for (const { name } of options.subjects) {
        const entry = measured.get(`${bench} ${name}`);
        if (entry) results.push({ bench, subject: name, unit: entry.unit, ...summarise(entry.values) });
    }

if (options.json) {
    console.log(JSON.stringify(results, null, 2));
} else {
    const versions = options.subjects.map((subject) => [subject.name, execute(subject, "--version")]);
    const order = options.subjects.map(({ name }) => name);
    const parts = [formatTable(results, order), judge(results), machine(versions)];
    console.log(parts.filter(Boolean).join("\n\n"));
}
process.exitCode = failures.size > 0 ? 1 : 0;
