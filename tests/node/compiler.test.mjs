// The page's compiler: every example compiled by it behaves as the one that was built with Emscripten; what it says
// of mistakes, and what stops programs that go wrong.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { loadWeft } from "../../wasm/weft.mjs";
import { serve } from "../../web/serve.mjs";
import { loadToolchain } from "./lib/page-compiler.mjs";
import { at, filesOf, stem } from "./lib/project.mjs";

let toolchain;
before(async () => {
  const loading = await loadToolchain();
  assert.equal(loading.loaded, loading.total, "the manifest tells how much there is to load");
  ({ toolchain } = loading);
});

const head = `#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

struct job {
    weft_frame frame;
    int n;
};
`;
const job = (body) => `${head}
weft_async(job) {
    weft_begin(job);
${body}
    weft_end();
}

int main(void) {
    return weft_main(weft_call(job));
}
`;
const lineOf = (source, text) => source.split("\n").findIndex((line) => line.includes(text)) + 1;

async function outcomeOf(wasm, options = {}) {
  let printed = "";
  const print = (text) => (printed += text);
  const weft = await loadWeft({ wasm, clock: "virtual", print, ...options });
  try {
    return { status: await weft.main(), printed };
  } catch (error) {
    return { error, printed };
  }
}

function compiled(source, file = "job.c") {
  const result = toolchain.compile(file, source);
  assert.ok(result.module, JSON.stringify(result.diagnostics, null, 2));
  return result;
}

/** The source with fixes, which clang gives as a whole. */
function mended(source, fixes) {
  const lines = source.split("\n");
  const offset = ({ line, column }) => lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  return [...fixes]
    .sort((a, b) => offset(b.from) - offset(a.from))
    .reduce((text, fix) => text.slice(0, offset(fix.from)) + fix.text + text.slice(offset(fix.to)), source);
}

test("every example compiled in the page does what the prebuilt one does", async (context) => {
  const { server, address: base } = await serve(at("web/public"), 0);
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  for (const file of ["examples", "examples/network"].flatMap((folder) => filesOf(folder, /\.c$/)))
    await context.test(stem(file), async () => {
      const { module, diagnostics } = compiled(readFileSync(file, "utf8"), `${stem(file)}.c`);
      const mistakes = diagnostics.filter(({ option }) => option !== "-Wunused-result");
      assert.deepEqual(mistakes, []);
      const prebuilt = await outcomeOf(readFileSync(at(`build/wasm/examples/${stem(file)}.wasm`)), { base });
      const paths = (text) => text.replaceAll(/\S*examples\/(network\/)?/g, "");
      const { status, printed } = await outcomeOf(module, { base });
      assert.deepEqual({ status, printed: paths(printed) }, { status: prebuilt.status, printed: paths(prebuilt.printed) });
    });
});

test("errors are where the editor counts them, and fix-its mend them", () => {
  const source = job(`    /* ä🙂 */ self->n = 3\n    printf("%s\\n", self->n);`);
  const [missing, format, ...rest] = toolchain.check("job.c", source);
  assert.deepEqual(rest, []);
  assert.equal(missing.message, "expected ';' after expression");
  const line = lineOf(source, "🙂");
  const column = source.split("\n")[line - 1].length + 1;
  assert.deepEqual(missing.from, { line, column });
  assert.deepEqual(missing.fixes, [{ from: { line, column }, to: { line, column }, text: ";" }]);
  assert.deepEqual([format.severity, format.option], ["warning", "-Wformat"]);
  assert.deepEqual(toolchain.check("job.c", mended(source, [...missing.fixes, ...format.fixes])), []);
});

