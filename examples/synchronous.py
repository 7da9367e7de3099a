"""Three answers to wait for, first with calls that block, then
with coroutines. A blocking call keeps the thread until it has
its answer; an await hands the thread to the others."""
import asyncio
import time


# An ordinary function: nothing else happens until it returns.
def fetch_blocking(number, delay):
    print(f"ask for {number}")
    time.sleep(delay)
    print(f"{number} is here")


# A coroutine: the others go on while it waits.
async def fetch(number, delay):
    print(f"ask for {number}")
    await asyncio.sleep(delay)
    print(f"{number} is here")


async def synchronous(delay):
    print("blocking calls:")
    for number in range(1, 4):
        fetch_blocking(number, delay)

    print("coroutines:")
    await asyncio.gather(fetch(1, delay), fetch(2, delay), fetch(3, delay))


asyncio.run(synchronous(delay=0.4))
