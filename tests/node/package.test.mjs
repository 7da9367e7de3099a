// What an installed weft gives to a program of somebody else: through CMake, pkg-config and Emscripten.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { at, howItEnded, run } from "./lib/project.mjs";

const folder = mkdtempSync(join(tmpdir(), "weft-package-"));
after(() => rmSync(folder, { recursive: true }));
const inside = (...parts) => join(folder, ...parts);
const program = at("tests/node/programs/nap.c");

writeFileSync(
  inside("CMakeLists.txt"),
  `cmake_minimum_required(VERSION 3.16)
project(consumer C)
find_package(weft 0.1 REQUIRED)
add_executable(nap ${program})
target_link_libraries(nap PRIVATE weft::weft)
if(EMSCRIPTEN)
    weft_add_module(nap_module ${program})
endif()
`,
);

async function must(command, args, options) {
  const result = await run(command, args, options);
  assert.equal(result.status, 0, `${command} ${args.join(" ")}\n${result.stdout}\n${howItEnded(result)}`);
  return result.stdout;
}

// NODE_PATH: see cmake/emscripten.cmake, which other people's builds do not read
const emscripten = { env: { NODE_PATH: "/usr/share/nodejs" } };
const words = (text) => text.trim().split(/\s+/);

for (const host of ["native", "wasm"])
  test(`${host} package`, async (context) => {
    const prefix = inside(host);
    await must("cmake", ["--install", at("build", host), "--prefix", prefix]);
    // An installed tree may be moved; lib may be lib64 or a multiarch folder elsewhere.
    const pkgConfig = { env: { PKG_CONFIG_PATH: join(prefix, "lib/pkgconfig") } };
    const flags = words(await must("pkg-config", ["--cflags", "--libs", "weft"], pkgConfig));

    await context.test(`${host}: a program finds it by pkg-config`, async () => {
      const output = inside(host === "wasm" ? "by-pkg-config.js" : "by-pkg-config");
      await must(host === "wasm" ? "emcc" : "cc", [program, ...flags, "-O2", "-o", output], emscripten);
      const [command, ...args] = host === "wasm" ? [process.execPath, output] : [output];
      assert.equal(await must(command, args), "rested\n");
    });

    await context.test(`${host}: a program finds it by CMake`, async () => {
      const tree = inside(`${host}-tree`);
      const toolchain = host === "wasm" ? [`--toolchain=${at("cmake/emscripten.cmake")}`] : [];
      await must("cmake", ["-G", "Ninja", "-S", folder, "-B", tree, ...toolchain, `-Dweft_DIR=${prefix}/lib/cmake/weft`]);
      await must("cmake", ["--build", tree]);
      const [command, ...args] = host === "wasm" ? [process.execPath, join(tree, "nap.js")] : [join(tree, "nap")];
      assert.equal(await must(command, args), "rested\n");
      if (host === "wasm") assert.ok(existsSync(join(tree, "nap_module.wasm")));
    });

    if (host === "wasm")
      await context.test("wasm: the installed ES module runs an installed module", async () => {
        const module = join(inside("wasm-tree"), "nap_module.wasm");
        mkdirSync(inside("js"), { recursive: true });
        writeFileSync(
          inside("js", "main.mjs"),
          `import { readFileSync } from "node:fs";
import { loadWeft } from ${JSON.stringify(join(prefix, "share/weft/weft.mjs"))};
let text = "";
const weft = await loadWeft({ wasm: readFileSync(${JSON.stringify(module)}), print: (part) => (text += part) });
console.log(await weft.main(), JSON.stringify(text));
`,
        );
        assert.equal(await must(process.execPath, [inside("js", "main.mjs")]), '0 "rested\\n"\n');
      });
  });
