// Makes a program that fails small: again and again the first of all programs with one thing less that still
// fails, until none does.
import { compare } from "./compare.mjs";

const opening = /^(try|group|timeout|timeout_at|with|repeat|managed|each|each_done|generator)\b/;
const clauses = /^(catch|catch_all|finally)$/;
const batch = 48;

// --- A program as a tree: bodies of lines; a line that opens a block has the lines inside, and those after its
// clause -----------------------------------------------------------------------------------------------

function parse(text) {
  const [head, ...lines] = text.split("\n").map((line) => line.replace(/#.*/, "").trim()).filter((line) => line !== "");
  const bodies = [];
  const open = [];
  let at = null;
  for (const words of lines) {
    if (words.startsWith("def ")) {
      at = [];
      bodies.push({ name: words.slice(4), lines: at });
    } else if (words === "end") {
      at = open.pop().around;
    } else if (clauses.test(words)) {
      open.at(-1).line.clause = words;
      at = open.at(-1).line.after = [];
    } else {
      const line = { words };
      at.push(line);
      if (!opening.test(words)) continue;
      line.inside = [];
      open.push({ line, around: at });
      at = line.inside;
    }
  }
  return { head, bodies };
}

function print({ head, bodies }) {
  const some = (lines, indent) =>
    lines.flatMap(({ words, inside, clause, after }) =>
      inside === undefined
        ? [indent + words]
        : [indent + words, ...some(inside, `${indent}  `), ...(clause ? [indent + clause, ...some(after, `${indent}  `)] : []), `${indent}end`]);
  return [head, ...bodies.flatMap(({ name, lines }) => [`def ${name}`, ...some(lines, "  ")]), ""].join("\n");
}

// --- Programs with one thing less, the largest first --------------------------------------------------

// Lists of lines with a part of them gone, or with one of their lines made smaller.
function* smallerLists(lines) {
  for (let size = lines.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < lines.length; from += size) yield [...lines.slice(0, from), ...lines.slice(from + size)];
  for (const [i, line] of lines.entries())
    for (const smaller of smallerLines(line)) yield [...lines.slice(0, i), ...smaller, ...lines.slice(i + 1)];
}

// What can stand in a line's place.
function* smallerLines(line) {
  const { words, inside, clause, after } = line;
  if (inside !== undefined) {
    yield inside;
    if (clause) yield after;
    for (const lines of smallerLists(inside)) if (lines.length > 0) yield [{ ...line, inside: lines }];
    if (clause) for (const lines of smallerLists(after)) yield [{ ...line, after: lines }];
  }
  for (const less of smallerWords(words)) yield [{ ...line, words: less }];
}

// Instructions that name any number of things, and where those begin.
const lists = { gather: 2, gather_errors: 2, wait: 3, each_done: 3, completion: 3, raise: 2 };

// A word less; a number that is simpler.
function* smallerWords(words) {
  const list = words.split(" ");
  const first = lists[list[0]] ?? Infinity;
  if (list.length > first + 1) for (let i = first; i < list.length; i++) yield list.filter((_, at) => at !== i).join(" ");
  if (list[0] === "barrier") return; // no parties make no barrier
  for (const [i, word] of list.entries())
    if (/^\d/.test(word))
      for (const simpler of ["0", "1"])
        if (simpler.length < word.length || (simpler.length === word.length && simpler < word))
          yield list.map((each, at) => (at === i ? simpler : each)).join(" ");
}

function* smaller({ head, bodies }) {
  for (const [i, body] of bodies.entries()) {
    const others = (made) => ({ head, bodies: [...bodies.slice(0, i), ...made, ...bodies.slice(i + 1)] });
    if (body.name !== "main") yield others([]);
    for (const lines of smallerLists(body.lines)) yield others([{ ...body, lines }]);
  }
}

// --- The search -----------------------------------------------------------------------------------------

// `failing` is a scenario's text. Gives a smaller one that fails, too, and how. `tell` hears of its size.
export async function shrink(oracle, failing, among, tell = () => {}) {
  let program = parse(failing);
  let [verdict] = await compare(oracle, [failing], among);
  for (let found = true; found; ) {
    found = false;
    const candidates = smaller(program);
    for (let done = false; !done && !found; ) {
      const some = [];
      for (let next; some.length < batch && !(next = candidates.next()).done; ) some.push(next.value);
      done = some.length < batch;
      const verdicts = await compare(oracle, some.map(print), among);
      const first = verdicts.findIndex((each) => each && !/exit status 2\n/.test(each.actual));
      if (first < 0) continue;
      found = true;
      program = some[first];
      verdict = verdicts[first];
      tell(print(program).split("\n").length - 1);
    }
  }
  return { text: print(program), verdict };
}
