"""An echo server: a task a connection, which sends every line
back. With a port it serves until Ctrl-C (try nc); without one
it talks to itself."""
import asyncio
import sys


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


async def ask(port, word):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{word}\n".encode())
    await writer.drain()
    answer = await reader.readline()
    print(f"{word} comes back as {answer.decode().rstrip()}")
    writer.write_eof()
    await reader.read()
    writer.close()


async def echo_server(port):
    async with await asyncio.start_server(echo, "127.0.0.1", port) as server:
        if port != 0:
            print(f"echoes at port {port}", flush=True)
            await server.serve_forever()
        port = server.sockets[0].getsockname()[1]
        await ask(port, "one")
        await ask(port, "two")
        await ask(port, "three")


asyncio.run(echo_server(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0))
