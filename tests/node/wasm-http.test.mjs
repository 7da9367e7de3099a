// C's HTTP client by fetch, against servers of this process.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { loadWeft, simulate } from "../../wasm/weft.mjs";
import { at, run } from "./lib/project.mjs";
import { failure, load, moduleNamed, modulePath, tasksDone } from "./lib/wasm.mjs";

const listening = (context, server) =>
  new Promise((resolve) => {
    context.after(() => {
      server.closeAllConnections?.();
      server.close();
    });
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`));
  });

async function readBody(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

// A server of which each path is a function; `closed` counts the answers that were broken off.
async function serve(context, paths) {
  const seen = { requests: 0, closed: 0 };
  const server = createServer((request, response) => {
    seen.requests++;
    response.on("close", () => (seen.closed += response.writableFinished ? 0 : 1));
    const path = request.url.split("?")[0];
    (paths[path] ?? paths["*"] ?? ((_, answer) => answer.writeHead(404).end("nothing")))(request, response);
  });
  return { url: await listening(context, server), seen };
}

// One that says just these bytes, and what comes after them.
async function serveBytes(context, paths) {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => paths[String(data).split(" ")[1]](socket));
  });
  const sockets = new Set();
  server.on("connection", (socket) => sockets.add(socket));
  context.after(() => sockets.forEach((socket) => socket.destroy()));
  return listening(context, server);
}

// The limit only ends what hangs.
const settled = async (condition) => {
  const until = Date.now() + 60_000;
  while (!condition() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition(), `${condition}`);
};

test("a request and its answer", async (context) => {
  const { url } = await serve(context, {
    async "/echo"(request, response) {
      const body = await readBody(request);
      const { "x-asked": asked, "content-type": type, "content-length": length } = request.headers;
      response.setHeader("X-Method", request.method);
      response.setHeader("X-Asked", String(asked));
      response.setHeader("Set-Cookie", ["a=1", "b=2"]);
      response.writeHead(200).end(`${type} ${length} ${body}`);
    },
    "/moved": (_, response) => response.writeHead(302, { Location: "/echo?there" }).end("elsewhere"),
    "/loop": (_, response) => response.writeHead(302, { Location: "/loop" }).end(),
    "/away": (_, response) => response.writeHead(307, { Location: `${other}/told` }).end(),
    "/empty": (_, response) => response.writeHead(204).end(),
    "/zipped": (_, response) => response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync("squeezed")),
    "/latin": (_, response) => response.writeHead(200, { "X-Name": Buffer.from("Grüße").toString("latin1") }).end(),
    "/large": (_, response) => response.end("x".repeat(5000)),
    "/who": (request, response) => response.end(Buffer.from(request.headers.authorization.split(" ")[1], "base64")),
  });
  const other = (await serve(context, { "/told": ({ headers }, response) => response.end(`${headers.authorization} ${headers.cookie}`) })).url;
  const named = url.replace("//", "//J%C3%BCrgen:se%20cret@");
  const cases = {
    "a GET": [{ url: `${url}/echo`, header: "X-Asked", value: "täglich" }, `200 ${url}/echo\nset-cookie: a=1\nset-cookie: b=2\nx-asked: täglich\nx-method: GET\n20: undefined undefined \n`],
    "a POST": [{ url: `${url}/echo`, body: "grüß dich" }, `200 ${url}/echo\nset-cookie: a=1\nset-cookie: b=2\nx-asked: undefined\nx-method: POST\n25: text/plain 11 grüß dich\n`],
    "a DELETE": [{ url: `${url}/echo`, method: "DELETE" }, /x-method: DELETE\n/],
    "a HEAD": [{ url: `${url}/echo`, method: "HEAD" }, /x-method: HEAD\n0: \n$/],
    "a redirect": [{ url: `${url}/moved` }, new RegExp(`^200 ${url}/echo\\?there\n`)],
    "a redirect that is not followed": [{ url: `${url}/moved`, redirects: -1 }, `302 ${url}/moved\n9: elsewhere\n`],
    "redirects without an end": [{ url: `${url}/loop` }, /^HttpError -: GET .*\/loop: fetch failed: redirect count exceeded\n$/],
    "a status of failure": [{ url: `${url}/nowhere` }, `404 ${url}/nowhere\n7: nothing\n`],
    "no body": [{ url: `${url}/empty` }, `204 ${url}/empty\n0: \n`],
    "a compressed body": [{ url: `${url}/zipped` }, `200 ${url}/zipped\n8: squeezed\n`],
    "bytes in a header": [{ url: `${url}/latin` }, `200 ${url}/latin\nx-name: Grüße\n0: \n`],
    "a name and password": [{ url: `${named}/who` }, `200 ${url}/who\n15: Jürgen:se cret\n`],
    "a name and a header of its own": [{ url: `${named}/who`, header: "authorization", value: "Basic YTpi" }, `200 ${url}/who\n3: a:b\n`],
    "a redirect to another server, which is not told a name and password": [{ url: `${named}/away` }, `200 ${other}/told\n19: undefined undefined\n`],
    "nor an Authorization": [{ url: `${url}/away`, header: "authorization", value: "Basic YTpi" }, `200 ${other}/told\n19: undefined undefined\n`],
    "nor a Cookie": [{ url: `${url}/away`, header: "Cookie", value: "a=b" }, `200 ${other}/told\n19: undefined undefined\n`],
    "a password in what is no URL": [{ url: "http://user:secret@[x/" }, "InvalidArgument -: GET http://[x/: http://[x/ is no URL\n"],
    "more than the limit": [{ url: `${url}/large`, limit: 4999 }, /^LimitExceeded -: GET .*\/large: the body is longer than 4999 bytes\n$/],
    "a relative URL and a base_url": [{ url: "empty", base: `${url}/` }, /^204/],
    "a relative URL and nothing": [{ url: "empty" }, /^InvalidArgument -: .*there is no page: give the client a base_url, or loadWeft the option base\n$/],
  };
  for (const [name, [fields, expected]] of Object.entries(cases))
    await context.test(name, async () => {
      const { weft, printed } = await load("network");
      await weft.run("ask", fields);
      if (typeof expected === "string") assert.equal(printed.all, expected);
      else assert.match(printed.all, expected);
    });
  await context.test("the option base", async () => {
    const { weft, printed } = await load("network", { base: `${url}/some/page.html` });
    await weft.run("ask", { url: "../empty" });
    assert.equal(printed.all, `204 ${url}/empty\n0: \n`);
  });
});

test("options that are none", async (context) => {
  for (const [options, words] of [
    [{ base: "somewhere" }, "base must be an absolute URL, not somewhere"],
    [{ fetch: "curl" }, "fetch must be a function"],
    [{ WebSocket: {} }, "WebSocket must be a class"],
  ])
    await context.test(words, async () => {
      const error = await failure(load("network", options));
      assert.ok(error instanceof TypeError);
      assert.equal(error.message, words);
    });
  const { weft } = await load("network");
  for (const what of ["proxy", "ca_file", "insecure"])
    await context.test(`${what} of a client`, async () =>
      assert.match(await weft.run("demands", { url: "http://127.0.0.1/", what }), new RegExp(`^InvalidArgument: .*fetch cannot be told of .*${what}`)),
    );
});

test("a bad world", async (context) => {
  const hang = (socket) => void socket;
  const raw = await serveBytes(context, {
    "/reset": (socket) => socket.resetAndDestroy(),
    "/close": (socket) => socket.end(),
    "/garbage": (socket) => socket.end("hello\r\n\r\n"),
    "/short": (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "/shortchunk": (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
    "/shortreset"(socket) {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
      setTimeout(() => socket.resetAndDestroy(), 20);
    },
    "/nozip": (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    "/headers": (socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${"a".repeat(100000)}\r\nContent-Length: 0\r\n\r\n`),
    "/half": (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Le"),
    "/silent": hang,
    "/stalled": (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
  });
  const unused = await new Promise((resolve) => {
    const server = createTcpServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  const cases = [
    [{ url: `http://127.0.0.1:${unused}/` }, /^HttpError ECONNREFUSED: GET .*: connection refused \(ECONNREFUSED\)\n$/],
    [{ url: "http://nowhere.invalid/" }, /^HttpError EAI_(NONAME|AGAIN): GET .*: (unknown node or service|temporary failure) \(EAI_\w+\)\n$/],
    [{ url: `${raw}/reset` }, /^HttpError ECONNRESET: .*connection reset by peer \(ECONNRESET\)\n$/],
    [{ url: `${raw}/close` }, /^HttpError -: .*other side closed\n$/],
    [{ url: `${raw}/garbage` }, /^HttpError -: .*does not match the HTTP\/1\.1 protocol/],
    [{ url: `${raw}/short` }, /^HttpError -: .*other side closed\n$/],
    [{ url: `${raw}/shortchunk` }, /^HttpError -: .*other side closed\n$/],
    [{ url: `${raw}/shortreset` }, /^HttpError ECONNRESET: .*connection reset by peer \(ECONNRESET\)\n$/],
    [{ url: `${raw}/nozip` }, /^HttpError -: .*incorrect header check\n$/],
    [{ url: `${raw}/headers` }, /^HttpError -: .*Headers Overflow/],
    [{ url: `${raw}/half`, patience: 0.03 }, /^TimedOut -: .*it took longer than was allowed\n$/],
    [{ url: `${raw}/silent`, patience: 0.03 }, /^TimedOut -: .*it took longer than was allowed\n$/],
    [{ url: `${raw}/stalled`, patience: 0.03 }, /^TimedOut -: .*it took longer than was allowed\n$/],
    [{ url: `${raw}/`, method: "TRACK" }, /^HttpError -: .*'TRACK' HTTP method is unsupported/],
  ];
  for (const [fields, expected] of cases)
    await context.test(String(expected), async () => {
      const { weft, printed } = await load("network");
      await weft.run("ask", fields);
      assert.match(printed.all, expected);
    });
});

test("a body as it comes", async (context) => {
  let written = 0;
  const medium = Buffer.from(Array.from({ length: 2e6 }, (_, i) => (i * i) >> 7));
  const { url, seen } = await serve(context, {
    "/large"(_, response) {
      const piece = Buffer.alloc(100000, "weft ");
      const more = () => {
        while (written < 20e6) {
          written += piece.length;
          if (!response.write(piece)) return response.once("drain", more);
        }
        response.end();
      };
      more();
    },
    "/medium": (_, response) => response.end(medium),
    "/lines"(_, response) {
      response.write("one\r\ntw");
      setTimeout(() => response.end("o\n\nthree"), 5);
    },
  });
  await context.test("is all there", async () => {
    const { weft, printed } = await load("network");
    await weft.run("stream", { url: `${url}/large` });
    assert.match(printed.all, /^20000000 bytes/);
  });
  await context.test("stays with the server while nobody reads", async () => {
    written = 0;
    const { weft } = await load("network");
    const controller = new AbortController();
    const ended = failure(weft.run("stream", { url: `${url}/large`, pause: 1000 }, { signal: controller.signal }));
    let before = -1;
    while (written !== before || written === 0) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(written < 15e6, `${written} bytes were sent`); // most of it is in the system's buffers
    controller.abort();
    await ended;
    await settled(() => seen.closed === 1);
  });
  await context.test("loses nothing when it is read slowly", async () => {
    const { weft, printed } = await load("network");
    await weft.run("stream", { url: `${url}/medium`, pause: 0.005 });
    assert.equal(printed.all, `${medium.length} bytes, ${medium.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0)}\n`);
  });
  await context.test("that is left ends the transfer", async () => {
    const { weft } = await load("network");
    await weft.run("stream", { url: `${url}/large`, most: 1000 });
    await settled(() => seen.closed === 2);
  });
  await context.test("as lines", async () => {
    const { weft, printed } = await load("network");
    await weft.run("lines", { url: `${url}/lines` });
    assert.deepEqual(printed.all.trimEnd().split("\n").map((line) => line.split(" ")[1]), ["one", "two", "", "three"]);
  });
});

test("many at once, three at a time", async (context) => {
  let open = 0;
  let most = 0;
  const { url } = await serve(context, {
    "*"(request, response) {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end(`text ${request.url}`);
      }, 3);
    },
  });
  const { weft, printed } = await load("network", { clock: "virtual" });
  await weft.run("crowd", { url, count: 10 });
  assert.equal(printed.all.match(/ at 0\n/g).length, 10); // the clock stood still
  assert.match(printed.all, /all at 1\n$/);
  assert.equal(most, 3);
});

