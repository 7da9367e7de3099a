// A server of one short text on Node's http. Prints its port.
import { createServer } from "node:http";

const server = createServer((request, response) => {
    response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": 13 });
    response.end("Hello, world\n");
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => console.log(server.address().port));
