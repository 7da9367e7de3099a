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

const indent = (lines) => lines.map((line) => `  ${line}`);
const block = (head, inside) => [head, ...indent(inside), "end"];
const clause = (head, inside, word, after) => [head, ...indent(inside), word, ...indent(after), "end"];

// --- What lines there are, by topic -----------------------------------------------------------------

// Each is [weight, (p, s) => lines]. `p` is the program: numbers, names, shared things. `s` is where the lines
// stand: `s.futures` are the tasks and futures that surely exist here, `s.waitable` those of them that may be
// awaited (tasks wait for later ones only, so that no two wait for each other), `s.leaves` the bodies that may
// be called. A maker adds to them what surely exists after its lines.
const lines = {
  tasks: [
    [8, (p) => [`sleep ${p.delay()}`]],
    [4, (p, s) => [`cancel ${p.anyFuture(s)}`]], // without a message: who else than the first gets it differs
    [4, (p, s) => [`await ${p.waitable(s)}`]],
    [2, (p, s) => p.makes(s, p.fresh("c"), (name) => [`spawn ${name} ${p.one(s.leaves)}`])],
    [0.7, (p, s) => p.makes(s, p.fresh("c"), (name) => [`spawn_eager ${name} ${p.one(s.leaves)}`])],
    [1, (p) => [`cancelling ${p.one(p.names)}`]],
    [1, (p) => [`uncancel ${p.one(p.names)}`]],
    [1, (p, s) => [`state ${p.anyFuture(s)}`]],
    [1, (p) => [`raise E${p.below(9)}${p.odds(3) ? " boom" : ""}`]],
    [0.3, (p) => [`return ${p.below(9)}`]],
    [0.2, () => ["raise Cancelled"]],
    [0.2, (p) => {
      const name = p.one(p.names);
      return [`rename ${name} ${p.fresh("named")}`, `name ${name}`];
    }],
    [0.1, (p) => p.mayBeEager && [`eager ${p.one(["true", "false"])}`]],
  ],
  errors: [
    [3, (p, s) => clause("try", p.inside(s), p.one(["catch", "catch_all"]), [...p.inside(s), ...p.perhaps(2, "reraise")])],
    [3, (p, s) => clause("try", p.inside(s), "finally", p.inside(s))],
  ],
  futures: [
    [2, (p) => [p.odds(3) ? `fail ${p.one(p.futures)} E${p.below(9)}` : `set ${p.one(p.futures)} ${p.below(9)}`]],
    [1, (p, s) => p.makes(s, p.fresh("f"), (name) => [`future ${name}`, ...p.perhaps(2, `later_do ${p.delay()} set ${name} 1`)])],
    [1, (p, s) => [`callback ${p.anyFuture(s)} ${p.fresh("l")}`]],
  ],
  callbacks: [
    [1, (p) => [`soon ${p.fresh("l")}`]],
    [1, (p) => [`later ${p.fresh("l")} ${p.delay()}`]],
    [0.5, (p) => {
      const name = p.fresh("l");
      return [`${p.one([`later ${name} ${p.delay()}`, `at ${name} ${p.one(["0", "0.5", "1", "2"])}`])}`, ...p.perhaps(2, `sleep ${p.delay()}`), ...p.perhaps(2, `drop ${name}`)];
    }],
    [0.5, (p, s) => {
      const [name, label] = [p.anyFuture(s), p.fresh("l")];
      return [`callback ${name} ${label}`, ...p.perhaps(2, `callback ${name} ${label}`), ...p.perhaps(2, `sleep ${p.delay()}`), `uncallback ${name} ${label}`];
    }],
    [2, (p, s) => [`soon_do ${p.act(s)}`]],
    [2, (p, s) => [`later_do ${p.delay()} ${p.act(s)}`]],
    [2, (p, s) => [`when_done ${p.anyFuture(s)} ${p.act(s)}`]],
  ],
  gathers: [
    [2, (p, s) => p.makes(s, p.fresh("g"), (name) => [`${p.one(["gather", "gather", "gather_errors"])} ${name} ${p.several(s).join(" ")}`])],
    [1, (p, s) => p.makes(s, p.fresh("s"), (name) => [`shield ${name} ${p.waitable(s)}`])],
    [1, (p, s) => [`await ${p.waitable(s)}`]],
  ],
  groups: [
    [4, (p, s) => {
      const name = p.fresh("n");
      const inner = { ...p.scope(s), groups: [...s.groups, name] };
      const starts = Array.from({ length: 1 + p.below(3) }, () =>
        p.makes(inner, p.fresh("c"), (child) => [`start ${name} ${child} ${p.one(s.leaves)}`])).flat();
      return block(`group ${name}`, [...starts, ...p.inside(inner), ...p.perhaps(4, `group_cancel ${name}`)]);
    }],
    [2, (p, s) => s.groups.length > 0 && p.makes(s, p.fresh("c"), (child) => [`start ${p.one(s.groups)} ${child} ${p.one(s.leaves)}`], "maybe")],
    [0.5, (p, s) => s.groups.length > 0 && [`group_cancel ${p.one(s.groups)}`]],
  ],
  timeouts: [
    [3, (p, s) => {
      const name = p.fresh("d");
      const head = p.odds(4) ? `timeout_at ${name} ${p.one(["0.5", "1", "2", "3"])}` : `timeout ${name} ${p.delay()}`;
      const inner = { ...s, deadlines: [...s.deadlines, name] };
      const inside = [...p.inside(inner), ...p.perhaps(3, `reschedule ${name} ${p.one(["0", "0.5", "1", "3", "none"])}`), ...p.perhaps(3, ...p.inside(s))];
      return [...block(head, inside), ...p.perhaps(2, `deadline ${name}`)];
    }],
    [0.5, (p, s) => s.deadlines.length > 0 && [p.moved(s)]],
    [2, (p, s) => [`wait_for ${p.waitable(s)} ${p.one([p.delay(), "none"])}`]],
  ],
  locks: [
    [1, (p) => [`acquire ${p.one(p.locks)}`]],
    [2, (p) => [`release ${p.one(p.locks)}`]],
    [1, (p) => [`locked ${p.one(p.locks)}`]],
    [4, (p, s) => block(`with ${p.one(p.locks)}`, p.inside(s))],
  ],
  events: [
    [2, (p) => [`event_wait ${p.one(p.events)}`]],
    [2, (p) => [`event_set ${p.one(p.events)}`]],
    [1, (p) => [`event_clear ${p.one(p.events)}`]],
    [0.3, (p) => [`event_is_set ${p.one(p.events)}`]],
  ],
  conditions: [
    [3, (p, s) => block(`with ${p.one(p.conditions)}`, p.inside(s))],
    [3, (p, s) => {
      const name = p.one(p.conditions);
      return block(`with ${name}`, p.one([[`condition_wait ${name}`], [`wait_until ${name} total ${1 + p.below(3)}`], [`condition_wait ${name}`, ...p.inside(s)]]));
    }],
    [3, (p) => {
      const name = p.one(p.conditions);
      return block(`with ${name}`, [...p.perhaps(2, "add total 1"), p.notify(name), ...p.perhaps(3, `sleep ${p.delay()}`)]);
    }],
    [1, (p) => [`${p.one(["condition_wait", "acquire", "release", "locked"])} ${p.one(p.conditions)}`]],
    [0.5, (p) => [`wait_until ${p.one(p.conditions)} total 1`]],
    [0.5, (p) => [p.notify(p.one(p.conditions))]],
    [0.5, (p) => [`add total ${p.below(3) - 1}`]],
  ],
  barriers: [
    [3, () => ["barrier_wait b"]],
    [2, (p, s) => block("with b", p.inside(s))],
    [0.5, () => ["barrier_reset b"]],
    [0.5, () => ["barrier_abort b"]],
    [1, () => ["barrier_state b"]],
  ],
  queues: [
    [3, (p) => [`put ${p.one(p.queues)} ${p.below(9)}`]],
    [3, (p) => [`get ${p.one(p.queues)}`, ...p.perhaps(2, `task_done ${p.one(p.queues)}`)]],
    [1, (p) => [`put_nowait ${p.one(p.queues)} ${p.below(9)}`]],
    [1, (p) => [`get_nowait ${p.one(p.queues)}`]],
    [1, (p) => [`task_done ${p.one(p.queues)}`]],
    [0.5, (p) => [`join ${p.one(p.queues)}`]],
    [0.2, (p) => [`shutdown ${p.one(p.queues)}`]],
    [0.2, (p) => [`shutdown_now ${p.one(p.queues)}`]],
    [0.5, (p) => [`size ${p.one(p.queues)}`]],
    [1, (p) => block(`repeat ${1 + p.below(3)}`, [p.one([`put ${p.one(p.queues)} ${p.below(9)}`, `get ${p.one(p.queues)}`])])],
  ],
  many: [
    [3, (p, s) => [`wait ${p.one(["all", "first", "first", "error"])} ${p.limit()} ${p.severalThings(s)}`]],
    [3, (p, s) => block(`each_done ${p.fresh("x")} ${p.limit()} ${p.several(s).join(" ")}`, [...p.inside(s), ...p.perhaps(4, "leave")])],
    [1, (p, s) => {
      const name = p.fresh("y");
      return [`completion ${name} ${p.limit()} ${p.several(s).join(" ")}`, ...Array(1 + p.below(3)).fill(`next_result ${name}`)];
    }],
  ],
  generators: [
    [4, (p, s) => s.generators.length > 0 && block(`each ${p.fresh("v")} ${p.one(s.generators)}`, [...p.inside(s), ...p.perhaps(4, "leave")])],
    [3, (p, s) => { // only where one task runs it: who else resumes a generator may outlive its owner
      const name = p.fresh("z");
      const use = () => [p.one([`next ${name}`, `next ${name}`, `send ${name} ${p.below(9)}`, `throw ${name} E${p.below(9)}`, `close ${name}`]), ...p.perhaps(3, ...p.inside(s))];
      return s.isOnce && s.generators.length > 0 && block(`generator ${name} ${p.one(s.generators)}`, [...use(), ...use()]);
    }],
  ],
  managers: [
    [3, (p, s) => block(`managed ${p.one(s.enters)} ${p.one(s.exits)}`, p.inside(s))],
    [0.5, (p) => [`raise Group E${p.below(9)} E${p.below(9)}`]],
  ],
  contexts: [
    [2, () => ["value v"]],
    [2, (p) => [`assign v ${p.below(9)}`]],
    [1, (p, s) => {
      const token = p.fresh("k");
      return [`assign v ${p.below(9)} ${token}`, ...p.inside(s), `restore ${token}`, ...p.perhaps(8, `restore ${token}`)];
    }],
    [1, (p, s) => {
      const name = p.fresh("o");
      return [`context ${name}`, ...p.perhaps(2, ...p.inside(s)), `run_in ${name} ${p.act(s)}`, `value_in ${name} v`,
        ...p.perhaps(2, `spawn_in ${name} ${p.fresh("c")} ${p.one(s.leaves)}`)];
    }],
    [0.5, (p) => {
      const name = p.fresh("o");
      return [`context_of ${name} ${p.one(p.names)}`, ...p.perhaps(2, `sleep ${p.delay()}`), `value_in ${name} v`];
    }],
  ],
};

