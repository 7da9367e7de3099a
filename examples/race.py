"""A bell wakes those who are waiting when it rings. Whoever comes a
moment later waits for ever: right only in the ordinary order."""
import asyncio


async def guest(bell, name):
    await asyncio.sleep(0.5)  # on the way
    async with bell:
        await bell.wait()
    print(f"{name} eats")


async def cook(bell):
    await asyncio.sleep(0.5)  # at the stove, until then, too
    async with bell:
        print("dinner is ready")
        bell.notify_all()


async def race():
    bell = asyncio.Condition()
    async with asyncio.TaskGroup() as group:
        for name in ["Ada", "Bob", "Eve"]:
            group.create_task(guest(bell, name))
        group.create_task(cook(bell))


asyncio.run(race())