/* What is said of each program of tests/compile-fail that clang refuses. */
const words = {
  await_in_expression: "weft_await is a statement",
  await_of_an_int: "weft_await takes a coroutine, a task, a future or an operation, and no 'int'",
  await_outside_coroutine: "weft_await works in a coroutine only",
  await_to_a_struct: "'struct pair' is no value",
  call_of_an_unknown_field: "field designator 'delay' does not refer to any field",
  coroutine_as_callback: "a callback is a function",
  frame_not_first: "struct nap must begin with `weft_frame frame`",
  frame_of_another_type: "struct nap must begin with `weft_frame frame`",
  local_across_a_possible_await: "'n' is lost at the await in line 17: make it a member of struct counter",
  local_across_await: "'n' is lost at the await in line 19: make it a member of struct counter",
  local_array: "'name' is lost at the await in line 18: make it a member of struct greeter",
  local_in_a_block: "'n' is lost at the await in line 21: make it a member of struct guarded",
  local_set_before_await: "'n' is lost at the await in line 20: make it a member of struct counter",
  mismatched_begin: "weft_begin(other) stands in the body of weft_async(nap)",
  over_aligned_frame: "struct nap is over-aligned",
  param_double_out_of_range: "must be constants, and in order",
  param_not_constant: "must be constants, and in order",
  param_of_another_type: "the parameter count must be an int, a double or a bool",
  param_out_of_range: "the value of the parameter count must be between its least and its most",
  param_with_a_fraction: "the value, least and most of the parameter count must be integers",
  return_of_a_struct: "'struct pair' is no value",
  two_awaits_on_a_line: "two awaits cannot stand on one line",
  unused_call: "this coroutine is never awaited",
};

test("weft's mistakes are told in weft's words, with clang's as a note", async (context) => {
  for (const file of filesOf("tests/compile-fail", /\.c$/))
    await context.test(stem(file), () => {
      const source = readFileSync(file, "utf8");
      assert.ok(words[stem(file)], "the test does not say what is to be said of it");
      const said = toolchain.check(`${stem(file)}.c`, source);
      const found = said.find(({ message }) => message.includes(words[stem(file)]));
      assert.ok(found, JSON.stringify(said, null, 2));
      assert.ok(stem(file) === "call_of_an_unknown_field" || found.notes.some(({ message }) => message !== found.message));
      assert.ok(found.notes.every((note) => note.file === `${stem(file)}.c`), "a note leads into a header");
      assert.deepEqual(toolchain.check(`${stem(file)}.c`, `#define FIXED\n${source}`), []);
    });
});

const mistakes = {
  "no weft_begin": [`${head}weft_async(job) {\n    self->n = 1;\n    weft_await(weft_sleep(1));\n    weft_end();\n}\n`, "weft_begin(job) is missing"],
  "no weft_end": [`${head}weft_async(job) {\n    weft_begin(job);\n    weft_await(weft_sleep(1));\n}\nint main(void) {\n    return 0;\n}\n`, "weft_end() is missing"],
  "no structure": ["#include <weft/weft.h>\nweft_async(job) {\n    weft_begin(job);\n    weft_end();\n}\n", "struct job is missing"],
  "no frame": ["#include <weft/weft.h>\nstruct job {\n    int n;\n};\nweft_async(job) {\n    weft_begin(job);\n    weft_end();\n}\n", "struct job must begin with"],
  "the value of an await": [job("    self->n = weft_await(weft_call(job));"), "weft_await is a statement"],
  "return": [job("    if (self->n)\n        return 3;"), "a coroutine ends with weft_return"],
  "two awaits on a line": [job("    weft_await(weft_sleep(1)); weft_await(weft_sleep(1));"), "two awaits cannot stand on one line"],
  "a coroutine called as a function": [job("    weft_await(job());"), "job is a coroutine: weft_call"],
  "a coroutine from further down": [`${head}int main(void) {\n    return weft_main(weft_call(job));\n}\nweft_async(job) {\n    weft_begin(job);\n    weft_end();\n}\n`, "defined further down", "none"],
  "a slip of the fingers": [job("    weft_awiat(weft_sleep(1));"), "did you mean 'weft_await'?"],
  "a local that is lost": [job("    int count = 3;\n    weft_await(weft_sleep(1));\n    self->n = count;"), "'count' is lost at the await in line"],
  "a counter that is lost": [job("    for (int i = 0; i < 3; i++)\n        weft_await(weft_sleep(i));"), "'i' is lost at the await in line"],
};

test("weft's mistakes can be mended with one click", async (context) => {
  for (const [name, [source, text, fixes]] of Object.entries(mistakes))
    await context.test(name, () => {
      const said = toolchain.check("job.c", source);
      assert.match(said.map(({ message }) => message).join("\n"), new RegExp(text.replaceAll(/[()?]/g, "\\$&")));
      assert.deepEqual(said.filter(({ message }) => message.includes("weft__")), [], "an internal name is told");
      if (fixes !== "none") assert.deepEqual(toolchain.check("job.c", mended(source, said.flatMap((one) => one.fixes))), []);
    });
});

