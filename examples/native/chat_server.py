"""A chat server: what one says, all others hear. Each client has
a queue and a task that writes from it, so that one who reads
slowly delays nobody; who does not read at all is left behind.
With a port it serves until Ctrl-C (try nc); without one it
talks to itself."""
import asyncio
import contextlib
import sys

MOST_LINES = 100  # that wait for one client
clients = []


def tell(queue, name, text):
    with contextlib.suppress(asyncio.QueueFull):
        queue.put_nowait(f"{name} {text}")


def tell_others(me, name, text):
    for queue in clients:
        if queue is not me:
            tell(queue, name, text)


async def write_lines(writer, queue):
    while True:
        writer.write(f"{await queue.get()}\n".encode())
        await writer.drain()


async def chat(reader, writer):
    name = (await reader.readline()).decode().rstrip()
    queue = asyncio.Queue(MOST_LINES)
    tell_others(None, name, "comes")
    clients.append(queue)
    tell(queue, name, "is welcome")
    writing = asyncio.create_task(write_lines(writer, queue))
    try:
        while line := (await reader.readline()).decode():
            print(f"{name}: {line.rstrip()}")
            tell_others(queue, name, line.rstrip())
    finally:
        writing.cancel()
        clients.remove(queue)
        tell_others(None, name, "leaves")
        writer.close()


# --- Two who meet there ---


async def hear(who, reader):
    print(f"{who} hears: {(await reader.readline()).decode().rstrip()}")


async def meet(port):
    from_ada, to_ada = await asyncio.open_connection("127.0.0.1", port)
    to_ada.write(b"ada\n")
    await hear("ada", from_ada)
    from_bob, to_bob = await asyncio.open_connection("127.0.0.1", port)
    to_bob.write(b"bob\n")
    await hear("bob", from_bob)
    await hear("ada", from_ada)
    to_bob.write(b"is anybody here?\n")
    await hear("ada", from_ada)
    to_ada.write(b"only me\n")
    await hear("bob", from_bob)
    to_bob.close()
    await hear("ada", from_ada)
    to_ada.write_eof()
    await from_ada.read()
    to_ada.close()


async def chat_server(port):
    async with await asyncio.start_server(chat, "127.0.0.1", port) as server:
        if port != 0:
            print(f"chats at port {port}", flush=True)
            await server.serve_forever()
        await meet(server.sockets[0].getsockname()[1])


asyncio.run(chat_server(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0))
