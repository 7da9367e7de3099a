"""Pitfall: only a coroutine can await, since only a coroutine can
stop and go on later. The compiler refuses it anywhere else:
    SyntaxError: 'await' outside async function
The last lines show that."""
import asyncio
import sys


async def fetch(url):
    await asyncio.sleep(0.3)
    print(f"data from {url}")


# An ordinary function. It can start a task, and leave the waiting
# to a coroutine.
def start(url):
    task = asyncio.create_task(fetch(url))
    print(f"{url} is asked")
    return task


async def await_outside():
    news = start("news")
    mail = start("mail")
    await news
    await mail


asyncio.run(await_outside())

MISTAKE = """
def start(url):
    task = asyncio.create_task(fetch(url))
    await task
"""
try:
    compile(MISTAKE, "mistake.py", "exec")
except SyntaxError as error:
    print(f"SyntaxError: {error.msg}", file=sys.stderr)