// What callbacks do: lines that do not wait and make nothing that others name.
const acts = {
  tasks: [
    [4, (p, s) => `cancel ${p.anyFuture(s)}`],
    [0.5, (p) => `uncancel ${p.one(p.names)}`],
    [0.5, (p, s) => `spawn ${p.fresh("c")} ${p.one(s.leaves)}`],
    [0.3, (p, s) => `spawn_eager ${p.fresh("c")} ${p.one(s.leaves)}`],
    [0.5, (p, s) => `state ${p.anyFuture(s)}`],
  ],
  groups: [[1, (p, s) => s.groups.length > 0 && p.one([`group_cancel ${p.one(s.groups)}`, `start ${p.one(s.groups)} ${p.fresh("c")} ${p.one(s.leaves)}`])]],
  timeouts: [[1, (p, s) => s.deadlines.length > 0 && p.moved(s)]],
  futures: [
    [1, (p) => `set ${p.one(p.futures)} ${p.below(9)}`],
    [1, (p) => `fail ${p.one(p.futures)} E${p.below(9)}`],
  ],
  locks: [[2, (p) => `release ${p.one(p.locks)}`]],
  events: [
    [2, (p) => `event_set ${p.one(p.events)}`],
    [1, (p) => `event_clear ${p.one(p.events)}`],
  ],
  conditions: [
    [1, (p) => `release ${p.one(p.conditions)}`],
    [1, (p) => p.notify(p.one(p.conditions))],
    [0.5, () => "add total 1"],
  ],
  barriers: [[0.3, () => "barrier_state b"]],
  contexts: [
    [1, () => "value v"],
    [1, (p) => `assign v ${p.below(9)}`],
  ],
  queues: [
    [1, (p) => `put_nowait ${p.one(p.queues)} ${p.below(9)}`],
    [1, (p) => `get_nowait ${p.one(p.queues)}`],
    [0.5, (p) => `task_done ${p.one(p.queues)}`],
    [0.2, (p) => `${p.one(["shutdown", "shutdown_now"])} ${p.one(p.queues)}`],
  ],
};

