"""Tasks that end together: when one fails, the group
cancels the others and raises what went wrong."""
import asyncio


async def fetch(number, delay, fails):
    print(f"fetch {number} begins")
    try:
        await asyncio.sleep(delay)
    except asyncio.CancelledError:
        print(f"fetch {number} is cancelled")
        raise
    if fails:
        raise RuntimeError(f"fetch {number} found nothing")
    print(f"fetch {number} ends")


async def task_group(count, failing, delay):
    try:
        async with asyncio.TaskGroup() as group:
            for i in range(1, count + 1):
                group.create_task(fetch(i, i * delay, fails=i == failing))
            # Leaving the block waits for every task.
        print("all fetches ended")
    except* RuntimeError as errors:
        for error in errors.exceptions:
            print(f"failed: {error}")


asyncio.run(task_group(count=3, failing=2, delay=0.5))
