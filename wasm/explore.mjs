// Finds how a program can end under other orders, makes what leads there short, and says where two runs part. See explore.d.ts.

// --- How a run ended ---

/** @type {typeof import("./explore.d.ts").endingOf} */
export function endingOf({ status, error, crash, endless, output }, { ignoreOutput = false } = {}) {
  const [kind, words] = whatOf({ status, error, crash, endless });
  const same = kind === "deadlock" ? waitsIn(words) : words;
  const failed = kind !== "ended";
  // Lines in another order are what one expects of another order.
  const lines = failed || ignoreOutput ? "" : output.split("\n").sort().join("\n");
  return { kind, words, failed, output, signature: `${same}\n${lines}` };
}

// A deadlock is the same if the same is waited for at the same places, by whomever, however many, whatever their numbers are.
function waitsIn(words) {
  const waits = words.split("\n").slice(1).map((line) => line.replace(/^.*?waits for (\D*)\d*/, "$1"));
  return ["Deadlock", ...new Set(waits.sort())].join("\n");
}

function whatOf({ status, error, crash, endless }) {
  if (endless) return ["endless", endless];
  if (crash) return ["crash", crash];
  if (error) return [error.startsWith("Deadlock") ? "deadlock" : "error", error];
  return status === 0 ? ["ended", "ended"] : ["status", `ended with status ${status}`];
}

