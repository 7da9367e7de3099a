// Runs what the documents show. A fence's first line says what its block is:
//
//     c run [NAME.c] [VARIABLE=VALUE…]   a program: compiled without a warning and run on the virtual clock
//     c file                             declarations or functions: compiled without a warning
//     c module NAME                      a program for WebAssembly: compiled for the next JavaScript block
//     c fails "WORDS"                    refused, by a compiler or by the checks of ./weft run, in these words
//     py run, js run                     run by python3, and by Node, beside the modules before it
//     text output, text stderr           what each program since the last such block prints; nothing, without one
//
// A C block gets the includes and the main that it leaves out; lines count from its own first one. It is laid out as all C files are.
// http://localhost:8000/ is a server of web/public, wherever that is then.
import assert from "node:assert/strict";
import { existsSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";
import { serve } from "../../web/serve.mjs";
import { checkLocals, compilers } from "./lib/compilers.mjs";
import { at, howItEnded, run } from "./lib/project.mjs";

const documents = ["README.md", ...["guide", "migrate", "semantics", "internals", "javascript", "events"].map((name) => `docs/${name}.md`)];
const folder = mkdtempSync(join(tmpdir(), "weft-docs-"));
after(() => rmSync(folder, { recursive: true }));
let site;
before(async () => (site = await serve(at("web/public"), 0)));
after(() => {
  site.server.closeAllConnections();
  site.server.close();
});
const served = (text) => text.replaceAll("http://localhost:8000/", site.address);
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WEFT_")));

// --- Reading ---

function blocksOf(document) {
  const blocks = [];
  let open = null;
  for (const [index, line] of readFileSync(at(document), "utf8").split("\n").entries()) {
    const fence = /^```(\w*) ?(.*)$/.exec(line);
    if (open !== null && line === "```") open = null;
    else if (open !== null) open.text += `${line}\n`;
    else if (fence) {
      const [, language, mark] = fence;
      open = { document, line: index + 1, language, mark, text: "" };
      blocks.push(open);
    }
  }
  return blocks;
}

const wordsOf = (mark) => mark.match(/"[^"]*"|\S+/g) ?? [];

// The programs among the blocks, with what they are said to print.
function programsOf(document) {
  const programs = [];
  let printed = null;
  let wasText = true;
  for (const block of blocksOf(document)) {
    const [kind, ...options] = wordsOf(block.mark);
    if (kind === undefined) continue;
    const isText = block.language === "text";
    if (wasText && !isText) printed = { output: "", stderr: "" };
    if (isText) printed[kind] = block.text;
    else programs.push({ ...block, kind, options, printed });
    wasText = isText;
  }
  return programs;
}

// --- C ---

const main = "int main(void) { return weft_main(weft_call(program)); }\n";

function sourceOf({ text, kind }, name) {
  let source = served(text);
  if (!/^#include <weft\/weft.h>/m.test(text)) source = `#line 1 "${name}"\n${text}`;
  if (!/^#include/m.test(text)) source = `#include <stdio.h>\n#include <weft/weft.h>\n${source}`;
  if (/^(run|module)$/.test(kind) && !/\bmain\(/.test(text)) source += main;
  return source;
}

const [gcc, clang] = compilers;
const strict = ["-std=gnu11", "-g", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
const prefix = `-fmacro-prefix-map=${folder}/=`;

async function succeed(command, args, options) {
  const result = await run(command, args, { cwd: folder, ...options });
  assert.equal(result.status, 0, howItEnded(result));
  return result;
}

function write(program, name) {
  const own = join(folder, `${program.document.replace("/", "-")}-${program.line}`);
  mkdirSync(own, { recursive: true });
  const file = join(own, name);
  writeFileSync(file, sourceOf(program, name));
  return file;
}

async function compile(file, output) {
  for (const compiler of [gcc, clang]) {
    const locals = await checkLocals(compiler.name, file);
    assert.equal(locals.status, 0, howItEnded(locals));
  }
  await succeed(clang.c, [...strict, ...clang.includes, "-fsyntax-only", file]);
  const found = (await succeed("pkg-config", ["--cflags", "--libs", "libuv", "libcurl", "openssl"])).stdout.trim().split(/\s+/);
  const libraries = ["-Wl,--as-needed", ...found, "-lwslay", "-lm", "-pthread"];
  const link = output === null ? ["-c", "-o", "/dev/null"] : [at("build/native/libweft.a"), ...libraries, "-o", output];
  await succeed(gcc.c, [...strict, prefix, ...gcc.includes, file, ...link]);
}

async function compileModule(file, output) {
  const env = { NODE_PATH: process.env.NODE_PATH ?? "/usr/share/nodejs" };
  const args = ["-O2", "-Wall", "-Wextra", "-I", at("core/include"), "-I", at("wasm/include"), file];
  await succeed("emcc", [...args, `@${at("cmake/module.rsp")}`, at("build/wasm/libweft.a"), "-o", output], { env });
}

// --- What each kind of block must do ---

function compare(result, { printed }) {
  assert.equal(result.stderr, printed.stderr, "stderr");
  assert.equal(result.stdout, printed.output, "output");
  if (printed.stderr === "") assert.equal(result.status, 0, howItEnded(result));
}

async function runC(program) {
  const name = program.options.find((option) => option.endsWith(".c")) ?? "program.c";
  const settings = program.options.filter((option) => option.includes("=")).map((option) => option.replaceAll('"', "").split("="));
  const file = write(program, name);
  const executable = file.replace(/\.c$/, "");
  await compile(file, executable);
  const env = { WEFT_VIRTUAL: "1", ...Object.fromEntries(settings) };
  compare(await run(executable, [], { cwd: dirname(file), base: clean, env }), program);
}

async function failC(program) {
  const [wanted] = program.options;
  const file = write(program, "program.c");
  const said = [];
  for (const compiler of [gcc, clang]) {
    said.push(await checkLocals(compiler.name, file));
    said.push(await run(compiler.c, [...strict, ...compiler.includes, "-fsyntax-only", file]));
  }
  assert.ok(said.some(({ status }) => status !== 0), "every compiler takes it");
  const words = said.map(({ stderr }) => stderr).join("\n");
  assert.ok(words.includes(wanted.slice(1, -1)), `nobody says ${wanted}:\n${words}`);
}

const moduleFolder = join(folder, "modules");

const kinds = {
  "c run": runC,
  "c file": async (program) => compile(write(program, "program.c"), null),
  "c fails": failC,
  "c module": async (program) => {
    const [name] = program.options;
    mkdirSync(moduleFolder, { recursive: true });
    await compileModule(write(program, `${name}.c`), join(moduleFolder, `${name}.wasm`));
  },
  "js run": async (program) => {
    // copied, so that nothing of the project's is written to
    cpSync(at("wasm"), join(moduleFolder, "node_modules/weft"), { recursive: true });
    const file = join(moduleFolder, "program.mjs");
    writeFileSync(file, program.text);
    compare(await run(process.execPath, [file], { cwd: moduleFolder, base: clean }), program);
  },
  "py run": async (program) => {
    const file = join(folder, "program.py");
    writeFileSync(file, served(program.text));
    compare(await run("python3", [file], { cwd: folder }), program);
  },
};

async function checkLayout(program) {
  const file = join(folder, "layout.c");
  writeFileSync(file, program.text);
  await succeed("clang-format", [`--style=file:${at(".clang-format")}`, "--dry-run", "-Werror", file]);
}

for (const document of documents)
  test(document, async (context) => {
    for (const program of programsOf(document)) {
      const kind = `${program.language} ${program.kind}`;
      await context.test(`line ${program.line}: ${kind}`, async () => {
        assert.ok(kind in kinds, `unknown mark "${kind}"`);
        if (program.language === "c" && program.kind !== "fails") await checkLayout(program);
        await kinds[kind](program);
      });
    }
  });

// --- Names and links ---

const publicText = (extensions, ...folders) =>
  folders
    .flatMap((path) => readdirSync(at(path)).map((name) => at(path, name)))
    .filter((path) => extensions.test(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");

const internals = /^docs\/(internals|events)\.md$/;
const known = publicText(/\.(h|ts|cmake)$/, "core/include/weft", "native/include/weft", "wasm/include/weft", "wasm", "cmake");
const sources = publicText(/\.[ch]$/, "core", "native", "wasm");

test("documents name what there is", async (context) => {
  for (const document of documents)
    await context.test(document, () => {
      const text = readFileSync(at(document), "utf8");
      const exists = (name) => {
        const where = internals.test(document) || name.startsWith("WEFT_") ? known + sources : known;
        return new RegExp(`\\b${name}`).test(where);
      };
      const names = new Set(text.match(/\bweft_\w+/gi));
      assert.deepEqual([...names].filter((name) => !exists(name)), []);
    });
});

// The last column of the deviations: "test_timer: case", or a file below tests/.
test("every deviation names a test that there is", () => {
  const [, table] = /^\| What \| In asyncio .*\n.*\n((?:\|.*\n)*)/m.exec(readFileSync(at("docs/semantics.md"), "utf8"));
  const named = table.trim().split("\n").map((row) => row.split("|").at(-2).trim());
  assert.ok(named.length > 40);
  for (const name of named) {
    const [file, topic] = name.split(": ");
    const places = ["core", "native", "node", "differential", "."].flatMap((folder) => [at("tests", folder, file), at("tests", folder, `${file}.c`)]);
    const there = places.find((path) => existsSync(path));
    assert.ok(there, `${name}: there is no such file`);
    if (topic !== undefined) assert.match(readFileSync(there, "utf8"), new RegExp(`^TEST\\(${topic}\\)`, "m"), name);
  }
});

const anchor = (heading) => heading.toLowerCase().replace(/[^\w\- ]/g, "").trim().replaceAll(" ", "-");

test("links lead somewhere", async (context) => {
  for (const document of documents)
    await context.test(document, () => {
      const text = readFileSync(at(document), "utf8").replace(/^```[^]*?^```$/gm, "");
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path, part] = target.split("#");
        const file = path === "" ? at(document) : join(dirname(at(document)), path);
        assert.ok(existsSync(file), `${target}: there is no such file`);
        if (part === undefined) continue;
        const there = readFileSync(file, "utf8");
        const anchors = [...there.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading));
        assert.ok(anchors.includes(part), `${target}: no such heading`);
      }
    });
});

test("the guide's contents are its sections, in their order", () => {
  const text = readFileSync(at("docs/guide.md"), "utf8").replace(/^```[^]*?^```$/gm, "");
  const [contents] = text.match(/^\*\*Contents:\*\*[^]*?\n\n/m);
  const listed = [...contents.matchAll(/\[([^\]]+)\]/g)].map(([, name]) => name);
  assert.deepEqual(listed, [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading));
});
