"""One fetch after another: the waits add up,
three fetches of half a second take one and a half."""
import asyncio


async def fetch(number, delay):
    print(f"fetch {number} begins")
    # The sleep stands for the network.
    await asyncio.sleep(delay)
    print(f"fetch {number} ends")
    return f"data {number}"


async def sequential(count, delay):
    for number in range(1, count + 1):
        data = await fetch(number, delay)
        print(f"got {data}")


asyncio.run(sequential(count=3, delay=0.5))
