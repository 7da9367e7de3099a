"""A generator that also takes values: each one sent in goes to
its yield, and the next one yielded comes back."""
import asyncio


async def average():
    total = count = 0
    try:
        value = yield
        while True:
            total += value
            count += 1
            await asyncio.sleep(0.2)
            value = yield total / count
    finally:
        print(f"{count} values were averaged")


async def generator(count):
    averages = average()
    await anext(averages)  # to its first yield
    for i in range(1, count + 1):
        value = await averages.asend(10.0 * i)
        print(f"sent {10 * i}, average {value:.1f}")
    await averages.aclose()


asyncio.run(generator(count=4))
