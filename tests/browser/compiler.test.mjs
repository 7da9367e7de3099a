/* Programs that are written in the page: compiled there, run, and stopped where they go wrong. One page does all, since
   it loads the compiler once. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { button, ended, openPage, output, outputLines, startBrowser, status, useVirtualTime } from "./page.mjs";

let site;
before(async () => {
    site = await startBrowser();
});
after(() => site.close());

const program = (body) => `#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

struct job {
    weft_frame frame;
    int n;
};

weft_async(job) {
    weft_begin(job);
    printf("begins\\n");
    weft_await(weft_sleep(1));
${body}
    weft_end();
}

int main(void) {
    return weft_main(weft_call(job));
}
`;
const lineOf = (source, text) => source.split("\n").findIndex((line) => line.includes(text)) + 1;

/** Puts a text in place of the example's, as one who pastes it. */
async function write(page, source) {
    const editor = page.getByRole("textbox", { name: /^Source/ });
    await editor.click();
    await editor.press("Control+A");
    await page.keyboard.insertText(source);
}

const consoleText = async (page) => (await outputLines(page)).join("\n");

async function runAgain(page, source) {
    await write(page, source);
    await button(page, "Run").click();
}

test("an edited program is compiled and run, and what goes wrong is stopped with its line", async (t) => {
    const page = await openPage(t, site, "gather", { expectErrors: true });
    await useVirtualTime(page);

    await t.test("it runs", async () => {
        await runAgain(page, program('    printf("edited\\n");'));
        await ended(page);
        assert.match(await status(page).textContent(), /^Finished at virtual time 1\.000 s/);
        assert.match(await consoleText(page), /begins\nedited/);
    });

    await t.test("an error says its line", async () => {
        const source = program("    self->count = 3;");
        await runAgain(page, source);
        await ended(page);
        assert.match(await consoleText(page), new RegExp(`gather\\.c:${lineOf(source, "self->count")}: no member named 'count'`));
    });

    for (const [who, code, words] of [
        ["the assembler", '    __asm__("no_instruction");', "invalid instruction"],
        ["the linker", "    extern void nowhere(void);\n    nowhere();", "'nowhere' is used, but defined nowhere"],
    ])
        await t.test(`an error of ${who} stands among the problems`, async () => {
            await runAgain(page, program(code));
            await ended(page);
            await page.getByRole("list", { name: "Problems" }).getByText(words).waitFor();
        });

    await t.test("undefined behaviour", async () => {
        const source = program("    self->n = 2147483647;\n    self->n++;");
        await runAgain(page, source);
        await ended(page);
        assert.match(await consoleText(page), new RegExp(`^Undefined behaviour: signed integer overflow: 2147483647 \\+ 1 .* at gather\\.c:${lineOf(source, "self->n++")}:`, "m"));
        assert.match(await status(page).textContent(), /^Failed at 1\.000 s: Undefined behaviour/);
    });

    await t.test("a crash", async () => {
        const source = program("    self->n = *(volatile int *)0x7ffffff0;");
        await runAgain(page, source);
        await ended(page);
        assert.match(await consoleText(page), new RegExp(`job, gather\\.c line ${lineOf(source, "0x7ffffff0")}\n`));
    });

    await t.test("a program that spins", async () => {
        const source = program("    while (self->n < 10)\n        self->n += self->n & 1;");
        await runAgain(page, source);
        await status(page).getByText(/This step has run for \d s/).waitFor();
        await button(page, "Stop").click();
        await ended(page);
        const line = lineOf(source, "while (self->n");
        assert.match(await status(page).textContent(), new RegExp(`^Stopped: the program spins at line (${line}|${line + 1}) of gather\\.c, in job`));
    });

    await t.test("a program whose line is not found", async () => {
        await page.getByRole("radio", { name: "Real time" }).check();
        await runAgain(page, program('    while (getenv("WEFT_VIRTUAL") == NULL)\n        self->n ^= 1;\n    while (true)\n        weft_await(weft_sleep(1));'));
        await output(page).getByText("begins").waitFor();
        await status(page).getByText(/This step has run for \d s/).waitFor();
        await button(page, "Stop").click();
        await status(page).getByText(/^Ended\. Looking for the line/).waitFor();
        await button(page, "Stop").click();
        await status(page).getByText("Stopped: the program did not end by itself and was ended.").waitFor({ timeout: 3000 });
    });

    await t.test("what was left out of a flood counts for what comes later", async () => {
        await runAgain(page, program('    for (; self->n < 3000; self->n++)\n        printf("%0100d\\n", self->n);\n    while (true) {\n        weft_await(weft_sleep(0.05));\n        puts("later");\n    }'));
        const later = output(page).getByText("later", { exact: true }).first();
        await later.waitFor();
        await page.getByRole("textbox", { name: /^Source/ }).press("Shift+Escape");
        await ended(page);
        assert.match(await consoleText(page), /characters left out/);
        assert.equal(await later.getAttribute("class"), "stdout");
        await page.getByRole("slider", { name: "Step of the run" }).press("Home");
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("ArrowRight");
        assert.equal(await later.getAttribute("class"), "stdout later");
        await useVirtualTime(page);
    });

    await t.test("a program that floods the console", async () => {
        await runAgain(page, program('    for (;;)\n        printf("%d too many\\n", self->n++ % 1000);'));
        await ended(page);
        assert.match(await status(page).textContent(), /^Stopped: the program has printed more than 16 million characters/);
        assert.ok((await output(page).locator("> div").count()) <= 2005);
    });

    await t.test("a program that eats memory", async () => {
        await runAgain(page, program('    while (malloc(1 << 20) != NULL)\n        self->n++;\n    printf("%d MiB\\n", self->n);'));
        await ended(page);
        assert.match(await consoleText(page), /\b2[0-5]\d MiB/);
    });
});