// --- Programs ---------------------------------------------------------------------------------------

const optional = Object.keys(lines).filter((topic) => topic !== "tasks");

class Program {
  constructor(seed) {
    Object.assign(this, chance(seed));
    this.made = 0;
    // Few topics at a time meet more often than many.
    this.topics = new Map([["tasks", 1]]);
    for (let count = 2 + this.below(4); count > 0; count--) this.topics.set(this.one(optional), 1 + this.below(4));
    // A gather makes all its tasks before the first of them starts: their order is not CPython's then.
    this.mayBeEager = !this.topics.has("gathers");
    this.delays = this.one([["0", "0", "0.25", "0.5", "0.5", "1", "2"], ["0", "-1", "1"], ["0.5", "1", "1.5"], ["0", "0", "0", "0.25"]]);
    this.names = Array.from({ length: 2 + this.below(5) }, (_, i) => `t${i}`);
    this.targets = this.odds(8) ? [...this.names, "main"] : this.names;
    this.length = this.one([3, 5, 5, 8, 12]);
    this.setup = [];
    this.futures = this.share(["f", "h"], (name) => `future ${name}`);
    this.locks = this.share(this.one([["l"], ["sem"], ["bound"], ["l", "k"], ["l", "sem", "bound"]]), (name) =>
      ({ l: "lock l", k: "lock k", sem: `semaphore sem ${this.below(3)}`, bound: "bounded bound 2" })[name]);
    this.conditions = this.share(this.one([["c"], ["c"], ["c", "r"]]), (name) =>
      ({ c: this.odds(2) ? "condition c" : `condition c ${this.locks[0] === "l" ? "l" : ""}`.trim(), r: "condition r" })[name]);
    this.share(["total"], () => "counter total");
    this.share(["b"], () => `barrier b ${1 + this.below(3)}`);
    this.queues = this.share(this.one([["q"], ["q"], ["q", "p"]]), (name) =>
      `${this.one(["queue", "queue", "lifo", "priority"])} ${name} ${this.one([0, 1, 1, 2])}`);
    this.share(["v"], () => "variable v");
    this.events = this.share(this.one([["e"], ["e", "o"]]), (name) => `event ${name}`);
  }

