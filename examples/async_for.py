"""Values that come one by one: a generator turns the pieces that
a stream delivers into lines."""
import asyncio

PIECES = ["roses are r", "ed\nviolets are blue\nC wai", "ts\n", "and so can you\n"]


async def read_lines(delay):
    line = ""
    for piece in PIECES:
        await asyncio.sleep(delay)  # the next piece arrives
        print("a piece arrives")
        *lines, rest = piece.split("\n")
        for end in lines:
            # Stands still here until the next line is wanted.
            yield line + end
            line = ""
        line += rest


async def async_for(delay):
    number = 0
    async for line in read_lines(delay):
        number += 1
        print(f"line {number}: {line}")
    print(f"{number} lines")


asyncio.run(async_for(delay=0.4))
