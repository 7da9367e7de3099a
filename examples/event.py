"""Tasks wait until something has happened: an event wakes all who
wait for it, and lets those pass who come later."""
import asyncio


async def guest(open_, name, delay):
    await asyncio.sleep(delay)
    print(f"{name} arrives, the door is {'open' if open_.is_set() else 'closed'}")
    await open_.wait()
    print(f"{name} enters")


async def event(opening):
    open_ = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(guest(open_, "Ada", 0.2))
        group.create_task(guest(open_, "Bob", 0.4))
        group.create_task(guest(open_, "Eve", 1.0))
        await asyncio.sleep(opening)
        print("the door opens")
        open_.set()


asyncio.run(event(opening=0.7))
