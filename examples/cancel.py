"""Cancelling a task raises an error where it waits. It can clean
up, even wait as it does, and then ends."""
import asyncio


async def download():
    percent = 0
    try:
        while True:
            await asyncio.sleep(0.4)
            percent += 20
            print(f"{percent} %")
    except asyncio.CancelledError as error:
        print(f"cancelled: {error}")
        raise  # the task ends cancelled
    finally:
        await asyncio.sleep(0.2)
        print("the connection is closed")


async def cancel(patience):
    task = asyncio.create_task(download())
    await asyncio.sleep(patience)

    task.cancel("it takes too long")
    try:
        await task
    except asyncio.CancelledError:
        print(f"the download is {'cancelled' if task.cancelled() else 'done'}")


asyncio.run(cancel(patience=1.0))