test("a cancellation at any moment stops the transfer, and leaves nothing", async (context) => {
  const { url, seen } = await serve(context, {
    "/"(_, response) {
      response.write("some\n");
      setTimeout(() => response.write("more\n"), 2);
      setTimeout(() => response.end("end"), 4);
    },
  });
  for (const name of ["lines", "fetch", "ask"])
    await context.test(name, async () => {
      const { weft } = await load("network");
      const { weft_wasm_blocks: blocks } = weft.instance.exports;
      let underWay = 0;
      const cancelledAfter = async (moments) => {
        const controller = new AbortController();
        const run = weft.run(name, { url: `${url}/` }, { signal: controller.signal });
        const outcome = run.then(() => "ended", (error) => error.name);
        for (let i = 0; i < moments; i++) await tasksDone(1);
        controller.abort();
        underWay++;
        return outcome;
      };
      await cancelledAfter(0);
      await weft.run(name, { url: `${url}/` });
      const before = blocks();
      let outcome = "";
      for (let moments = 0; outcome !== "ended"; moments = moments < 20 ? moments + 1 : Math.ceil(moments * 1.2))
        outcome = await cancelledAfter(moments);
      assert.ok(underWay > 5);
      assert.equal(blocks(), before);
    });
});

test("what a program leaves open ends", async (context) => {
  const { url, seen } = await serve(context, { "/": (_, response) => void response.write("begun") });
  await context.test("with its loop", async () => {
    const { weft } = await load("network");
    await weft.run("forgets", { url: `${url}/` });
    await settled(() => seen.closed === 1);
  });
  await context.test("when it is interrupted", async () => {
    const { weft } = await load("network", { print() {} });
    const main = weft.main(["lines", `${url}/`]);
    await settled(() => seen.requests === 2);
    weft.interrupt();
    assert.equal(await main, 130);
    await settled(() => seen.closed === 2);
  });
  await context.test("when a simulation is closed", async () => {
    const simulation = await simulate({ wasm: moduleNamed("network"), args: ["lines", `${url}/`], print() {} });
    assert.equal(simulation.advance(), "waiting");
    await simulation.arrival();
    assert.equal(simulation.advance(), "waiting");
    simulation.close();
    await settled(() => seen.closed === 3);
  });
  await context.test("and the process under Node", async () => {
    const result = await run(process.execPath, [at("wasm/run.mjs"), modulePath("network"), "crowd", `${(await serve(context, { "*": (_, response) => response.end("text") })).url}`]);
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /6 text at .*\nall at [\d.]+\n$/);
  });
});

