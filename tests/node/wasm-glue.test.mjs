// A program that is linked with Emscripten's own glue runs under Node as it would in a page.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { WebSocketServer } from "ws";
import { at, howItEnded, run } from "./lib/project.mjs";

test("a program with Emscripten's glue prints everything", async () => {
  const result = await run(process.execPath, [at("build/wasm/tests/wasm/glue.cjs")]);
  assert.equal(result.status, 0, howItEnded(result));
  assert.deepEqual(result.stdout.trimEnd().split("\n"), [
    "sleeper 1",
    "sleeper 2",
    "hello wörld 7 -3000000000, 2.5, -9007199254740991",
    'Module.weftImports has no function "missing"',
    "aborted",
    "timed out",
    "no newline",
  ]);
});

test("a program with Emscripten's glue uses the network", async (context) => {
  let aborted = false;
  const server = createServer(async (request, response) => {
    if (request.url === "/echo") {
      assert.equal(request.headers.authorization, `Basic ${btoa("me:y&u")}`);
      response.setHeader("X-Type", request.headers["content-type"]);
      request.pipe(response);
    } else if (request.url === "/lines") {
      for (let i = 0; i < 10; i++) {
        response.write("a line of some length\n".repeat(2000));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      response.end();
    } else if (request.url === "/reset") request.socket.resetAndDestroy();
    else if (request.url === "/never") response.on("close", () => (aborted = true));
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered].at(-1) });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  sockets.on("connection", (socket) => {
    let sum = 0;
    socket.on("message", (data, isBinary) => {
      if (isBinary) return void (sum += data.length);
      socket.send(`${data} ${sum}`);
      socket.send(new Uint8Array(3));
      socket.close(4321, "done");
    });
  });
  const { port } = server.address();
  const addresses = [`http://me:y%26u@127.0.0.1:${port}`, `ws://127.0.0.1:${port}`];
  const result = await run(process.execPath, [at("build/wasm/tests/wasm/glue.cjs"), ...addresses]);
  assert.equal(result.status, 1, howItEnded(result));
  assert.match(result.stderr, /WebSocketError: the peer closed the WebSocket: 4321 \(private\): done/);
  assert.deepEqual(result.stdout.trimEnd().split("\n"), [
    "200 text/plain; charset=utf-8: grüß dich",
    "20000 lines",
    "HttpError: 404 Not Found",
    "HttpError: read ECONNRESET",
    "TimedOut",
    "InvalidArgument: Invalid URL",
    "speaks b",
    "bye 8000",
  ]);
  assert.ok(aborted);
});
