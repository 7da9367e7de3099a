/* The documentation of every public name, taken from the comments of the headers: what the editor shows where a name is pointed at or
   completed. A comment is about the declarations that follow it without an empty line between, up to the next comment; the one at the
   head of a header is also about the type that the header is named after.
   node scripts/documentation.mjs [--out FILE] */

import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const headerFolders = ["../../core/include/weft", "../../wasm/include/weft"].map(fromHere);
const examplesFolder = fromHere("../../examples");

/** The entries by their names: { name, kind, declaration, comment, python, header, examples }, the comment empty where there is none. */
export async function documentation() {
    const entries = new Map();
    for (const folder of headerFolders) {
        for (const file of (await readdir(folder)).sort()) {
            for (const entry of entriesOf(file, await readFile(join(folder, file), "utf8"))) {
                add(entries, entry);
            }
        }
    }
    await addExamples(entries);
    return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/* Of what is declared several times, the declaration with a comment counts, and of a type the one that says what is in it. */
function add(entries, entry) {
    const known = entries.get(entry.name);
    if (known === undefined || (known.comment === "" && entry.comment !== "")) {
        entries.set(entry.name, entry);
    }
}

/* --- A header as items: comments, directives, declarations, empty lines --- */

const item = new RegExp(
    [
        /(?<comment>\/\*[^]*?\*\/)[ \t]*\n/,
        /(?<directive>#(?:.*\\\n)*.*)\n/,
        /(?<empty>[ \t]*)\n/,
        /(?<word>\w+)\n/,
        /(?<declaration>.*\{.*\}.*;.*|[^;{]*\{.*\n[^]*?\n\}.*|[^;{]*;.*)\n/,
    ].map(({ source }) => source).join("|"),
    "gy",
);

export function entriesOf(file, text) {
    const entries = [];
    const name = basename(file, ".h");
    let comment = "";
    let head;
    const take = (found) => entries.push({ ...found, comment: found.comment ?? comment, header: `weft/${file}` });
    for (const { groups } of text.matchAll(item)) {
        if (groups.comment !== undefined) {
            comment = groups.comment.includes("/* ---") ? "" : wordsOf(groups.comment);
            head ??= comment;
        } else if (groups.empty !== undefined) {
            comment = "";
        } else if (groups.directive !== undefined) {
            macrosOf(groups.directive, comment).forEach(take);
        } else if (groups.declaration !== undefined) {
            declarationsOf(groups.declaration).forEach(take);
        }
    }
    return entries
        .filter((entry) => /^weft_(?!_)|^WEFT_(?!_)/.test(entry.name) && !/^WEFT_([A-Z_]+_)?H$/.test(entry.name))
        .map((entry) => described(entry.comment === "" && entry.name === `weft_${name}` ? { ...entry, comment: head } : entry));
}

/** A comment's words, its lines joined but where they are set apart. */
function wordsOf(comment) {
    const lines = comment.slice(2, -2).trim().split("\n").map((line) => line.replace(/^[ \t]*\*? ?/, "").trimEnd());
    return lines.reduce((text, line) => {
        const apart = text === "" || line === "" || text.endsWith("\n") || /^ {3}/.test(line) || /\n {3}.*$/.test(text);
        return text + (text === "" ? "" : apart ? "\n" : " ") + line;
    }, "").trim();
}

/* --- Macros --- */

function macrosOf(directive, comment) {
    const [, name, parameters = "", body] = /^#define (\w+)(\([^)]*\))?((?:.|\n)*)$/.exec(directive) ?? [];
    if (name === undefined) {
        return [];
    }
    const macro = { name, kind: "macro", declaration: synopsis(name, comment) ?? name + parameters };
    return [macro, ...codes(body), ...recordKinds(body)];
}

/* A comment may write the macro as the function that it acts as. */
function synopsis(name, comment) {
    return new RegExp(`^ {3,}(\\w.*[ *]${name}\\(.*\\));$`, "m").exec(comment)?.[1].trim();
}

/* Codes stand in a list of X(name, number, text), each with its counterpart in Python or its meaning. */
function codes(body) {
    return [...body.matchAll(/X\((WEFT_\w+), (\d+), "(.*?)"\)\s*\/\*(.*?)\*\//g)].map(([, name, number, text, comment]) => {
        const [, python, rest] = /^((?:asyncio\.)?[A-Z]\w+)?(?:[;:] )?(.*)$/.exec(comment.trim());
        return { name, kind: "constant", declaration: `${name} = ${number}`, comment: `The code of ${text}. ${rest}`.trim(), python };
    });
}

/* The kinds of records, in a list of X(number, name, text). */
function recordKinds(body) {
    return [...body.matchAll(/X\((\d+), ([A-Z_]+), "(.*?)"\)/g)].map(([, number, name, text]) => ({
        name: `WEFT_LOG_${name}`,
        kind: "constant",
        declaration: `WEFT_LOG_${name} = ${number}`,
        comment: `The event "${text}".`,
    }));
}

/* --- Declarations --- */

function declarationsOf(text) {
    const enumeration = /^(?:typedef )?enum (\w*) ?\{([^]*)\}/.exec(text);
    const name = nameOf(text);
    if (name === undefined) {
        return enumeration ? constantsOf(enumeration[2]) : [];
    }
    const kind = /^typedef|^struct \w+ \{/.test(text) ? "type" : /\(/.test(withoutAttributes(text)) || !text.startsWith("extern") ? "function" : "variable";
    return [{ name, kind, declaration: shortened(text, kind) }, ...(enumeration ? constantsOf(enumeration[2]) : [])];
}

function withoutAttributes(text) {
    return text.replace(/\s+WEFT__(MUST_USE|PRINTF\([^)]*\))/g, "");
}

function nameOf(text) {
    const head = withoutAttributes(text).replace(/\{[^]*\}/, "").replace(/\/\*[^]*?\*\//g, "").trim();
    const patterns = [
        /^struct (\w+) ?;?$/, //                 the structure of a type that another header names
        /^typedef [^(]*?\b(\w+)\s*\(/, //        a type of functions
        /^[^(]*?\b(\w+)\s*\(/, //                a function
        /\b(\w+)(?:\[\])?;$/, //                 anything else has its name at its end
    ];
    return patterns.map((pattern) => pattern.exec(head)?.[1]).find((name) => name !== undefined);
}

/* A body and what is internal are left out. */
function shortened(text, kind) {
    const plain = withoutAttributes(text);
    if (kind !== "type") {
        return plain.replace(/^(static inline|extern) /, "").replace(/\s*\{[^]*\}$/, "").replace(/;[^;]*$/, "").replace(/\s+/g, " ");
    }
    return plain.replace(/\{\s*\/\* All internal\. \*\/[^]*\}/, "{ … }").replace(/;$/, "");
}

/* A constant without a comment of its own has its enumeration's. */
function constantsOf(body) {
    return [...body.matchAll(/(?<=^|,)[ \t]*(WEFT_\w+)(?!\w*\()( = \w+)?,?(?:[ \t]*\/\*([^]*?)\*\/)?/gm)].map(([, name, value = "", comment]) => ({
        name,
        kind: "constant",
        declaration: name + value,
        comment: comment && wordsOf(`/*${comment}*/`),
    }));
}

/* --- What it is in Python, and where to see it --- */

const python = new RegExp(
    String.raw`(?:^|[.:)] )(?:in Python: )?(` +
        [
            String.raw`(?:asyncio|loop|[tT]ask|TaskGroup|Barrier|Condition|Lock|Queue|Semaphore|Runner|coroutine|contextvars|context|var|agen)\.\w+(?:\([^()]*\))?(?:(?:,| and|, and) (?:asyncio\.)?\w+)*`,
            String.raw`create_task\([^()]*\)`,
            String.raw`anext\(\)`,
            String.raw`python -m asyncio \w+`,
            "`[^`]+`",
        ].join("|") +
        String.raw`)$`,
    "m",
);

/** What a comment names at the end of a paragraph is the counterpart in Python. */
function described(entry) {
    const [whole, name] = python.exec(entry.comment) ?? [];
    if (name === undefined) {
        return entry;
    }
    const comment = entry.comment.replace(whole, whole.slice(0, whole.indexOf(name)).trimEnd().replace(/:$/, ".")).trim();
    return { ...entry, comment: comment || entry.comment, python: name.replaceAll("`", "") };
}

async function addExamples(entries) {
    const groups = JSON.parse(await readFile(join(examplesFolder, "examples.json"), "utf8"));
    for (const { name, folder = "" } of groups.flatMap(({ examples }) => examples)) {
        const source = await readFile(join(examplesFolder, folder, `${name}.c`), "utf8");
        for (const used of new Set(source.match(/\bweft_\w+|\bWEFT_\w+/g))) {
            const entry = entries.get(used);
            if (entry !== undefined) {
                entry.examples = [...(entry.examples ?? []), name].slice(0, 3);
            }
        }
    }
}
if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { values } = parseArgs({ options: { out: { type: "string", default: fromHere("../public/documentation.json") } } });
    const entries = [...(await documentation()).values()].filter(({ comment }) => comment !== "");
    await mkdir(dirname(values.out), { recursive: true });
    await writeFile(values.out, JSON.stringify(entries));
    console.log(`${entries.length} names with their documentation for the page`);
}
