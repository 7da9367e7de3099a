"""Many fetches, but only so many at a time: a semaphore
hands out permits, first come first served."""
import asyncio


async def fetch(permits, number, delay):
    # Waits for a permit, and gives it back however the block
    # is left.
    async with permits:
        print(f"fetch {number} enters")
        await asyncio.sleep(delay)
        print(f"fetch {number} leaves")


async def semaphore(permits, count, delay):
    semaphore = asyncio.Semaphore(permits)
    async with asyncio.TaskGroup() as group:
        for i in range(1, count + 1):
            group.create_task(fetch(semaphore, i, i * delay))
    print("all fetches ended")


asyncio.run(semaphore(permits=2, count=5, delay=0.25))
