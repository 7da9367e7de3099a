// Servers beside each other: echo over TCP under a load of connections, and HTTP under wrk. Round after round, in one order and then
// in the other, so that whatever else the machine does meets all alike; a share compares within a round. README.md says what the
// columns are.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const built = (name) => path(`../build/native/bench/${name}`);

const { values: options } = parseArgs({
    options: {
        json: { type: "boolean", default: false },
        rows: { type: "string" },
        servers: { type: "string" },
        connections: { type: "string", default: "1,100,10000" },
        bytes: { type: "string", default: "64" },
        seconds: { type: "string", default: "3" },
        rounds: { type: "string", default: "3" },
    },
});
const rounds = Number(options.rounds);
const wantedRows = options.rows?.split(",");
const wantedServers = options.servers?.split(",");

// --- Servers, each a process that prints its port ---

const hasUvloop = () => spawnSync("/usr/bin/python3", ["-c", "import uvloop"]).status === 0;

const echoServers = [
    { name: "libuv", command: [built("echo_libuv")] },
    { name: "weft", command: [built("echo_weft")] },
    { name: "node net", command: ["node", path("network/echo_node.mjs")] },
    { name: "asyncio streams", command: ["python3", path("network/echo_asyncio.py")] },
    { name: "asyncio protocol", command: ["python3", path("network/echo_asyncio.py"), "--protocol"] },
    { name: "uvloop streams", command: ["/usr/bin/python3", path("network/echo_asyncio.py"), "--uvloop"], there: hasUvloop },
];
const httpServers = [
    { name: "nginx", start: startNginx },
    { name: "weft", command: [built("http_weft")] },
    { name: "node http", command: ["node", path("network/http_node.mjs")] },
];

// The first of a row is always there, since the others are compared with it.
const isWanted = ({ name }, at) => at === 0 || !wantedServers || wantedServers.includes(name);

const isThere = ({ name, command, there }) => {
    const missing = command?.[0].startsWith("/") && !existsSync(command[0]);
    if (!missing && (there?.() ?? true)) return true;
    console.error(`${name}: not measured, since ${missing ? `${command[0]} is missing` : "it is not installed"}`);
    return false;
};

async function start({ command, start: own }) {
    if (own) return own();
    const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "ignore"] });
    for await (const line of createInterface({ input: child.stdout })) return { pid: child.pid, port: Number(line), end: () => child.kill("SIGKILL") };
    throw new Error(`${command.join(" ")} printed no port`);
}

const freePort = () =>
    new Promise((resolve, reject) => {
        const server = createServer().once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });

// One worker, as all others are one process; it does not write a log, as they do not.
async function startNginx() {
    const folder = mkdtempSync(join(tmpdir(), "weft-nginx-"));
    const port = await freePort();
    writeFileSync(
        join(folder, "nginx.conf"),
        `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 4096; }
http {
    access_log off; keepalive_requests 100000000;
    client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
    server { listen 127.0.0.1:${port} backlog=1024; location / { default_type text/plain; return 200 "Hello, world\\n"; } }
}
`,
    );
    const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: ["ignore", "ignore", "inherit"] });
    const end = () => {
        child.kill("SIGKILL");
        rmSync(folder, { recursive: true, force: true });
    };
    for (let tries = 0; tries < 100; tries++) {
        if (spawnSync("curl", ["-sf", `http://127.0.0.1:${port}/`]).status === 0) return { pid: child.pid, port, end };
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    end();
    throw new Error("nginx does not answer");
}

// --- Loads ---

function loadEcho({ port, pid }, connections) {
    const output = execFileSync(built("echo_load"), [port, pid, connections, options.seconds, options.bytes], { encoding: "utf8" });
    const { rate, cpu, idle } = JSON.parse(output);
    return { rate, cpu, idle };
}

function loadHttp({ port }, connections) {
    const args = ["-t1", `-c${connections}`, `-d${Math.ceil(Number(options.seconds))}s`, `http://127.0.0.1:${port}/`];
    const output = execFileSync("wrk", args, { encoding: "utf8" });
    const failed = /Socket errors|Non-2xx/.exec(output);
    if (failed) throw new Error(output);
    return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]) };
}

const rows = [
    ...options.connections.split(",").map((count) => ({ name: `echo-${count}`, servers: echoServers, load: (server) => loadEcho(server, Number(count)) })),
    ...[1, 100].map((count) => ({ name: `http-${count}`, servers: httpServers, load: (server) => loadHttp(server, count) })),
].filter(({ name }) => !wantedRows || wantedRows.some((wanted) => name === wanted || name.startsWith(`${wanted}-`)));

// --- Measuring ---

const median = (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
const there = new Set([...new Set(rows.map((row) => row.servers))].flatMap((servers) => servers.filter(isWanted).filter(isThere)));

async function measure(subject, load) {
    const server = await start(subject);
    try {
        return load(server);
    } finally {
        server.end();
    }
}

const subjects = rows.flatMap((row) => row.servers.filter((server) => there.has(server)).map((server) => ({ row, server, measured: [] })));

for (let round = 0; round < rounds; round++)
    for (const { row, server, measured } of round % 2 === 0 ? subjects : subjects.toReversed()) {
        process.stderr.write(`\rround ${round + 1} of ${rounds}: ${row.name} ${server.name}          `);
        measured.push(await measure(server, row.load));
    }
process.stderr.write("\r\x1b[K");

// Medians over the rounds; a share is the median of each round's own.
const table = subjects.map(({ row, server, measured }) => {
    const first = subjects.find((other) => other.row === row).measured;
    const over = (value) => (measured[0][value] === undefined ? undefined : median(measured.map((each) => each[value])));
    const share = (value) => (measured[0][value] === undefined ? undefined : median(measured.map((each, round) => each[value] / first[round][value])));
    return { row: row.name, subject: server.name, rate: over("rate"), share: share("rate"), cpu: over("cpu"), cpuShare: share("cpu"), idle: over("idle") };
});

if (options.json) {
    console.log(JSON.stringify(table, null, 2));
} else {
    console.log(`${rounds} rounds of ${options.seconds} s, medians; ${availableParallelism()} cores; messages of ${options.bytes} bytes\n`);
    const number = (value) => (value === undefined ? "" : String(Math.round(value)));
    const percent = (value) => (value === undefined ? "" : `${Math.round(value * 100)} %`);
    const line = (row, subject, ...columns) =>
        console.log(row.padEnd(12) + subject.padEnd(18) + columns.map((text, at) => text.padStart([10, 16, 13, 10, 12][at])).join(""));
    line("row", "server", "a second", "of libuv/nginx", "CPU ns each", "of libuv", "idle bytes");
    for (const { row, subject, rate, share, cpu, cpuShare, idle } of table) line(row, subject, number(rate), percent(share), number(cpu), percent(cpuShare), number(idle));
}
