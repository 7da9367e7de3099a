// What a reader sees of the results: the table, how they stand against the goals, and the machine.
import { readFileSync } from "node:fs";
import os from "node:os";

const unique = (list) => [...new Set(list)];

function formatNumber(value) {
    if (value >= 100) return Math.round(value).toLocaleString("en-US");
    return value.toFixed(value >= 10 ? 0 : 1);
}

/** Rows down, subjects across in the given order; each cell the median and, in brackets, the least. */
export function formatTable(results, order) {
    const subjects = order.filter((name) => results.some(({ subject }) => subject === name));
    const head = ["", ...subjects];
    const body = unique(results.map(({ bench }) => bench)).map((bench) => {
        const row = results.filter((result) => result.bench === bench);
        const cells = subjects.map((subject) => {
            const found = row.find((result) => result.subject === subject);
            return found ? `${formatNumber(found.median)} (${formatNumber(found.min)})` : "–";
        });
        return [`${bench}, ${row[0].unit}`, ...cells];
    });
    const widths = head.map((_, column) => Math.max(...[head, ...body].map((line) => line[column].length)));
    const align = (text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]));
    const rule = widths.map((width) => "─".repeat(width));
    return [head, rule, ...body].map((line) => line.map(align).join("  ")).join("\n");
}

/** One line a goal that the results can tell about. The least of each is compared: noise only ever adds. */
export function judge(results) {
    const least = (bench, subject) =>
        results.find((result) => result.bench === bench && result.subject === subject)?.min;
    const compare = (title, rows, ours, theirs, factor) => {
        const both = rows.filter((row) => least(row, ours) !== undefined && least(row, theirs) !== undefined);
        const short = both.filter((row) => least(row, ours) * factor > least(row, theirs));
        if (both.length === 0) return null;
        const times = (row) => `${row} (${(least(row, theirs) / least(row, ours)).toFixed(2)} times as fast)`;
        return `${title}: ${both.length - short.length} of ${both.length} rows` +
            (short.length > 0 ? `; short in ${short.map(times).join(", ")}` : "");
    };
    const timed = unique(results.filter(({ unit }) => unit === "ns").map(({ bench }) => bench));
    const bytes = least("sleep-bytes", "weft");
    return [
        compare("weft at or under c++20", timed, "weft", "c++20", 1),
        compare("weft wasm at least 3 times as fast as promises", timed, "weft wasm", "promises", 3),
        bytes && `a sleeping task in weft takes ${formatNumber(bytes)} bytes (goal: at most 144)`,
    ].filter(Boolean).join("\n");
}

/** The note under the table: which machine and which versions. */
export function machine(versions) {
    const cpus = os.cpus();
    const memory = Math.round(os.totalmem() / 2 ** 30);
    let kernel = `${os.type()} ${os.release()}`;
    try {
        kernel = /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? kernel;
    } catch {
        // Not a Linux with that file: the kernel's name says enough.
    }
    const load = os.loadavg()[0].toFixed(1);
    return [
        "CPU time per operation: median (least).",
        `${cpus[0]?.model.trim()}, ${cpus.length} cores, ${memory} GiB, ${kernel}, load ${load}`,
        versions.map(([name, version]) => `${name}: ${version}`).join("; "),
    ].join("\n");
}