test("memory that ends is an error of the transfer, and of no other", async (context) => {
  const { url } = await serve(context, {
    "/large": (_, response) => response.end(Buffer.alloc(20e6)),
    "/small": (_, response) => response.end("small"),
  });
  const { weft, printed } = await load("network");
  const { weft_wasm_blocks: blocks } = weft.instance.exports;
  await weft.run("ask", { url: `${url}/small` });
  const before = blocks();
  await weft.run("ask", { url: `${url}/large` });
  await weft.run("ask", { url: `${url}/small` });
  assert.equal(printed.all, `200 ${url}/small\n5: small\nOutOfMemory -: \n200 ${url}/small\n5: small\n`);
  assert.equal(blocks(), before);
});

test("a fetch of the program's own", async (context) => {
  const answers = {
    late: () => new Promise(() => {}),
    throws() {
      throw new Error("not today");
    },
    rejects: () => Promise.reject("bare words"),
    whole: () => new Response("whole", { status: 201, headers: { "X-Own": "yes" } }),
    pieces: () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new Uint8Array());
            controller.enqueue(new TextEncoder().encode("in "));
            controller.enqueue(new TextEncoder().encode("pieces"));
            controller.close();
          },
        }),
      ),
    breaks: () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.error(new Error("it broke"));
          },
        }),
      ),
    redirects: () => ({ type: "opaqueredirect", status: 0, headers: new Headers(), body: null }),
    blocked: () => Promise.reject(new TypeError("Failed to fetch")),
  };
  const calls = [];
  const fetch = (address, init) => {
    calls.push([address, init]);
    return answers[new URL(address).pathname.slice(1)]();
  };
  const base = "http://test.invalid/";
  const expected = {
    throws: /^HttpError -: GET .*: not today\n$/,
    rejects: /^HttpError -: GET .*: bare words\n$/,
    whole: "201 http://test.invalid/whole\nx-own: yes\n5: whole\n",
    pieces: "200 http://test.invalid/pieces\n9: in pieces\n",
    breaks: /^HttpError -: GET .*: it broke\n$/,
    redirects: /^HttpError -: GET .*: it redirects, and where to a page is not told/,
    blocked: /^HttpError -: GET .*: Failed to fetch \(no connection, or the server does not let this page see its answer/,
  };
  for (const [name, words] of Object.entries(expected))
    await context.test(name, async () => {
      const { weft, printed } = await load("network", { fetch, base });
      await weft.run("ask", { url: name });
      if (typeof words === "string") assert.equal(printed.all, words);
      else assert.match(printed.all, words);
    });
  await context.test("one that never answers hears of the end", async () => {
    const { weft, printed } = await load("network", { fetch, base });
    await weft.run("ask", { url: "late", patience: 0.01 });
    assert.match(printed.all, /^TimedOut/);
    assert.equal(calls.at(-1)[1].signal.aborted, true);
  });
});

