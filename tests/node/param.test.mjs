// WEFT_PARAM from outside: by the environment on both hosts, and by JavaScript.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { loadWeft } from "../../wasm/weft.mjs";
import { at, howItEnded, run, runModule } from "./lib/project.mjs";
import { failure } from "./lib/wasm.mjs";

const path = at("build/wasm/tests/programs/params.wasm");
const hosts = {
  native: (env) => run(at("build/native/tests/programs/params"), [], { env }),
  wasm: (env) => run(process.execPath, [runModule, path], { env }),
};

for (const [host, start] of Object.entries(hosts))
  test(`the environment, ${host}`, async (context) => {
    const values = {
      "": "permits 3, delay 0.5, fair true",
      "permits=10": "permits 10, delay 0.5, fair true",
      "permits=1 delay=3 fair=false": "permits 1, delay 3, fair false",
      "delay=1e-1 fair=0": "permits 3, delay 0.1, fair false",
      "fair=1": "permits 3, delay 0.5, fair true",
    };
    const environment = (text) =>
      Object.fromEntries(text.split(" ").filter(Boolean).map((one) => [`WEFT_PARAM_${one.split("=")[0]}`, one.split("=")[1]]));
    for (const [settings, printed] of Object.entries(values))
      await context.test(settings || "nothing set", async () => {
        const result = await start(environment(settings));
        assert.equal(result.stdout, `${printed}\n`, howItEnded(result));
        assert.equal(result.status, 0, howItEnded(result));
      });
    const refused = {
      "permits=11": 'WEFT_PARAM_permits is "11", which is not a whole number from 1 to 10',
      "permits=0": 'WEFT_PARAM_permits is "0", which is not a whole number from 1 to 10',
      "permits=2.5": 'WEFT_PARAM_permits is "2.5", which is not a whole number from 1 to 10',
      "permits=3x": 'WEFT_PARAM_permits is "3x", which is not a whole number from 1 to 10',
      "permits=many": 'WEFT_PARAM_permits is "many", which is not a whole number from 1 to 10',
      "delay=nan": 'WEFT_PARAM_delay is "nan", which is not a number from 0.1 to 3',
      "delay=inf": 'WEFT_PARAM_delay is "inf", which is not a number from 0.1 to 3',
      "fair=maybe": 'WEFT_PARAM_fair is "maybe", which is not true or false',
      "fair=0.5": 'WEFT_PARAM_fair is "0.5", which is not true or false',
    };
    for (const [settings, words] of Object.entries(refused))
      await context.test(`${settings} is refused`, async () => {
        const result = await start(environment(settings));
        assert.equal(result.stderr, `weft: ${words}\n`);
        assert.equal(result.status, 1, howItEnded(result));
      });
    await context.test("WEFT_PARAMS lists what must be there", async () => {
      assert.equal((await start({ WEFT_PARAMS: "permits delay" })).status, 0);
      const result = await start({ WEFT_PARAMS: "permits perm" });
      assert.equal(result.stderr, 'weft: the program has no parameter "perm"\n');
      assert.equal(result.status, 1);
    });
  });

test("JavaScript", async (context) => {
  const wasm = new WebAssembly.Module(readFileSync(path));
  let printed = "";
  const load = (options) => {
    printed = "";
    return loadWeft({ wasm, print: (text) => (printed += text), ...options });
  };

  await context.test("lists them", async () => {
    const { parameters } = await load({});
    const byName = [...parameters].sort((a, b) => a.name.localeCompare(b.name));
    assert.deepEqual(byName, [
      { name: "delay", type: "double", value: 0.5, least: 0.1, most: 3 },
      { name: "fair", type: "bool", value: true, least: false, most: true },
      { name: "permits", type: "int", value: 3, least: 1, most: 10 },
    ]);
  });
  await context.test("lists none where there are none", async () => {
    const weft = await load({ wasm: readFileSync(at("build/wasm/tests/wasm/values.wasm")) });
    assert.deepEqual(weft.parameters, []);
  });
  await context.test("sets them before main", async () => {
    const weft = await load({ parameters: { permits: 7, delay: 0.25, fair: false } });
    assert.equal(weft.parameters.find(({ name }) => name === "permits").value, 7);
    assert.equal(await weft.main(), 0);
    assert.equal(printed, "permits 7, delay 0.25, fair false\n");
  });
  await context.test("sets them again for every run of main", async () => {
    const weft = await load({ parameters: { permits: 7 } });
    await weft.main();
    await weft.main();
    assert.equal(printed, "permits 7, delay 0.5, fair true\n".repeat(2));
  });
  await context.test("sets them for coroutines that are run by name", async () => {
    const weft = await load({ parameters: { fair: 0 } });
    await weft.run("params");
    assert.equal(printed, "permits 3, delay 0.5, fair false\n");
  });
  await context.test("goes before the environment", async () => {
    const weft = await load({ parameters: { permits: 7 }, env: { WEFT_PARAM_permits: "5", WEFT_PARAM_delay: "2" } });
    await weft.main();
    assert.equal(printed, "permits 7, delay 2, fair true\n");
  });
  await context.test("may leave one out as undefined", async () => {
    const { parameters } = await load({ parameters: { permits: undefined } });
    assert.equal(parameters.find(({ name }) => name === "permits").value, 3);
  });

  const refused = [
    [{ permit: 3 }, /there is no parameter "permit"; WEFT_PARAM declared .*permits/],
    [{ permits: 0 }, /permits must be an integer from 1 to 10, not 0/],
    [{ permits: 11 }, /permits must be an integer from 1 to 10, not 11/],
    [{ permits: 2.5 }, /permits must be an integer from 1 to 10, not 2.5/],
    [{ permits: "3" }, /permits must be an integer from 1 to 10, not "3"/],
    [{ permits: null }, /permits must be an integer/],
    [{ delay: Number.NaN }, /delay must be a number from 0.1 to 3, not NaN/],
    [{ delay: Infinity }, /delay must be a number from 0.1 to 3, not Infinity/],
    [{ fair: 2 }, /fair must be true or false, not 2/],
    [{ fair: "true" }, /fair must be true or false, not "true"/],
    [{ toString: 1 }, /there is no parameter "toString"/],
    [null, /parameters must be given as an object/],
    ["permits", /parameters must be given as an object/],
  ];
  for (const [parameters, words] of refused)
    await context.test(`refuses ${JSON.stringify(parameters)}`, async () => {
      const error = await failure(load({ parameters }));
      assert(error instanceof TypeError, String(error));
      assert.match(error.message, words);
    });
  await context.test("names none where there are none", async () => {
    const error = await failure(load({ wasm: readFileSync(at("build/wasm/tests/wasm/values.wasm")), parameters: { a: 1 } }));
    assert.match(error.message, /there is no parameter "a"; WEFT_PARAM declared none/);
  });
});