  moved(s) {
    return `reschedule ${this.one(s.deadlines)} ${this.one(["0", "0.5", "1", "3", "none"])}`;
  }

  notify(name) {
    return this.odds(3) ? `notify_all ${name}` : `notify ${name} ${1 + this.below(2)}`;
  }

  // Things that every task knows.
  share(names, make) {
    this.setup.push(...names.map(make));
    return names;
  }

  fresh(letter) {
    return `${letter}${this.made++}`;
  }

  delay() {
    return this.one(this.delays);
  }

  perhaps(n, ...some) {
    return this.odds(n) ? some : [];
  }

  anyFuture(s) {
    return this.one([...this.targets, ...this.targets, ...s.futures, ...this.futures]);
  }

  waitable(s) {
    return this.one([...s.waitable, ...s.waitable, ...s.leaves]);
  }

  limit() {
    return this.odds(2) ? "none" : this.delay();
  }

  severalThings(s) {
    return Array.from({ length: 1 + this.below(4) }, () => this.one(s.waitable)).join(" ");
  }

  several(s) {
    return Array.from({ length: 1 + this.below(4) }, () => this.waitable(s));
  }

  // Lines that make a task or future, which exists after them, unless a group may refuse it.
  makes(s, name, make, maybe) {
    const made = make(name);
    if (maybe) return made;
    s.futures.push(name);
    s.waitable.push(name);
    return made;
  }

  // Where lines stand that may not run to their end: what they make is not known after them.
  scope(s) {
    return { ...s, depth: s.depth + 1, futures: [...s.futures], waitable: [...s.waitable] };
  }

  inside(s) {
    if (s.depth >= 3) return [this.odds(2) ? `sleep ${this.delay()}` : this.act(s)];
    return this.body(1 + this.below(3), this.scope(s));
  }

  choose(table, s) {
    const choices = [...this.topics].flatMap(([topic, factor]) =>
      (table[topic] ?? []).map(([weight, make]) => [weight * factor, make]));
    const all = choices.reduce((sum, [weight]) => sum + weight, 0);
    for (;;) {
      let at = (this.below(10000) / 10000) * all;
      const made = choices.find(([weight]) => (at -= weight) < 0)[1](this, s);
      if (made) return made;
    }
  }

