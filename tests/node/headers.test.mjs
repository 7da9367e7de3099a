// Every public header compiles by itself, as C11 and inside C++11, with each compiler.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import test, { after } from "node:test";
import { check, checkCxx, compilers } from "./lib/compilers.mjs";
import { filesOf, howItEnded } from "./lib/project.mjs";

const folder = mkdtempSync(join(tmpdir(), "weft-headers-"));
after(() => rmSync(folder, { recursive: true }));

// libuv's own header asks for more than strict C11 declares.
const flags = (host) => (host === "native" ? ["-D_GNU_SOURCE"] : []);

function includer(name, suffix) {
  const file = join(folder, `${name}.${suffix}`);
  // twice, since a header must bear being included again
  writeFileSync(file, `#include <weft/${name}>\n#include <weft/${name}>\nextern int weft_is_included;\n`);
  return file;
}

for (const compiler of compilers)
  test(`headers with ${compiler.name}`, async (context) => {
    for (const host of compiler.hosts)
      for (const header of filesOf(`${host}/include/weft`, /\.h$/)) {
        const name = basename(header);
        await context.test(`${compiler.name}: weft/${name} as C11`, async () => {
          const result = await check(compiler, includer(name, "c"), flags(host));
          assert.equal(result.status, 0, howItEnded(result));
        });
        await context.test(`${compiler.name}: weft/${name} in C++11`, async () => {
          const result = await checkCxx(compiler, includer(name, "cpp"), flags(host));
          assert.equal(result.status, 0, howItEnded(result));
        });
      }
  });
