// weft.d.ts is what TypeScript programs see, and weft.mjs has what it declares.
import assert from "node:assert/strict";
import test from "node:test";
import * as weft from "../../wasm/weft.mjs";
import { at, howItEnded, run } from "./lib/project.mjs";

test("weft.d.ts", async (context) => {
  await context.test("serves a strict TypeScript program", async () => {
    const result = await run(at("node_modules/.bin/tsc"), ["--noEmit", "--project", at("tests/wasm/tsconfig.json")]);
    assert.equal(result.status, 0, `${result.stdout}\n${howItEnded(result)}`);
  });
  await context.test("declares what weft.mjs exports", () =>
    assert.deepEqual(Object.keys(weft).sort(), ["WeftError", "loadWeft", "simulate"]),
  );
});
