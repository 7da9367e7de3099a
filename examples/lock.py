"""Between two awaits nothing else runs, but at an await it does:
a lock keeps the others out until a change is complete."""
import asyncio


class Counter:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.value = 0


async def add(counter, number):
    seen = counter.value
    print(f"task {number} sees {seen}")
    await asyncio.sleep(0.2)  # and the others see the same
    counter.value = seen + 1


async def add_locked(counter, number):
    async with counter.lock:
        await add(counter, number)


async def lock():
    counter = Counter()
    await asyncio.gather(*[add(counter, number) for number in (1, 2, 3)])
    print(f"without a lock the counter is {counter.value}")

    counter.value = 0
    await asyncio.gather(*[add_locked(counter, number) for number in (1, 2, 3)])
    print(f"with a lock it is {counter.value}")


asyncio.run(lock())
