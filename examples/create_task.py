"""Tasks run in the background while their creator goes on,
and are awaited when they are needed."""
import asyncio


async def fetch(url, delay):
    print(f"fetch of {url} begins")
    await asyncio.sleep(delay)
    print(f"fetch of {url} ends")
    return f"data from {url}"


def show(task):
    print(f"task {task.get_name()} {'is done' if task.done() else 'still runs'}")


async def create_task(news, mail, work):
    first = asyncio.create_task(fetch("news", news), name="news")
    second = asyncio.create_task(fetch("mail", mail), name="mail")
    print("both tasks are created, and run once this one waits")
    # The sleep stands for other work.
    await asyncio.sleep(work)
    show(first)
    show(second)

    data = await first
    print(f"got {data}")
    data = await second
    print(f"got {data}")


asyncio.run(create_task(news=0.5, mail=1.5, work=1.0))