test("what is declared but not defined is told at its use", () => {
  const source = job("    elsewhere(3);").replace("struct job {", "void elsewhere(int);\nstruct job {");
  const { module, diagnostics } = toolchain.compile("job.c", source);
  assert.equal(module, undefined);
  assert.deepEqual(diagnostics.map(({ message, from }) => [message, from.line]), [["'elsewhere' is used, but defined nowhere", lineOf(source, "elsewhere(3)")]]);
});

test("a local that is lost is named by any letters", () => {
  const { diagnostics } = toolchain.compile("job.c", job("    int größe = 1;\n    weft_await(weft_sleep(1));\n    printf(\"%d\\n\", größe);"));
  assert.match(diagnostics.map(({ message }) => message).join("\n"), /'größe' is lost at the await/);
});

test("a program without main is told what it lacks", () => {
  const { module, diagnostics } = toolchain.compile("job.c", "int other(void) {\n    return 1;\n}\n");
  assert.equal(module, undefined);
  assert.deepEqual(diagnostics.map(({ message, from }) => [message, from.line]), [["there is no function main, with which a program begins", 1]]);
  for (const main of ["main()", "main(void)", "main(int count, char **words)"]) {
    assert.notEqual(toolchain.compile("job.c", `int ${main} {\n    return 0;\n}\n`).module, undefined, main);
  }
});

test("completions have types, signatures and holes for the arguments", () => {
  const source = job("    self->;\n    weft_sl");
  const line = lineOf(source, "self->;");
  const members = toolchain.complete("job.c", source, { line, column: 11 });
  assert.deepEqual(members.map(({ label, type }) => [label, type]), [["frame", "weft_frame"], ["n", "int"]]);
  const [sleep, ...others] = toolchain.complete("job.c", source, { line: line + 1, column: 12 });
  assert.deepEqual(others, []);
  assert.deepEqual(sleep, {
    label: "weft_sleep",
    type: "weft_op",
    signature: "weft_sleep(double seconds)",
    kind: "function",
    insert: { text: "weft_sleep(double seconds)", holes: [{ from: 11, to: 25 }] },
  });
  const all = toolchain.complete("job.c", source, { line: line + 1, column: 5 });
  const kindOf = (label) => all.find((one) => one.label === label)?.kind;
  assert.deepEqual(["weft_await", "weft_frame", "while", "self", "printf"].map(kindOf), ["macro", "type", "keyword", "variable", "function"]);
  assert.deepEqual(all.filter(({ label }) => label.includes("weft__") || label.includes("_weft_step")), []);
});

test("layouts say where a structure's members are and what they hold", () => {
  const source = `#include <weft/weft.h>
enum colour { RED, GREEN = 5, BLUE };
typedef enum { OFF = -1, ON } state;
typedef struct {
    double x;
} point;
struct inner {
    short a;
    unsigned b : 3;
    unsigned c : 5;
};
struct job {
    weft_frame frame;
    char name[6];
    const char *url;
    struct inner inner[2];
    point at[2];
    enum colour colour;
    state state;
    struct {
        bool ok;
    } nested;
    int matrix[2][3];
    uint64_t big;
};
weft_async(job) {
    weft_begin(job);
    weft_end();
}
`;
  const layouts = toolchain.layouts("job.c", source);
  const { size, members } = layouts["struct job"];
  const member = (name) => members.find((one) => one.name === name);
  const at = (name) => member(name).offset;
  const shape = (name) => member(name).shape;
  assert.equal(members[0].name, "frame");
  assert.deepEqual(shape("name"), { kind: "array", size: 6, count: 6, element: { kind: "integer", size: 1, signed: true, character: true } });
  assert.deepEqual(shape("url"), { kind: "pointer", size: 4, text: true, target: undefined });
  assert.deepEqual(shape("inner"), { kind: "array", size: 8, count: 2, element: { kind: "record", size: 4, name: "struct inner" } });
  assert.deepEqual(shape("at").element, { kind: "record", size: 8, name: "point" });
  assert.deepEqual(shape("colour").constants, [{ name: "RED", value: 0 }, { name: "GREEN", value: 5 }, { name: "BLUE", value: 6 }]);
  assert.deepEqual([shape("state").signed, shape("state").constants[0]], [true, { name: "OFF", value: -1 }]);
  assert.equal(layouts[shape("nested").name].members[0].name, "ok");
  assert.deepEqual([shape("matrix").count, shape("matrix").element.count], [2, 3]);
  assert.deepEqual(shape("big"), { kind: "integer", size: 8, signed: false, character: false });
  assert.ok(at("url") > at("name") && at("big") + 8 <= size);
  assert.deepEqual(layouts["struct inner"].members.map(({ bits }) => bits), [undefined, { from: 0, count: 3 }, { from: 3, count: 5 }]);
});

