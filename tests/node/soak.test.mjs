// A soak: thousands of connections at once, good and bad, and of HTTP requests. It checks itself that nothing is left.
import assert from "node:assert/strict";
import test from "node:test";
import { at, howItEnded, run } from "./lib/project.mjs";

async function soak(tree, ...args) {
  const result = await run(at(`build/${tree}/tests/programs/soak`), args.map(String));
  assert.equal(result.status, 0, howItEnded(result));
  assert.equal(result.stderr, "");
  assert.match(result.stdout, /^between: .*\nafter: .*\n$/);
}

// Connections a wave, of two; how many at once, as far as there are descriptors; a seed.
test("a soak of 10,000 connections, 5,000 at once", () => soak("native", 5_000, 5_000, 1));
test("a soak under the sanitizers", () => soak("debug", 2_000, 1_000, 2));
