"""One await with a time limit: what takes too long is cancelled,
and tried again until it is quick enough."""
import asyncio


async def fetch(delay):
    await asyncio.sleep(delay)
    return f"data after {delay:.1f} s"


async def wait_for(delay, limit):
    data = None
    attempt = 0
    while data is None:
        attempt += 1
        print(f"attempt {attempt}")
        try:
            data = await asyncio.wait_for(fetch(delay), limit)
        except TimeoutError:
            print("too slow")
            delay -= 0.3
    print(data)


asyncio.run(wait_for(delay=1.0, limit=0.5))
