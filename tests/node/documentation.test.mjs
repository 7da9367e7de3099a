// The page's documentation of weft's names, which comes from the comments of the headers.
import assert from "node:assert/strict";
import test from "node:test";
import { documentation, entriesOf } from "../../web/scripts/documentation.mjs";
import { at, filesOf, howItEnded, run } from "./lib/project.mjs";

const entries = await documentation();
const headers = ["core", "wasm"].flatMap((host) => filesOf(`${host}/include/weft`, /\.h$/));

async function clang(...args) {
  const includes = ["core", "wasm"].flatMap((host) => ["-I", at(host, "include")]);
  const included = headers.flatMap((header) => ["-include", header]);
  const result = await run("clang", ["-std=c11", ...includes, ...included, ...args, "-x", "c", "/dev/null"]);
  assert.equal(result.status, 0, howItEnded(result));
  return result.stdout;
}

// Every public name that the compiler sees; those with two underscores are internal.
async function publicNames() {
  const macros = (await clang("-E", "-dM")).matchAll(/^#define (\w+)/gm);
  const { inner } = JSON.parse(await clang("-fsyntax-only", "-Xclang", "-ast-dump=json"));
  const declared = inner.flatMap((node) => [node, ...(node.kind === "EnumDecl" ? (node.inner ?? []) : [])]);
  const names = [...[...macros].map(([, name]) => name), ...declared.map(({ name }) => name)];
  const guards = headers.map((header) => `WEFT_${header.split("/").at(-1).replace(".", "_").toUpperCase()}`);
  return new Set(names.filter((name) => /^(weft|WEFT)_(?!_)/.test(name) && !["WEFT_H", ...guards].includes(name)));
}

test("every public name of the headers is documented", async () => {
  const names = await publicNames();
  assert.ok(names.size > 300, `${names.size} names`);
  assert.deepEqual([...names].filter((name) => !entries.get(name)?.comment), []);
});

test("nothing is documented that the headers do not declare", async () => {
  const names = await publicNames();
  assert.deepEqual([...entries.keys()].filter((name) => !names.has(name)), []);
});

test("an entry has the declaration, the comment, the counterpart in Python, and where to see it", () => {
  assert.deepEqual(entries.get("weft_semaphore_init_bounded"), {
    name: "weft_semaphore_init_bounded",
    kind: "function",
    declaration: "void weft_semaphore_init_bounded(weft_semaphore *semaphore, uint32_t permits)",
    comment: "One that refuses more releases than acquires.",
    python: "asyncio.BoundedSemaphore",
    header: "weft/semaphore.h",
  });
  assert.equal(entries.get("weft_await").python, "await x");
  assert.equal(entries.get("weft_call_soon").declaration, "weft_handle *weft_call_soon(weft_callback *callback, void *argument)");
  assert.equal(entries.get("weft_lock").declaration, "typedef struct weft_lock { … } weft_lock");
  assert.match(entries.get("weft_lock").comment, /^Locks: one task at a time[^]*\n\n {4}weft_with/);
  assert.deepEqual(entries.get("weft_semaphore").examples, ["semaphore", "download"]);
  assert.equal(entries.get("WEFT_TIMED_OUT").python, "TimeoutError");
});

test("a comment is about what follows it, up to an empty line", () => {
  const header = [
    "/* Things. asyncio.Thing */", "", "typedef struct weft_thing {", "    int a; /* the first */", "} weft_thing;", "",
    "/* Two of", " * them. */", "void weft_one(int a,", "              int b) WEFT__MUST_USE;", "void weft_two(void);", "",
    "void weft_three(void);", "int weft__internal(void);", "#define weft_four(x) \\", "    weft_one(x, x)", "",
  ].join("\n");
  const told = entriesOf("thing.h", header).map(({ name, declaration, comment }) => [name, declaration.split("\n")[0], comment]);
  assert.deepEqual(told, [
    ["weft_thing", "typedef struct weft_thing {", "Things."],
    ["weft_one", "void weft_one(int a, int b)", "Two of them."],
    ["weft_two", "void weft_two(void)", "Two of them."],
    ["weft_three", "void weft_three(void)", ""],
    ["weft_four", "weft_four(x)", ""],
  ]);
});
