// Random scenarios: the same seed, the same text.

// A small generator of numbers (xorshift), since Math.random cannot be seeded.
function chance(seed) {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  for (let i = 0; i < 8; i++) next();
  const below = (count) => next() % count;
  return { below, one: (list) => list[below(list.length)], odds: (n) => below(n) === 0 };
}

const delays = ["0", "0", "0.25", "0.5", "0.5", "1", "2"];

export function randomScenario(seed) {
  const { below, one, odds } = chance(seed);
  const taskCount = 2 + below(4);
  const names = Array.from({ length: taskCount }, (_, i) => `t${i}`);
  let made = 0;
  const fresh = (letter) => `${letter}${made++}`;

  // Lines of one body. What it makes is known where it was surely made; tasks wait for later ones only, so
  // that no two wait for each other.
  function lines(count, depth, known, waitable) {
    const text = [];
    const add = (...more) => text.push(...more);
    const block = (head, inner, ...tail) => add(head, ...inner.map((line) => `  ${line}`), ...tail);
    const inside = () => lines(1 + below(3), depth + 1, [...known], waitable);
    for (let i = 0; i < count; i++) {
      if (odds(9)) {
        const label = fresh("l");
        const at = one([...names, ...known, "f", "h"]);
        add(one([`soon ${label}`, `later ${label} ${one(delays)}`, `callback ${at} ${label}`, "locked sem", `state ${at}`]));
        continue;
      }
      const kind = below(depth < 3 ? 20 : 13);
      if (kind < 3) add(`sleep ${one(delays)}`);
      else if (kind === 3) add(`cancel ${one([...names, ...known, "f"])}`);
      else if (kind === 4) add(`await ${one([...waitable, ...known])}`);
      else if (kind === 5) add(odds(3) ? `fail ${one(["f", "h"])} E${below(9)}` : `set ${one(["f", "h"])} ${below(9)}`);
      else if (kind === 6) {
        const child = fresh("c");
        add(`spawn ${child} leaf${below(3)}`);
        known.push(child);
      } else if (kind === 7) {
        const gather = fresh("g");
        const children = Array.from({ length: 1 + below(3) }, () =>
          one([...waitable, ...known, "leaf0", "leaf1", "leaf2"]));
        add(`${odds(3) ? "gather_errors" : "gather"} ${gather} ${children.join(" ")}`);
        known.push(gather);
      } else if (kind === 8) {
        const shield = fresh("s");
        add(`shield ${shield} ${one([...waitable, ...known, "leaf1"])}`);
        known.push(shield);
      } else if (kind === 9) add(`wait_for ${one([...waitable, ...known, "leaf0", "leaf2"])} ${one([...delays, "none"])}`);
      else if (kind === 10) add(odds(3) ? `raise E${below(9)}` : `cancelling ${one(names)}`);
      else if (kind === 11) add(odds(2) ? `uncancel ${one(names)}` : `release ${one(["sem", "bound"])}`);
      else if (kind === 12) add(`acquire ${one(["sem", "bound"])}`);
      else if (kind === 13 || kind === 14) block("try", inside(), "catch_all", ...inside().map((line) => `  ${line}`), odds(2) ? "  reraise" : "  log handled", "end");
      else if (kind === 15) block("try", inside(), "finally", ...inside().map((line) => `  ${line}`), "end");
      else if (kind === 16) {
        const name = fresh("d");
        const body = inside();
        if (odds(3)) body.push(`reschedule ${name} ${one(["0", "0.5", "1", "3"])}`);
        block(`timeout ${name} ${one(delays)}`, body, "end", `deadline ${name}`);
      } else if (kind === 17 || kind === 18) {
        const name = fresh("n");
        const body = [];
        const outside = [...known];
        for (let k = 1 + below(3); k > 0; k--) {
          const child = fresh("c");
          body.push(`start ${name} ${child} leaf${below(4)}`);
          known.push(child);
        }
        body.push(...inside());
        if (odds(4)) body.push(`group_cancel ${name}`);
        block(`group ${name}`, body, "end");
        known = outside;
      } else block(`with ${one(["sem", "bound"])}`, inside(), "end");
    }
    return text;
  }

  const indent = (text) => text.map((line) => `  ${line}`);
  return [
    `scenario random ${seed}`,
    "def main",
    ...indent(["future f", "future h", "semaphore sem 1", "bounded bound 2", "spawn janitor"]),
    ...indent(names.map((name) => `spawn ${name}`)),
    "  sleep 100",
    ...names.flatMap((name, i) => [
      `def ${name}`,
      ...indent(lines(2 + below(5), 0, [], [...names.slice(i + 1), "f", "h"])),
    ]),
    ...["def leaf0", ...indent(["sleep 0", `return ${below(9)}`])],
    ...["def leaf1", ...indent([`sleep ${one(delays)}`, odds(2) ? "raise E1" : "return 1"])],
    ...["def leaf2", ...indent(["try", `  sleep ${one(delays)}`, "finally", "  sleep 0", "  log cleaned", "end", "return 2"])],
    ...["def leaf3", ...indent([`sleep ${one(delays)}`, odds(2) ? "raise E3 boom" : "cancel t0"])],
    // Ends what would wait for ever: each of these cancels is good for one that was caught.
    ...["def janitor", "  sleep 50", "  repeat 30", ...indent(indent(["sleep 1", ...names.map((name) => `cancel ${name}`)])), "  end"],
    "",
  ].join("\n");
}