test("in virtual time", async (context) => {
  const { url, seen } = await serve(context, {
    "/slow"(_, response) {
      let left = 6;
      const timer = setInterval(() => {
        response.write(`line ${left}\nand a ha`);
        if (--left > 0) return;
        clearInterval(timer);
        response.end("lf");
      }, 3);
    },
    "/breaks"(_, response) {
      response.write("one\n");
      setTimeout(() => response.socket.resetAndDestroy(), 10);
    },
    "*": (request, response) => setTimeout(() => response.end(`text of ${request.url}`), Number(request.url.slice(1)) % 3),
  });
  const kept = () => {
    const said = { text: "", log: [], external: [] };
    const options = {
      print: (text) => (said.text += text),
      onEvent: (chunk) => said.log.push(Buffer.from(chunk)),
      onExternal: (external) => said.external.push(external),
    };
    return { said, options };
  };
  const wasm = moduleNamed("network");
  const runs = [["lines", `${url}/slow`], ["stream", `${url}/slow`], ["crowd", url], ["lines", `${url}/breaks`], ["lines", "http://127.0.0.1:9/"]];
  for (const seed of [undefined, 1])
    for (const args of runs)
      await context.test(`${args.join(" ").replace(url, "")} with seed ${seed} is replayed as it went`, async () => {
        const { said, options } = kept();
        const weft = await loadWeft({ wasm, clock: "virtual", seed, ...options });
        const status = await weft.main(args);
        assert.ok(said.external.length >= 1);
        const { requests } = seen;

        const external = structuredClone(said.external);
        const fetch = () => assert.fail("a replay asks the network");
        const again = kept();
        const simulation = await simulate({ wasm, args, seed, fetch, external, ...again.options });
        const checkpoints = [];
        for (let step = 1, why; (why = simulation.advance({ toStep: step })) !== "done"; step++) {
          assert.equal(why, "stopped");
          if (step % 4 === 0) checkpoints.push(simulation.checkpoint());
        }
        assert.equal(simulation.end.status, status);
        assert.equal(again.said.text, said.text);
        assert.ok(Buffer.concat(again.said.log).equals(Buffer.concat(said.log)), "the logs differ");

        for (const from of checkpoints) {
          const later = kept();
          const rest = await simulate({ wasm, args, seed, fetch, external, from, ...later.options });
          assert.equal(rest.advance(), "done");
          assert.equal(rest.end.status, status);
          assert.ok(said.text.endsWith(later.said.text));
        }
        assert.equal(seen.requests, requests);
      });
  await context.test("a simulation waits for the network", async () => {
    const { said, options } = kept();
    const simulation = await simulate({ wasm, args: ["crowd", url], ...options });
    let why;
    while ((why = simulation.advance({ budget: 10 })) !== "done") if (why === "waiting") await simulation.arrival();
    assert.equal(simulation.end.status, 0);
    assert.match(said.text, /all at 1\n$/);
    assert.ok(simulation.decisions.every(({ kind }) => kind === "external"));
  });
});