/** @type {typeof import("./explore.d.ts").lineOnlyIn} */
export function lineOnlyIn(text, other) {
  const left = other.split("\n");
  return text.split("\n").find((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

// --- Exploring ---

/** @type {typeof import("./explore.d.ts").explore} */
export async function explore({ seeds, run, concurrency = 1, onProgress, signal }) {
  const groups = new Map();
  const count = typeof seeds === "number" ? seeds : seeds.length;
  const seedAt = (i) => (typeof seeds === "number" ? i : seeds[i]);
  let next = 0;
  let done = 0;

  function note(seed, outcome) {
    const group = groups.get(outcome.signature);
    if (group === undefined) groups.set(outcome.signature, { signature: outcome.signature, count: 1, seed, outcome });
    else {
      group.count++;
      if (seed < group.seed) Object.assign(group, { seed, outcome });
    }
    done++;
    // Sorted for those who look: after each of many runs that all end otherwise that would take longer than the runs.
    onProgress?.({ done, count, get groups() { return sorted(groups); } });
  }
  async function work() {
    while (next < count && !signal?.aborted) {
      const seed = seedAt(next++);
      const outcome = await run({ seed });
      if (!signal?.aborted) note(seed, outcome);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  return { done, groups: sorted(groups) };
}

const sorted = (groups) => [...groups.values()].sort((a, b) => b.count - a.count || a.seed - b.seed);

// --- Shrinking ---

/** @type {typeof import("./explore.d.ts").shrink} */
export async function shrink(decisions, run, signature, { limit = 2000, signal, onProgress } = {}) {
  const known = new Map(); // by the list: whether it ends as it should
  let runs = 0;
  let best = trimmed(decisions);

  const isOver = () => runs >= limit || signal?.aborted;
  async function holds(list) {
    const key = list.join(" ");
    if (!known.has(key)) {
      if (isOver()) return false;
      runs++;
      known.set(key, (await run({ decisions: list })).signature === signature);
    }
    return known.get(key);
  }
  // Whether the list ends as it should, too; then it is the best one.
  async function take(list) {
    if (!(await holds(list))) return false;
    best = list;
    onProgress?.({ decisions: best, runs });
    return true;
  }

  if (!(await holds(best))) return { decisions: best, runs, holds: false };
  let before;
  do {
    before = best; // a lower value may let others be 0
    await zeroChunks(() => best, take, isOver);
    await lowerValues(() => best, take, isOver);
  } while (best !== before && !isOver());
  return { decisions: best, runs, holds: true };
}

// Past the end of a list every choice is 0.
function trimmed(decisions) {
  let length = decisions.length;
  while (length > 0 && decisions[length - 1] === 0) length--;
  return decisions.slice(0, length);
}

const chosenAt = (decisions) => [...decisions.keys()].filter((i) => decisions[i] !== 0);

// Chunks of what is not 0 become 0, from all of it down to single ones, until not one more can. From the end: what comes late is
// most often only noise.
async function zeroChunks(best, take, isOver) {
  let size = chosenAt(best()).length;
  while (size > 0) {
    let end = chosenAt(best()).length;
    let shorter = false;
    for (; end > 0 && !isOver(); end -= size) {
      const places = new Set(chosenAt(best()).slice(Math.max(0, end - size), end));
      shorter = (await take(trimmed(best().map((chosen, i) => (places.has(i) ? 0 : chosen))))) || shorter;
    }
    if (isOver()) return;
    if (size > 1) size = Math.ceil(size / 2);
    else if (!shorter) return;
  }
}

// Each of those left becomes as small as it can: 1, or half as often as it goes, or one less.
async function lowerValues(best, take, isOver) {
  for (const place of chosenAt(best())) {
    let chosen;
    do {
      chosen = best()[place];
      for (const lower of new Set([1, chosen >> 1, chosen - 1]))
        if (lower > 0 && lower < chosen && !isOver() && (await take(best().with(place, lower)))) break;
    } while (best()[place] !== chosen);
  }
}

// --- Where two runs part ---

const recordSize = 32; // docs/events.md
const kinds = { stringDef: 1, siteDef: 2, framePush: 4, resume: 6, suspend: 7, cancelRequest: 10, timerArm: 17 };
const withText = new Set([3, 10, 11, 12, 13, 23, 24, 26, 27, 30]); // the payload is a string
const withAddress = new Set([14, 17, 26, 30]); // `other` is no number of anybody

const wordsOf = (site) => (site === undefined ? "" : `${site.function} ${site.file}:${site.line}`);

// What happens in the steps of a log, its strings and places as words. Between two steps the loop wakes who will run, which shows
// when they do; only that somebody is cancelled there is a part of the next step.
function eventsOf(chunks) {
  const strings = new Map();
  const sites = new Map();
  const events = [];
  const decoder = new TextDecoder();
  let steps = 0;
  let depth = 0; // of steps within steps
  for (const chunk of chunks) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + recordSize <= chunk.byteLength; at += recordSize) {
      const [task, other, site, object] = [8, 12, 16, 20].map((offset) => view.getUint32(at + offset, true));
      const kind = view.getUint8(at + 24);
      const payload = view.getUint32(at + 28, true);
      if (kind === kinds.stringDef) {
        strings.set(object, decoder.decode(chunk.slice(at + recordSize, at + recordSize + payload)));
        at += Math.ceil(payload / recordSize) * recordSize;
      } else if (kind === kinds.siteDef) {
        sites.set(object, { function: strings.get(other) ?? "", file: strings.get(task) ?? "", line: payload });
      } else {
        if (kind === kinds.resume) {
          steps++;
          depth++;
        }
        if (depth === 0 && kind !== kinds.cancelRequest) continue;
        const text = withText.has(kind) ? strings.get(payload) : kind === kinds.framePush ? wordsOf(sites.get(payload)) : payload;
        events.push({
          step: depth > 0 ? steps : steps + 1,
          time: view.getFloat64(at, true),
          kind,
          subkind: view.getUint8(at + 25),
          count: view.getUint16(at + 26, true),
          task,
          other: withAddress.has(kind) ? 0 : other,
          object,
          site: kind === kinds.timerArm ? "" : wordsOf(sites.get(site)),
          text,
        });
        if (kind === kinds.suspend) depth = Math.max(0, depth - 1);
      }
    }
  }
  return events;
}

// Pairs the numbers of two runs as they come up: alike if each stands for the same one of the other run throughout.
function pairing() {
  const forth = new Map([[0, 0]]);
  const back = new Map([[0, 0]]);
  return (a, b) => {
    if (!forth.has(a) && !back.has(b)) {
      forth.set(a, b);
      back.set(b, a);
    }
    return forth.get(a) === b && back.get(b) === a;
  };
}

/** @type {typeof import("./explore.d.ts").firstDifference} */
export function firstDifference(logA, logB) {
  const a = eventsOf(logA);
  const b = eventsOf(logB);
  const paired = pairing();
  const alike = (x, y) =>
    ["kind", "subkind", "count", "time", "text", "site"].every((field) => x[field] === y[field]) &&
    ["task", "other", "object"].every((field) => paired(x[field], y[field]));
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    if (i >= a.length || i >= b.length || !alike(a[i], b[i])) return Math.min(a[i]?.step ?? Infinity, b[i]?.step ?? Infinity);
  return null;
}
