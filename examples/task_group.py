"""Tasks that end together: when one fails, the group cancels
the others, waits for them, and raises all that went wrong."""
import asyncio


async def fetch(number, delay, fails, fails_to_clean_up):
    print(f"fetch {number} begins")
    try:
        await asyncio.sleep(delay)
    except asyncio.CancelledError:
        print(f"fetch {number} is cancelled")
        if fails_to_clean_up:
            raise RuntimeError(f"fetch {number} could not clean up")
        raise
    if fails:
        raise RuntimeError(f"fetch {number} found nothing")
    print(f"fetch {number} ends")


async def task_group(count, failing, untidy, delay):
    try:
        async with asyncio.TaskGroup() as group:
            for i in range(1, count + 1):
                group.create_task(fetch(i, i * delay, fails=i == failing,
                                        fails_to_clean_up=i == untidy))
            # Leaving the block waits for every task.
        print("all fetches ended")
    except* RuntimeError as errors:
        for error in errors.exceptions:
            print(f"failed: {error}")


asyncio.run(task_group(count=4, failing=2, untidy=4, delay=0.4))
