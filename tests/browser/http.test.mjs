/* Programs in the page that ask for documents and talk by WebSockets: in both clocks, in the time machine, offline. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WebSocketServer } from "ws";
import { serve } from "../../web/serve.mjs";
import { button, ended, openPage, outputLines, startBrowser, status, useVirtualTime } from "./page.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));

let site;
let other; /* a server of another origin */
let seen;
before(async () => {
    seen = { requests: [], closed: 0, sockets: [] };
    const server = createServer((request, response) => {
        seen.requests.push(`${request.method} ${request.url}`);
        response.on("close", () => (seen.closed += response.writableFinished ? 0 : 1));
        if (request.url.startsWith("/open")) {
            response.setHeader("Access-Control-Allow-Origin", "*");
        }
        if (request.url === "/open/never") {
            response.write("begun");
        } else {
            response.end("from another origin");
        }
    });
    new WebSocketServer({ server }).on("connection", (socket) => {
        seen.sockets.push(new Promise((resolve) => socket.on("close", resolve)));
        socket.on("message", (data, isBinary) => socket.send(isBinary ? data : `${data}!`));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    other = { server, address: `127.0.0.1:${server.address().port}` };
    site = await startBrowser();
});
after(async () => {
    await site.close();
    other.server.closeAllConnections();
    other.server.close();
});

const program = (fields, body) => `#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

struct job {
    weft_frame frame;
${fields}
};

weft_async(job) {
    weft_begin(job);
${body}
    weft_end();
}

int main(void) {
    return weft_main(weft_call(job));
}
`;
const fetches = (url) => program("    char *text;", `    weft_await_to(self->text, weft_fetch("${url}"));\n    printf("%s\\n", self->text);\n    weft_drop();\n    weft_free(self->text);`);
const poem = program(
    "    weft_http_response *poem;\n    char *line, *index;\n    int lines;",
    `    weft_await_to(self->poem, weft_http_send(NULL, &(weft_http_request){.url = "data/weaving.txt", .stream = true}));
    weft_for_await(self->line, weft_http_lines(self->poem)) {
        printf("%2d %s\\n", ++self->lines, self->line);
        weft_free(self->line);
        weft_await(weft_sleep(0.01));
    }
    weft_http_response_close(self->poem);
    self->poem = NULL;
    weft_await_to(self->index, weft_fetch("data/patterns.json?fresh=1"));
    printf("%zu\\n", strlen(self->index));
    weft_drop();
    weft_http_response_close(self->poem);
    weft_free(self->index);`,
);

async function write(page, source) {
    const editor = page.getByRole("textbox", { name: /^Source/ });
    await editor.click();
    await editor.press("Control+A");
    await page.keyboard.insertText(source);
}
async function runSource(page, source) {
    await write(page, source);
    await button(page, "Run").click();
    await ended(page);
}
const consoleText = async (page) => (await outputLines(page)).join("\n");

test("a program that is written in the page asks the page for documents", async (t) => {
    const page = await openPage(t, site, "gather", { expectErrors: true });
    const asked = [];
    page.on("request", (request) => request.url().includes("/data/") && asked.push(request.url().slice(site.address.length)));

    await t.test("on the real clock", async () => {
        await runSource(page, poem);
        assert.match(await status(page).textContent(), /^Finished/);
        assert.match(await consoleText(page), /^ 1 Weaving, line by line\n(.*\n)*12 which of the threads had to wait for which\.\n\d+$/);
        assert.deepEqual(asked, ["data/weaving.txt", "data/patterns.json?fresh=1"]);
    });
    await t.test("in virtual time, and in the time machine without asking again", async () => {
        await useVirtualTime(page);
        await button(page, "Run").click();
        await ended(page);
        assert.match(await status(page).textContent(), /^Finished at virtual time 0\.120 s/);
        asked.length = 0;
        const scrubber = page.getByRole("slider", { name: "Step of the run" });
        await page.getByRole("tab", { name: "Variables", exact: true }).click();
        await button(page, "To the beginning").click();
        for (let steps = 0; !(await scrubber.getAttribute("aria-valuetext")).startsWith("0.050 s"); steps++) {
            assert.ok(steps < 100);
            await button(page, "Step forward").click();
        }
        const panel = page.getByRole("tabpanel", { name: "Variables" });
        const variable = (name) => panel.locator(".row", { has: page.locator(".name", { hasText: new RegExp(`^${name}$`) }) });
        await variable("lines").filter({ hasText: "6" }).waitFor();
        await button(page, "To the beginning").click();
        await button(page, "To the end").click();
        assert.deepEqual(asked, []);
        assert.doesNotMatch(await panel.textContent(), /does not do again/);
    });
    await t.test("what it waits for has a name", async () => {
        await button(page, "To the beginning").click();
        await button(page, "Step forward").click();
        await page.getByRole("tab", { name: "State", exact: true }).click();
        await page.getByRole("tabpanel", { name: "State" }).getByText("waits for an HTTP answer").first().waitFor();
    });
    await t.test("another origin, if that lets it", async () => {
        await runSource(page, fetches(`http://${other.address}/open`));
        assert.equal(await consoleText(page), "from another origin");
        await runSource(page, fetches(`http://${other.address}/closed`));
        assert.match(await consoleText(page), /HttpError: GET http:\/\/.*\/closed: Failed to fetch \(no connection, or the server does not let this page see its answer/);
    });
    await t.test("a document that is not there", async () => {
        await runSource(page, fetches("data/nothing.txt"));
        assert.match(await consoleText(page), /HttpError: GET data\/nothing\.txt: 404 Not Found/);
    });
    await t.test("a program that is stopped ends its transfer", async () => {
        const { closed } = seen;
        await page.getByRole("radio", { name: "Real time" }).check();
        await write(page, fetches(`http://${other.address}/open/never`));
        const request = page.waitForRequest(/never/);
        await button(page, "Run").click();
        await request;
        await button(page, "Stop").click();
        await ended(page);
        while (seen.closed === closed) {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
    });
    await t.test("a WebSocket", async () => {
        const source = program(
            "    weft_websocket *socket;\n    weft_value answer;\n    int i;",
            `    weft_await_to(self->socket, weft_websocket_connect("ws://${other.address}/", NULL));
    weft_with(self->socket) {
        for (self->i = 0; self->i < 3; self->i++) {
            weft_await(weft_websocket_printf(self->socket, "grüß %d", self->i));
            weft_await_to(self->answer, weft_websocket_receive(self->socket));
            printf("%s\\n", weft_value_string(self->answer));
            weft_value_free(&self->answer);
        }
    }
    printf("%d\\n", weft_websocket_close_code(self->socket));
    weft_drop();
    weft_websocket_close(self->socket);`,
        );
        for (const clock of ["Real time", "Virtual time"]) {
            await page.getByRole("radio", { name: clock }).check();
            await runSource(page, source);
            assert.equal(await consoleText(page), "grüß 0!\ngrüß 1!\ngrüß 2!\n1000");
            assert.equal(await seen.sockets.at(-1), 1000);
        }
        await runSource(page, source.replace(other.address, "127.0.0.1:9"));
        assert.match(await consoleText(page), /WebSocketError: no connection, or the server will have none/);
    });
    await t.test("many orders ask once", async () => {
        await useVirtualTime(page);
        const group = program(
            "    char *text[3];",
            `    weft_await(weft_gather(weft_fetch("data/patterns/1.txt"), weft_fetch("data/patterns/2.txt"), weft_fetch("http://${other.address}/open/once")));
    printf("all\\n");`,
        );
        await write(page, group);
        await page.getByRole("tab", { name: "Orders", exact: true }).click();
        await page.getByRole("spinbutton", { name: "Orders" }).fill("40");
        await button(page, "Try 40 orders").click();
        await page.getByRole("status", { name: "Orders", exact: true }).filter({ hasText: "All 40 orders ended as the ordinary one." }).waitFor();
        const asked = seen.requests.filter((request) => request.endsWith("/once")).length;
        assert.equal(asked, 1);
    });
});

test("the page's documents are there without a network", async (t) => {
    const own = await startBrowser();
    t.after(() => own.close());
    await promisify(execFile)(process.execPath, [fromHere("../../web/scripts/offline.mjs"), "--directory", own.directory]);
    const context = await own.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(own.address);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await own.disconnect();
    await page.reload();
    const texts = await page.evaluate(() => Promise.all(["data/patterns/3.txt", "data/patterns.json?again"].map(async (path) => (await fetch(path)).text())));
    assert.match(texts[0], /^satin\n/);
    assert.equal(JSON.parse(texts[1]).patterns.length, 10);
});

test("a page that loads a module itself", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "weft-http-"));
    await cp(fromHere("../../wasm"), join(folder, "weft"), { recursive: true });
    await cp(fromHere("../../build/wasm/tests/wasm/network.wasm"), join(folder, "network.wasm"));
    await cp(fromHere("../../web/public/data"), join(folder, "data"), { recursive: true });
    await writeFile(join(folder, "index.html"), "<!doctype html><title>weft</title>");
    const { server, address } = await serve(folder, 0);
    const page = await site.browser.newPage();
    t.after(async () => {
        await page.close();
        server.closeAllConnections();
        server.close();
        await rm(folder, { recursive: true });
    });
    await page.goto(address);
    const runs = (name, fields) =>
        page.evaluate(async ([coroutine, values]) => {
            const { loadWeft } = await import("./weft/weft.mjs");
            const weft = await loadWeft({ wasm: new URL("network.wasm", document.baseURI), print: (text) => (globalThis.printed = (globalThis.printed ?? "") + text) });
            globalThis.printed = "";
            const value = await weft.run(coroutine, values).catch((error) => `${error.name}: ${error.message}`);
            return value ?? globalThis.printed;
        }, [name, fields]);
    assert.match(await runs("fetch", { url: "data/patterns/1.txt" }), /^plain\n/);
    assert.match(await runs("ask", { url: "data/patterns/1.txt", method: "HEAD" }), /^200 .*\/data\/patterns\/1\.txt\n(x-.*\n)*0: \n$/);
    assert.match(await runs("ask", { url: `http://${other.address}/open/never`, patience: 0.05 }), /^TimedOut/);
    assert.match(await runs("ask", { url: `http://${other.address}/closed` }), /^HttpError -: .*browsers do not say/);
    assert.match(await runs("ws_echo", { url: `ws://${other.address}`, text: "hello" }), /^hello! at .*\nclosed 1000\n$/);
    assert.match(await runs("ws_fails", { url: "ws://127.0.0.1:9", code: 1000 }), /^WebSocketError -: no connection/);
    assert.match(await runs("ws_fails", { url: `ws://${other.address}`, code: 1001 }), /^InvalidArgument -: JavaScript's WebSocket says 1000/);
});