/* What is undefined, by what stops it. */
const undefinedBehaviour = {
  "big = big + 1;": /^signed integer overflow: 2147483647 \+ 1 does not fit 'int'/,
  "big = -2147483647 - big;": /^signed integer overflow: -2147483647 - 2147483647 does not fit 'int'/,
  "big = 3 / zero;": /^division of 3 by zero/,
  "big = 3 % zero;": /^division of 3 by zero/,
  "big = 1 << (32 + zero);": /^shift of 'int', which has 32 bits, by 32/,
  "big = table[4 + zero];": /^index 4 is outside of the array 'int\[4\]'/,
  "self->slots[3 + zero] = 1;": /^index 3 is outside of the array 'int\[3\]'/,
  "*none = 1;": /^null pointer: store to 'int'/,
  "big = (int)(zero + 1e10);": /^10000000000 does not fit 'int'/,
};

test("undefined behaviour stops with words and its line", async (context) => {
  const source = `#include <stdio.h>
#include <weft/weft.h>
static int table[4];
struct job {
    weft_frame frame;
    int which;
    int slots[3];
};
weft_export(job, which);
weft_async(job) {
    weft_begin(job);
    volatile int big;
    volatile int zero;
    int *volatile none;
    weft_await(weft_sleep(1));
    big = 2147483647, zero = 0, none = NULL;
    printf("before\\n");
    switch (self->which) {
${Object.keys(undefinedBehaviour).map((statement, index) => `    case ${index}:\n        ${statement}\n        break;`).join("\n")}
    }
    printf("not reached: %d\\n", big);
    weft_end();
}
int main(void) { return weft_main(weft_call(job)); }
`;
  const { module } = compiled(source);
  for (const [index, [statement, expected]] of Object.entries(undefinedBehaviour).entries())
    await context.test(statement, async () => {
      let printed = "";
      const weft = await loadWeft({ wasm: module, clock: "virtual", print: (text) => (printed += text) });
      await assert.rejects(weft.run("job", { which: index }), /the program crashed: unreachable/);
      const [first, second, ...rest] = printed.trimEnd().split("\n");
      assert.deepEqual([first, rest], ["before", []]);
      assert.match(second, new RegExp(`^undefined behaviour: .* at job\\.c:${lineOf(source, statement)}:\\d+$`));
      assert.match(second.replace("undefined behaviour: ", ""), expected);
    });
});

const offsetsOf = (stack) => [...stack.matchAll(/wasm-function\[\d+\]:0x([\da-f]+)/g)].map(([, offset]) => parseInt(offset, 16));

test("the line of any other trap is found by its address", async () => {
  const source = job("    weft_await(weft_sleep(1));\n    self->n = *(volatile int *)0x7ffffff0;");
  const { module } = compiled(source);
  const { error } = await outcomeOf(module);
  const places = toolchain.places(module, offsetsOf(error.cause.stack));
  assert.deepEqual([places[0].file, places[0].line], ["job.c", lineOf(source, "0x7ffffff0")]);
});

test("memory has an end, which malloc and weft tell", async () => {
  const eat = `    for (self->n = 0; malloc(1 << 20) != NULL; self->n++)\n        ;\n    if (self->n > 0)\n        printf("%d MiB\\n", self->n);`;
  const { status, printed } = await outcomeOf(compiled(job(`${eat}\n    weft_await(weft_call(job));`)).module);
  assert.equal(status, 1);
  const megabytes = parseInt(printed);
  assert.ok(megabytes > 200 && megabytes < 256, printed);
  assert.match(printed, /OutOfMemory/);
});

test("an instrumented program tells where it spins", async () => {
  const source = job("    printf(\"begins\\n\");\n    weft_await(weft_sleep(1));\n    while (self->n < 10)\n        self->n += self->n & 1;");
  const module = toolchain.instrument("job.c", source);
  const { error, printed } = await outcomeOf(module);
  assert.equal(printed, "begins\n");
  const [first] = toolchain.places(module, offsetsOf(error.cause.stack)).filter((place) => place !== undefined);
  assert.equal(first.file, "job.c");
  const line = lineOf(source, "while (self->n < 10)");
  assert.ok(first.line === line || first.line === line + 1, `line ${first.line}`);
});