  act(s) {
    return this.choose(acts, s);
  }

  body(count, s) {
    const made = [];
    for (let i = 0; i < count; i++) made.push(...this.choose(lines, s));
    return made;
  }

  // A body of its own: what it may wait for and call, and how it ends.
  definition(name, count, { waitable = this.futures, leaves = ["leaf0"], generators = [], enters = ["leaf0"], exits = ["out0"], isOnce = false, tail = [] }) {
    const s = { isOnce, depth: 0, futures: [], waitable: [...waitable], groups: [], deadlines: [], leaves, generators, enters, exits };
    return [`def ${name}`, ...indent([...this.body(count, s), ...tail])];
  }

  // A body that yields, at its top or in one block there. One that may ignore its end has no timeout around a
  // yield: CPython leaves that armed for ever.
  generator(name, known) {
    const s = { depth: 1, futures: [], waitable: [...this.futures], groups: [], deadlines: [], leaves: ["leaf0", "leaf2"], enters: ["leaf0"], exits: ["out0"], ...known };
    const ignoring = this.odds(2);
    const yields = () => [`yield ${this.below(9)}`, ...this.perhaps(3, ...this.body(1, this.scope(s)))];
    const piece = () =>
      this.one([
        () => yields(),
        () => this.body(1, s),
        () => clause("try", [...yields(), ...yields()], "finally", this.inside(s)),
        ignoring
          ? () => clause("try", [...yields(), ...yields()], "catch_all", [...this.inside(s), ...this.perhaps(2, "reraise")])
          : () => block(`timeout ${this.fresh("d")} ${this.delay()}`, [...yields(), ...this.inside(s)]),
      ])();
    return [`def ${name}`, ...indent(Array.from({ length: 1 + this.below(3) }, piece).flat())];
  }

  text(name) {
    const { names, futures } = this;
    const all = { leaves: ["leaf0", "leaf1", "leaf2", "leaf3"], generators: ["gen0", "gen1"], enters: ["in0", "in0", "in1"], exits: ["out0", "out1"] };
    const few = { leaves: ["leaf0", "leaf2"] };
    const cleanup = clause("try", [`sleep ${this.delay()}`, ...this.perhaps(2, "raise E2")], "finally", ["sleep 0", "log cleaned"]);
    const wait = this.one([["sleep 100"], ["sleep 100"], [`gather_errors all ${names.join(" ")}`, "await all"], [`sleep ${this.delay()}`]]);
    return [
      `scenario ${name}`,
      "def main",
      ...indent([...this.setup, "spawn janitor", ...names.map((task) => `spawn ${task}`), ...(this.mayBeEager ? this.perhaps(6, "eager true") : []), ...wait]),
      ...names.flatMap((task, i) =>
        this.definition(task, 1 + this.below(this.length), { ...all, isOnce: true, waitable: [...names.slice(i + 1), ...futures] })),
      ...["def leaf0", ...indent(["sleep 0", `return ${this.below(9)}`])],
      ...["def leaf1", ...indent([`sleep ${this.delay()}`, this.one(["raise E1", "return 1", "cancel t0"])])],
      ...["def leaf2", ...indent(cleanup)],
      ...this.definition("leaf3", 1 + this.below(4), { ...few, generators: ["gen0"], tail: [`return ${this.below(9)}`] }),
      ...(this.topics.has("generators") ? [...this.generator("gen0", { generators: [] }), ...this.generator("gen1", { generators: ["gen0"] })] : []),
      ...(this.topics.has("managers")
        ? [
            ...["def in0", ...indent([...this.perhaps(2, `sleep ${this.delay()}`), ...this.perhaps(2, `return ${this.below(9)}`)])],
            ...this.definition("in1", 1, few),
            ...["def out0", ...indent([...this.perhaps(2, "sleep 0"), ...this.perhaps(2, "return 1")])],
            ...this.definition("out1", 1, { ...few, tail: [`return ${this.below(2)}`] }),
          ]
        : []),
      // Ends what would wait for ever: each of these cancels is good for one that was caught.
      ...["def janitor", ...indent(["sleep 50", ...block("repeat 12", ["sleep 1", ...names.map((task) => `cancel ${task}`)])])],
      "",
    ].join("\n");
  }
}

export function randomScenario(seed) {
  return new Program(seed).text(`random ${seed}`);
}
