"""Results in the order in which they come, of which the first may
be enough: one question to three servers, and the others stop."""
import asyncio


async def ask(city, delay):
    print(f"{city} is asked")
    try:
        await asyncio.sleep(delay)
    except asyncio.CancelledError:
        print(f"{city} is not needed")
        raise
    return city


async def as_completed(oslo, rome, lima):
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask("Oslo", oslo)),
                 group.create_task(ask("Rome", rome)),
                 group.create_task(ask("Lima", lima))]
        # Since Python 3.13 also: async for task in …
        for first in asyncio.as_completed(tasks):
            print(f"{await first} has answered")
            break
        # Since Python 3.15: group.cancel()
        for task in tasks:
            task.cancel()


asyncio.run(as_completed(oslo=0.9, rome=0.5, lima=1.3))
