/** Says in weft's words what clang says of weft's macros: the mistakes that its users make. clang's own words stay, as a note. */

import { Coroutines } from "./coroutines.ts";
import { withLostLocals } from "./lost-locals.ts";
import type { SourceText } from "./source-text.ts";
import type { Diagnostic, Fix, Position } from "./types.ts";

interface Words {
    message: string;
    fixes?: Fix[];
}

interface Context {
    coroutines: Coroutines;
    source: SourceText;
    /** What clang said at the same place. */
    together: Diagnostic[];
}

interface Rule {
    /** What clang says. */
    says: RegExp;
    /** undefined where it is not weft's affair after all. */
    words(match: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined;
}

const lineOf = (context: Context, { line }: Position) => context.coroutines.lines[line - 1] ?? "";
const textAt = (context: Context, at: Position) => lineOf(context, at).slice(at.column - 1);
const insertion = (at: Position, text: string): Fix[] => [{ from: at, to: at, text }];
const byMacro = ({ notes }: Diagnostic, name: RegExp) => notes.some(({ message }) => /^expanded from macro '(\w+)'$/.exec(message)?.[1]?.match(name));
const macroAt = (context: Context, at: Position) => /^weft_\w+/.exec(textAt(context, at))?.[0];
const atLineStart = (line: number): Position => ({ line, column: 1 });

/** weft_await(x) as the value of an expression. */
function awaitInExpression(_: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined {
    const macro = macroAt(context, diagnostic.from);
    const before = lineOf(context, diagnostic.from).slice(0, diagnostic.from.column - 1);
    if (macro === undefined || !byMacro(diagnostic, /^weft_(await|yield)/) || before.trim() === "") {
        return undefined;
    }
    const assignment = /(?:^|[;{])\s*([\w.>[\]-]+)\s*=\s*$/.exec(before)?.[1];
    const simple = assignment !== undefined && /^weft_await\s*\(.*\)\s*;\s*$/.test(textAt(context, diagnostic.from));
    const fix: Fix = {
        from: { line: diagnostic.from.line, column: before.lastIndexOf(assignment ?? "") + 1 },
        to: { line: diagnostic.from.line, column: diagnostic.from.column + textAt(context, diagnostic.from).indexOf("(") + 1 },
        text: `weft_await_to(${assignment}, `,
    };
    return { message: `${macro} is a statement, which has no value: ${macro}_to(variable, …) stores what it brings`, fixes: simple ? [fix] : [] };
}

/** What only works between weft_begin and weft_end stands elsewhere. */
function outside(_: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words {
    const coroutine = context.coroutines.at(diagnostic.from.line);
    const name = macroAt(context, diagnostic.from) ?? "self";
    if (coroutine !== undefined && !coroutine.begins) {
        const behind = { line: coroutine.open.line, column: coroutine.open.column + 1 };
        return {
            message: `weft_begin(${coroutine.name}) is missing: it comes first in the body of a coroutine`,
            fixes: insertion(behind, `\n    weft_begin(${coroutine.name});`),
        };
    }
    const what = name === "self" ? "self, the coroutine's structure, is known" : `${name} works`;
    return { message: `${what} in a coroutine only, between weft_begin and weft_end` };
}

function noAwaitable([, type = ""]: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined {
    const macro = /.*\b(weft_\w+)\s*\(/.exec(lineOf(context, diagnostic.from).slice(0, diagnostic.from.column - 1))?.[1];
    if (macro === undefined) {
        return undefined;
    }
    const taken = macro.startsWith("weft_with")
        ? "a manager, or a pointer to a semaphore, lock, condition, barrier or group"
        : "a coroutine, a task, a future or an operation";
    return { message: `${macro} takes ${taken}, and no '${type}'` };
}

function wrongStructure(_: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined {
    const name = context.coroutines.at(diagnostic.from.line)?.name;
    if (name === undefined || macroAt(context, diagnostic.from) !== "weft_async") {
        return undefined;
    }
    const structure = context.coroutines.structure(name);
    if (structure === undefined) {
        return {
            message: `struct ${name} is missing: it has what the coroutine is given and what lives across its awaits`,
            fixes: insertion(atLineStart(diagnostic.from.line), `struct ${name} {\n    weft_frame frame;\n};\n\n`),
        };
    }
    if (context.together.some(({ message }) => message.includes("over-aligned"))) {
        return { message: `struct ${name} is over-aligned: frames come from an allocator that knows no wider alignment than max_align_t` };
    }
    const hasFrame = context.coroutines.lines.slice(structure.line - 1).join("\n").split("}")[0]!.includes("frame");
    const behind = { line: structure.line, column: structure.column + 1 };
    return {
        message: `struct ${name} must begin with \`weft_frame frame\``,
        fixes: hasFrame ? [] : insertion(behind, "\n    weft_frame frame;"),
    };
}

function otherBegin([, name = ""]: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined {
    const coroutine = context.coroutines.at(diagnostic.from.line);
    const column = textAt(context, diagnostic.from).indexOf(name);
    if (coroutine === undefined || column < 0) {
        return undefined;
    }
    const from = { line: diagnostic.from.line, column: diagnostic.from.column + column };
    return {
        message: `weft_begin(${name}) stands in the body of weft_async(${coroutine.name})`,
        fixes: [{ from, to: { line: from.line, column: from.column + name.length }, text: coroutine.name }],
    };
}

function sameLine(_: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined {
    if (!byMacro(diagnostic, /^WEFT__AT$/)) {
        return undefined;
    }
    const indent = /^\s*/.exec(lineOf(context, diagnostic.from))![0];
    return {
        message: "two awaits cannot stand on one line: it is by their lines that a coroutine knows where to go on",
        fixes: macroAt(context, diagnostic.from) === undefined ? [] : insertion(diagnostic.from, `\n${indent}`),
    };
}

function neverAwaited(_: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined {
    if (!byMacro(diagnostic, /^weft_call$/)) {
        return undefined;
    }
    const inside = context.coroutines.at(diagnostic.from.line) !== undefined;
    return {
        message: "this coroutine is never awaited, so nothing of it runs: await it, or make it a task with weft_create_task",
        fixes: inside ? [...insertion(diagnostic.from, "weft_await("), ...insertion(diagnostic.to, ")")] : [],
    };
}

function noValue([, type = ""]: RegExpExecArray, diagnostic: Diagnostic): Words | undefined {
    return byMacro(diagnostic, /^weft_/)
        ? { message: `'${type}' is no value: numbers, booleans, strings and pointers are, so hand over a pointer to it` }
        : undefined;
}

function plainReturn(_: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words {
    const line = lineOf(context, diagnostic.from);
    const match = /\breturn\b\s*([^;]*);/.exec(line);
    const from = { line: diagnostic.from.line, column: (match?.index ?? 0) + 1 };
    const text = match?.[1] ? `weft_return(${match[1].trim()});` : "weft_return_none();";
    return {
        message: "a coroutine ends with weft_return, not with return",
        fixes: match === null ? [] : [{ from, to: { line: from.line, column: from.column + match[0].length }, text }],
    };
}

function unknownCoroutine([, name = ""]: RegExpExecArray, diagnostic: Diagnostic, { coroutines }: Context): Words {
    const further = coroutines.named(name);
    const user = coroutines.at(diagnostic.from.line);
    return further === undefined
        ? { message: `there is no coroutine ${name}: weft_async(${name}) defines it` }
        : {
              message: `the coroutine ${name} is defined further down: weft_declare(${name}) makes it known before`,
              fixes: user === undefined ? [] : insertion(atLineStart(user.first), `weft_declare(${name});\n`),
          };
}

/** A function or identifier that is not there: a coroutine that is called as a function, or a slip of the fingers. */
function unknownName([, name = ""]: RegExpExecArray, diagnostic: Diagnostic, context: Context): Words | undefined {
    if (context.coroutines.named(name) !== undefined) {
        const call = /^\w+\s*(\(\s*\))?/.exec(textAt(context, diagnostic.from))![0];
        const to = { line: diagnostic.from.line, column: diagnostic.from.column + call.length };
        const given = /^\w+\s*\(\s*[^)\s]/.test(textAt(context, diagnostic.from));
        return {
            message: `${name} is a coroutine: weft_call(${name}, .member = …) calls it`,
            fixes: given ? [] : [{ from: diagnostic.from, to, text: `weft_call(${name})` }],
        };
    }
    const meant = name.startsWith("w") ? language.find((word) => distance(word, name) <= 2) : undefined;
    return meant === undefined
        ? undefined
        : { message: `there is no '${name}'; did you mean '${meant}'?`, fixes: [{ from: diagnostic.from, to: diagnostic.to, text: meant }] };
}

/** The macros, of which clang proposes none. */
const language = [
    "await", "await_to", "async", "begin", "end", "call", "return", "return_none", "raise", "reraise", "try", "catch", "catch_all",
    "catch_code", "finally", "with", "with_as", "for_await", "while", "break", "continue", "yield", "yield_to", "drop", "declare",
    "export", "main", "gather", "sleep", "create_task", "frame", "format",
].map((word) => `weft_${word}`);

/** How many letters differ, up to what matters here. */
function distance(a: string, b: string): number {
    if (Math.abs(a.length - b.length) > 2) {
        return 3;
    }
    let row = Array.from({ length: b.length + 1 }, (_, index) => index);
    for (let i = 1; i <= a.length; i++) {
        const next = [i];
        for (let j = 1; j <= b.length; j++) {
            next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
        }
        row = next;
    }
    return row[b.length]!;
}

/** A parameter that is declared wrongly: the assertion's words say how. */
function wrongParameter([, words = "the value, the least and the most of a parameter must be constants, and in order"]: RegExpExecArray, diagnostic: Diagnostic): Words | undefined {
    return byMacro(diagnostic, /^WEFT_PARAM$/) ? { message: words } : undefined;
}

const rules: Rule[] = [
    { says: /^static assertion failed(?: due to requirement '.*?')?: (the .*parameter.*)$/, words: wrongParameter },
    { says: /^(?:initializer element is not a compile-time constant|static assertion expression is not)/, words: wrongParameter },
    { says: /^use of undeclared identifier '(?:weft__frame|weft__loop|self)'/, words: outside },
    { says: /^'(?:case|default)' statement not in switch statement/, words: (match, diagnostic, context) => (byMacro(diagnostic, /^weft_/) ? outside(match, diagnostic, context) : undefined) },
    { says: /^use of undeclared label 'weft__again'/, words: outside },
    { says: /^expected expression/, words: awaitInExpression },
    { says: /^controlling expression type '(.*)' not compatible with any generic association type/, words: noAwaitable },
    { says: /^(?:static assertion failed|incomplete definition of type|no member named 'frame')/, words: wrongStructure },
    { says: /^use of undeclared identifier 'weft__frame_of_(\w+)'/, words: otherBegin },
    { says: /^duplicate case value/, words: sameLine },
    { says: /^ignoring return value of function/, words: neverAwaited },
    { says: /returning '.*' from a function with result type 'weft_frame \*'|^non-void function '\w+_weft_step' should return a value/, words: plainReturn },
    { says: /^assigning to '(.*?)' from incompatible type 'void \*'/, words: noValue },
    { says: /^passing '(.*?)' to parameter of incompatible type 'const void \*'/, words: noValue },
    {
        says: /passing 'weft_coroutine \*'.* to parameter of type 'weft_callback \*'/,
        words: () => ({ message: "a callback is a function: a coroutine, which may wait, becomes a task with weft_create_task" }),
    },
    { says: /^use of undeclared identifier '(\w+)_weft_step'/, words: unknownCoroutine },
    { says: /^(?:call to undeclared function|use of undeclared identifier) '(\w+)'/, words: unknownName },
];

const isInternal = ({ message }: Diagnostic) => /'(?:weft__\w+|WEFT__\w+)'/.test(message);
const isHeaders = ({ file }: Diagnostic) => /^\/usr\/|^<scratch space>/.test(file);
const samePlace = (a: Diagnostic, b: Diagnostic) => a.file === b.file && a.from.line === b.from.line && a.from.column === b.from.column;

function translated(diagnostic: Diagnostic, context: Context): Diagnostic | undefined {
    for (const { says, words } of rules) {
        const match = says.exec(diagnostic.message);
        const found = match && words(match, diagnostic, context);
        if (found) {
            const own: Diagnostic = { ...diagnostic, severity: "note", fixes: [], notes: [] };
            return { ...diagnostic, message: found.message, fixes: found.fixes ?? [], notes: [own, ...diagnostic.notes] };
        }
    }
    return undefined;
}

/** A missing weft_end leaves a brace open, which clang notices far below. */
function missingEnd(diagnostics: Diagnostic[], context: Context): Diagnostic[] {
    const open = context.coroutines.all.find(({ begins, ends }) => begins && !ends);
    const brace = diagnostics.find(({ message }) => /^(?:expected '}'|function definition is not allowed here)/.test(message));
    if (open === undefined || brace === undefined) {
        return diagnostics;
    }
    const at = { line: open.last, column: 1 };
    const ending: Diagnostic = {
        ...brace,
        message: `weft_end() is missing: it comes last in the body of ${open.name}`,
        from: at,
        to: { line: open.last, column: 2 },
        fixes: insertion(at, "    weft_end();\n"),
        notes: [{ ...brace, severity: "note", fixes: [], notes: [] }],
    };
    /* All behind it is misread. */
    return [...diagnostics.filter(({ from }) => from.line < open.last), ending];
}

/** What has been said already, or follows from what has been. */
function isRepeated(said: Diagnostic, earlier: Diagnostic): boolean {
    if (said.message === earlier.message) {
        return samePlace(said, earlier) || isMissing(said);
    }
    return (samePlace(said, earlier) && isRewritten(earlier)) || (isMissing(earlier) && isAftermath(said));
}

/** In the order of the source. */
export function inWeftsWords(diagnostics: Diagnostic[], file: string, source: SourceText): Diagnostic[] {
    const coroutines = new Coroutines(source);
    const result: Diagnostic[] = [];
    const own = missingEnd(withLostLocals(diagnostics, coroutines), { coroutines, source, together: [] });
    for (const diagnostic of own) {
        const together = own.filter((other) => samePlace(other, diagnostic));
        const said = (diagnostic.file === file && translated(diagnostic, { coroutines, source, together })) || diagnostic;
        const known = result.find((earlier) => isRepeated(said, earlier));
        if (known === undefined) {
            result.push(said);
        } else if (samePlace(known, diagnostic) && isRewritten(known)) {
            known.notes.push({ ...diagnostic, severity: "note", fixes: [], notes: [] });
        }
    }
    const shown = result.filter((said) => !(said.severity === "warning" && isInternal(said)));
    return shown.map(cleaned).sort((a, b) => a.from.line - b.from.line);
}

const isRewritten = (diagnostic: Diagnostic) => diagnostic.notes.some((note) => samePlace(note, diagnostic) && note.severity === "note" && note.message !== diagnostic.message);
const isMissing = ({ message }: Diagnostic) => /^(?:weft_begin|struct) ?\S* is missing/.test(message);
const isAftermath = ({ message }: Diagnostic) => /^(?:expected identifier or '\('|extraneous closing brace|invalid application of 'sizeof' to an incomplete type)/.test(message);

/** Without the notes that lead into weft's and the compiler's headers, and proposals of names that are not for use. */
const cleaned = (diagnostic: Diagnostic): Diagnostic => ({
    ...diagnostic,
    notes: diagnostic.notes.filter((note) => !isHeaders(note) && !/^did you mean 'weft__/.test(note.message) && !/^expanded from macro 'weft_/i.test(note.message)),
    fixes: diagnostic.fixes.filter(({ text }) => !text.startsWith("weft__")),
});
