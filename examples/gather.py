"""All fetches at once: the waits overlap,
three fetches of half a second take half a second."""
import asyncio


async def fetch(number, delay):
    print(f"fetch {number} begins")
    await asyncio.sleep(delay)
    print(f"fetch {number} ends")
    return f"data {number}"


async def gather(count, delay):
    fetches = [fetch(number, delay) for number in range(1, count + 1)]
    results = await asyncio.gather(*fetches)
    for data in results:
        print(f"got {data}")


asyncio.run(gather(count=3, delay=0.5))
