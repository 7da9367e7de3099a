"""A call that blocks runs in a thread, and the loop stays free
meanwhile."""
import asyncio
import time


# Runs in a thread.
def read_file(name):
    # The sleep stands for a slow disk.
    time.sleep(0.5)
    return f"{name} is read"


async def beat():
    beats = 0
    for _ in range(4):
        await asyncio.sleep(0.1)
        beats += 1
    return f"the heart has beaten {beats} times"


async def to_thread():
    results = await asyncio.gather(
        asyncio.to_thread(read_file, "first.txt"),
        asyncio.to_thread(read_file, "second.txt"), beat())
    for result in results:
        print(result)


asyncio.run(to_thread())
