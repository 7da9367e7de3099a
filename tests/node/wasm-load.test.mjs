// What loadWeft takes, and what it makes of what it cannot take.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { relative } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { loadWeft } from "../../wasm/weft.mjs";
import { failure, modulePath, moduleNamed } from "./lib/wasm.mjs";

const path = modulePath("values");
const bytes = readFileSync(path);
const response = (type = "application/wasm") => new Response(bytes, { headers: { "content-type": type } });

async function answers(wasm) {
  const weft = await loadWeft({ wasm });
  assert.equal(await weft.run("integer", { value: 42 }), 42);
}

test("loadWeft takes a module", async (context) => {
  const server = createServer((request, reply) => {
    reply.writeHead(request.url === "/values.wasm" ? 200 : 404, { "content-type": "application/wasm" });
    reply.end(request.url === "/values.wasm" ? bytes : "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  context.after(() => server.close());

  const ways = {
    "as an ArrayBuffer": new Uint8Array(bytes).buffer,
    "as bytes": new Uint8Array(bytes),
    "as a part of a larger buffer": Buffer.concat([Buffer.alloc(5), bytes]).subarray(5),
    "compiled": moduleNamed("values"),
    "as a Response": response(),
    "as a Response of an unknown type": response("text/plain"),
    "as a promise of a Response": Promise.resolve(response()),
    "as a promise of bytes": Promise.resolve(bytes),
    "by a file's URL": pathToFileURL(path),
    "by a file's URL as text": pathToFileURL(path).href,
    "by a path": path,
    "by a relative path": relative(process.cwd(), path),
    "by an address": `${address}/values.wasm`,
    "by an address as a URL": new URL("/values.wasm", address),
  };
  for (const [way, wasm] of Object.entries(ways)) await context.test(way, () => answers(wasm));

  await context.test("but not what is not there", async () => {
    assert.match((await failure(loadWeft({ wasm: `${address}/nothing.wasm` }))).message, /nothing\.wasm: 404/);
    assert.match((await failure(loadWeft({ wasm: "/nothing.wasm" }))).message, /ENOENT/);
  });
  await context.test("but nothing else", async () => {
    for (const options of [undefined, null, { wasm: undefined }, { wasm: null }, { wasm: 7 }, { wasm: {} }]) {
      const error = await failure(loadWeft(options));
      assert(error instanceof TypeError);
      assert.match(error.message, /needs `wasm`/);
    }
  });
  await context.test("but only one of weft's", async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    assert.match((await failure(loadWeft({ wasm: empty }))).message, /not a module of weft.*weft_add_module/);
  });
});

test("loadWeft refuses options", async (context) => {
  const refused = {
    "another clock": [{ clock: "atomic" }, /clock must be/],
    "a seed on the real clock": [{ seed: 1 }, /for clock: "virtual"/],
    "decisions on the real clock": [{ decisions: [0] }, /for clock: "virtual"/],
    "a seed that is no integer": [{ clock: "virtual", seed: 1.5 }, /seed must be an integer/],
    "a negative seed": [{ clock: "virtual", seed: -1 }, /seed must be an integer/],
    "cancellations on the real clock": [{ injections: [] }, /for clock: "virtual"/],
    "an order of ready tasks on the real clock": [{ permuteReady: true }, /for clock: "virtual"/],
    "cancellations that are no list": [{ clock: "virtual", injections: "5:4" }, /injections must be an array/],
    "a cancellation before step 0": [{ clock: "virtual", injections: [{ step: 0, task: 1 }] }, /injections must be an array/],
    "a cancellation of nobody": [{ clock: "virtual", injections: [{ step: 1 }] }, /injections must be an array/],
    "decisions that are no list": [{ clock: "virtual", decisions: 3 }, /decisions must be an array/],
    "decisions that are no indices": [{ clock: "virtual", decisions: [0, -1] }, /decisions must be an array/],
  };
  for (const [what, [options, message]] of Object.entries(refused))
    await context.test(what, async () => {
      const error = await failure(loadWeft({ wasm: moduleNamed("values"), ...options }));
      assert(error instanceof TypeError);
      assert.match(error.message, message);
    });
});

test("a module tells what it exports", async () => {
  const { coroutines } = await loadWeft({ wasm: moduleNamed("values") });
  assert.deepEqual([...coroutines.keys()].sort(), ["echo", "integer", "integers", "nothing", "others", "pointer"]);
  const { name, fields } = coroutines.get("others");
  assert.equal(name, "others");
  assert.deepEqual(
    fields.map(({ name: field, type, size }) => [field, type, size]),
    [["flag", "bool", 1], ["narrow", "double", 4], ["wide", "double", 8], ["text", "string", 4], ["pointer", "pointer", 4]],
  );
  assert.deepEqual(
    coroutines.get("integers").fields.map(({ size, signed }) => (signed ? size : -size)),
    [1, -1, 2, -2, 4, -4, 8, -8],
  );
  const offsets = fields.map(({ offset }) => offset);
  assert.deepEqual(offsets, offsets.toSorted((a, b) => a - b));
});
