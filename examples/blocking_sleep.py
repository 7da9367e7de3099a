"""Pitfall: a sleep that blocks stops every task, not only its
own. Debug mode reports the step that took so long."""
import asyncio
import time


async def clock():
    for tick in range(1, 4):
        await asyncio.sleep(0.2)
        print(f"tick {tick}")


async def nap(blocking):
    await asyncio.sleep(0.3)
    print("the nap begins")
    if blocking:
        time.sleep(0.5)  # and the clock stands still
    else:
        await asyncio.sleep(0.5)
    print("the nap ends")


async def blocking_sleep():
    print("a sleep that blocks:")
    await asyncio.gather(clock(), nap(blocking=True))
    print("a sleep that is awaited:")
    await asyncio.gather(clock(), nap(blocking=False))


asyncio.run(blocking_sleep(), debug=True)
