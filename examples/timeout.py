"""A fetch that takes too long is cancelled at its deadline,
and cleans up on its way out."""
import asyncio


async def fetch(url, delay):
    print(f"{url}: connected")
    try:
        await asyncio.sleep(delay)
        return f"data from {url}"
    finally:
        # Runs whether the block returns, fails or is cancelled.
        print(f"{url}: disconnected")


async def fetch_in_time(url, delay, limit):
    try:
        async with asyncio.timeout(limit):
            data = await fetch(url, delay)
        print(f"{url}: got {data}")
    except TimeoutError:
        print(f"{url}: too slow")


async def timeout(fast, slow, limit):
    await fetch_in_time("fast", fast, limit)
    await fetch_in_time("slow", slow, limit)


asyncio.run(timeout(fast=0.5, slow=2.0, limit=1.0))
