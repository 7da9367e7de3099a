// The environment of a simulated world: a seed, decisions, cancellations, the order of ready tasks; on every host alike.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { loadWeft } from "../../wasm/weft.mjs";
import { at, howItEnded, run, runModule } from "./lib/project.mjs";

const folder = mkdtempSync(join(tmpdir(), "weft-choices-"));
after(() => rmSync(folder, { recursive: true }));

const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WEFT_")));
const native = at("build/native/tests/programs/choices");
const module = at("build/wasm/tests/programs/choices.wasm");
const hosts = {
  natively: (env) => run(native, [], { base: clean, env }),
  "as WebAssembly": (env) => run(process.execPath, [runModule, module], { base: clean, env }),
};

async function said(start, env) {
  const result = await start(env);
  assert.equal(result.status, 0, howItEnded(result));
  return result.stdout.trim().split("\n");
}

for (const [host, start] of Object.entries(hosts))
  test(`choices ${host}`, async (context) => {
    const cases = [
      ["none", { WEFT_VIRTUAL: "1" }, ["123", "123", "123"]],
      ["decisions, and 0 past their end", { WEFT_DECISIONS: "2 1" }, ["321", "123", "123"]],
      ["a choice goes around among the candidates", { WEFT_DECISIONS: "0,1,4294967295" }, ["132", "123", "123"]],
      ["ready tasks stay in order", { WEFT_DECISIONS: "0 0 0 0 2 1" }, ["123", "123", "123"]],
      ["ready tasks are chosen if asked", { WEFT_VIRTUAL: "1", WEFT_PERMUTE_READY: "1" }, ["123", "123", "123"]],
      // task 1 is main; the three are 5, 7 and 9, since frames and the group have numbers, too, and make steps 2 to 4 before they wake
      ["a cancelled task", { WEFT_INJECTIONS: "5:5" }, ["23", "123", "123"]],
      ["two", { WEFT_INJECTIONS: "5:5, 5:7\n" }, ["3", "123", "123"]],
      ["main", { WEFT_INJECTIONS: "4:1" }, ["Cancelled", "123", "123"]],
      ["a task that is not there, a step that never comes", { WEFT_INJECTIONS: "1:9 999999999999:1" }, ["123", "123", "123"]],
    ];
    for (const [what, env, expected] of cases) await context.test(what, async () => assert.deepEqual(await said(start, env), expected));

    await context.test("the order of ready tasks varies only if asked", async () => {
      const env = { WEFT_SEED: "5" };
      assert.equal((await said(start, env))[2], "123");
      assert.notEqual((await said(start, { ...env, WEFT_PERMUTE_READY: "1" }))[2], "123");
    });
  });

test("a text that is no setting is refused by its name", async (context) => {
  const refused = {
    WEFT_SEED: ["-1", "x", "1x", "99999999999999999999"],
    WEFT_DECISIONS: ["x", "1 -1", "1 2x", "4294967296", "1;2"],
    WEFT_INJECTIONS: ["5", "5:", ":5", "0:1", "1:0", "1:2:3", "1:2 x", "1: 2", "1:4294967296"],
  };
  for (const [name, texts] of Object.entries(refused))
    for (const text of texts)
      await context.test(`${name}="${text}"`, async () => {
        const result = await hosts.natively({ [name]: text });
        assert.equal(result.status, 1, howItEnded(result));
        assert.equal(result.stdout, "");
        assert.ok(result.stderr.startsWith(`weft: ${name} is "${text}", which is not a`), result.stderr);
      });
});

test("a seed gives the same run on every host, and its decisions give it again", async () => {
  const orders = new Set();
  for (let seed = 0; seed < 8; seed++) {
    const path = join(folder, "decisions");
    const env = { WEFT_SEED: String(seed), WEFT_PERMUTE_READY: seed % 2 ? "1" : "0" };
    const order = await said(hosts.natively, { ...env, WEFT_DECISIONS_OUT: path });
    const made = readFileSync(path, "utf8").trim().split("\n").map((line) => line.split(" "));
    orders.add(order.join());
    assert.deepEqual(await said(hosts["as WebAssembly"], env), order);
    const decisions = made.map(([, , chosen]) => chosen).join(" ");
    assert.deepEqual(await said(hosts.natively, { ...env, WEFT_SEED: "", WEFT_DECISIONS: decisions }), order);
    for (const [kind, candidates, chosen] of made) {
      assert.ok(kind === "timer-tie" || (seed % 2 && kind === "ready"), kind);
      assert.ok(Number(candidates) > 1 && Number(chosen) < Number(candidates), `${chosen} of ${candidates}`);
    }
  }
  assert.ok(orders.size > 4, [...orders].join(" "));
});

test("decisions that cannot be written are reported, and the program runs", async () => {
  const result = await hosts.natively({ WEFT_VIRTUAL: "1", WEFT_DECISIONS_OUT: join(folder, "no", "where") });
  assert.equal(result.status, 0);
  assert.match(result.stderr, /^weft: cannot write the decisions .*where: No such file/);
});

test("loadWeft", async (context) => {
  const order = async (options) => {
    let printed = "";
    const weft = await loadWeft({ wasm: module, clock: "virtual", print: (text) => (printed += text), ...options });
    await weft.main([]);
    return printed.trim().split("\n");
  };
  await context.test("passes cancellations on", async () =>
    assert.deepEqual(await order({ injections: [{ step: 5, task: 5 }] }), ["23", "123", "123"]),
  );
  await context.test("passes the order of ready tasks on", async () => {
    assert.equal((await order({ seed: 5 }))[2], "123");
    assert.notEqual((await order({ seed: 5, permuteReady: true }))[2], "123");
  });
});
