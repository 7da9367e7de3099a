/** Local variables that are lost across an await: clang sees them as uninitialised, or as jumped over. */

import type { Coroutine, Coroutines } from "./coroutines.ts";
import type { Diagnostic, Fix, Position } from "./types.ts";

const uninitialised = /^variable '([^']+)' (?:is|may be) uninitialized/;
const jump = "-Wjump-misses-init";
const conditional = "-Wconditional-uninitialized";

/* What names are made of. */
const letter = "[\\w\\u0080-\\uffff]";
const alone = (name: string) => `(?<!${letter})${name}(?!${letter})`;

interface Variable {
    name: string;
    declared: Position;
    coroutine: Coroutine;
    /** What clang said of it. */
    uses: Diagnostic[];
    jumps: Diagnostic[];
}

/** One diagnostic for each such variable, in place of all that clang says of it. */
export function withLostLocals(diagnostics: Diagnostic[], coroutines: Coroutines): Diagnostic[] {
    const variables = new Map<string, Variable>();
    const others = diagnostics.filter((diagnostic) => {
        const found = declarationOf(diagnostic, coroutines);
        const coroutine = found && coroutines.at(found.declared.line);
        if (found === undefined || coroutine === undefined) {
            /* The two options are there for coroutines. */
            return diagnostic.option !== conditional && diagnostic.option !== jump;
        }
        const key = `${found.name}:${found.declared.line}`;
        const variable = variables.get(key) ?? { ...found, coroutine, uses: [], jumps: [] };
        variables.set(key, variable);
        (diagnostic.option === jump ? variable.jumps : variable.uses).push(diagnostic);
        return false;
    });
    return [...others, ...[...variables.values()].flatMap((variable) => lost(variable, coroutines))];
}

/** clang's note is at the type, at the name or behind it. */
function declarationOf({ option, message, file, notes }: Diagnostic, { lines }: Coroutines): Pick<Variable, "name" | "declared"> | undefined {
    if (option !== jump && !uninitialised.test(message)) {
        return undefined;
    }
    const at = notes.find((note) => note.file === file && /declared here|initialize the variable|bypasses/.test(note.message))?.from;
    const line = lines[(at?.line ?? 0) - 1];
    if (at === undefined || line === undefined) {
        return undefined;
    }
    const name = uninitialised.exec(message)?.[1] ?? new RegExp(`^${letter}*`).exec(line.slice(at.column - 1))![0];
    const near = [...line.matchAll(new RegExp(alone(name), "g"))].map(({ index }) => index + 1);
    const column = near.find((place) => place >= at.column - name.length) ?? at.column;
    return { name, declared: { line: at.line, column } };
}

function lost(variable: Variable, coroutines: Coroutines): Diagnostic[] {
    const { name, declared, coroutine, uses, jumps } = variable;
    const use = uses[0];
    const awaits = coroutines.awaits(coroutine);
    /* clang knows which awaits lie in the scope of a variable with a value; of others the text must tell. */
    const jumped = jumps.map(({ from }) => from.line).filter((line) => awaits.includes(line));
    const candidates = jumps.length > 0 ? jumped : awaits.filter((line) => line >= declared.line);
    const before = candidates.filter((line) => use === undefined || line < use.from.line);
    const line = before.length > 0 ? Math.max(...before) : candidates.length > 0 ? Math.min(...candidates) : undefined;
    if (line === undefined) {
        return use === undefined ? harmless(variable) : uses.filter(({ option }) => option !== conditional);
    }
    const words = `'${name}' is lost at the await in line ${line}: make it a member of struct ${coroutine.name}`;
    const said = use ?? jumps.find(({ from }) => from.line === line)!;
    return [rewritten(said, use?.from ?? declared, name, words, "error", moved(variable, coroutines))];
}

/** Only the labels of weft_end and weft_drop are in its scope: nothing is lost, but gcc refuses it. */
function harmless({ name, declared, coroutine, jumps }: Variable): Diagnostic[] {
    const words = `weft_end jumps over '${name}', which gcc refuses: make it a member of struct ${coroutine.name}, or put it into braces`;
    return jumps.slice(0, 1).map((diagnostic) => rewritten(diagnostic, declared, name, words, "warning", []));
}

function rewritten(said: Diagnostic, from: Position, name: string, message: string, severity: Diagnostic["severity"], fixes: Fix[]): Diagnostic {
    const to = { line: from.line, column: from.column + name.length };
    const own: Diagnostic = { ...said, severity: "note", fixes: [], notes: [] };
    return { ...said, severity, message, from, to, fixes, notes: [own, ...said.notes] };
}

const typeBefore = /(?:^|[(;{])\s*((?:(?:const|volatile|unsigned|signed|long|short|struct|union|enum)\s+)*\w+(?:\s+(?:int|long|const))*[\s*]+)$/;

/** Makes the variable a member: only where it is declared alone, and its name means nothing else in the body. */
function moved({ name, declared, coroutine }: Variable, coroutines: Coroutines): Fix[] {
    const structure = coroutines.structure(coroutine.name);
    const line = coroutines.lines[declared.line - 1]!;
    const type = typeBefore.exec(line.slice(0, declared.column - 1))?.[1];
    const behind = line.slice(declared.column - 1 + name.length);
    const initialised = /^\s*=/.test(behind);
    const isOneOfMany = !/^\s*(?:=[^,{]*)?;/.test(behind);
    if (structure === undefined || type === undefined || isOneOfMany || coroutines.hasMember(structure, name)) {
        return [];
    }
    const uses: Fix[] = [];
    const word = new RegExp(`(?<!\\.|->)${alone(name)}`, "g");
    for (let number = declared.line; number <= coroutine.last; number++) {
        for (const { index } of coroutines.lines[number - 1]!.matchAll(word)) {
            if (number === declared.line && index + 1 === declared.column) {
                continue;
            }
            if (new RegExp(typeBefore).test(coroutines.lines[number - 1]!.slice(0, index)) && !/\breturn\s*$/.test(coroutines.lines[number - 1]!.slice(0, index))) {
                return []; /* declared once more */
            }
            const from = { line: number, column: index + 1 };
            uses.push({ from, to: { line: number, column: index + 1 + name.length }, text: `self->${name}` });
        }
    }
    const start = { line: declared.line, column: declared.column - type.length };
    const end = { line: declared.line, column: declared.column + name.length };
    const frame = memberBehindFrame(structure, coroutines);
    const member: Fix = { from: frame, to: frame, text: `\n    ${type.trimEnd()}${type.trimEnd().endsWith("*") ? "" : " "}${name};` };
    const declaration: Fix = initialised
        ? { from: start, to: end, text: `self->${name}` }
        : { from: start, to: { ...end, column: end.column + behind.indexOf(";") + 1 }, text: "" };
    return [member, declaration, ...uses];
}

/** Behind "weft_frame frame;", or what opens the structure. */
function memberBehindFrame(structure: Position, coroutines: Coroutines): Position {
    for (let line = structure.line; line <= structure.line + 1; line++) {
        const match = /\bweft_frame\s+frame\s*;/.exec(coroutines.lines[line - 1] ?? "");
        if (match !== null) {
            return { line, column: match.index + match[0].length + 1 };
        }
    }
    return { line: structure.line, column: structure.column + 1 };
}
