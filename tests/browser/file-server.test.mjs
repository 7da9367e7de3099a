/* A browser as a peer of the native file server: it serves the playground. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { choose, launchBrowser, openPage, outputLines, run } from "./page.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));

async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

test("the playground works from the file server of the examples", async (t) => {
    const port = await freePort();
    const server = spawn(fromHere("../../build/native/examples/file_server"), [String(port), fromHere("../../web/dist")], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => server.kill("SIGKILL"));
    const { value: line } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
    assert.match(line, new RegExp(`at port ${port}$`));
    const browser = await launchBrowser();
    t.after(() => browser.close());
    const page = await openPage(t, { browser, address: `http://127.0.0.1:${port}/` });
    await run(page);
    assert.ok((await outputLines(page)).length >= 3);
    await choose(page, "fetch");
    await run(page);
    assert.deepEqual((await outputLines(page)).slice(0, 3), ["data from a", "data from b", "data from c"]);
    server.kill("SIGINT");
    const [status, signal] = await new Promise((resolve) => server.once("exit", (...how) => resolve(how)));
    assert.deepEqual([status, signal], [null, "SIGINT"]);
});
