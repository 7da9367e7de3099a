"""Calling a coroutine makes an object and runs nothing. It runs
when it is awaited, and only once."""
import asyncio


async def greet(name):
    print(f"hello {name}")
    await asyncio.sleep(0.1)
    print(f"goodbye {name}")


async def coroutine():
    greeting = greet("Ada")
    print(f"a coroutine object of {greeting.__name__}, which has not begun")
    await greeting

    try:
        await greeting
    except RuntimeError:
        print("it does not run a second time")

    # One that is not wanted any more is closed.
    greeting = greet("Bob")
    greeting.close()
    print("nobody greets Bob")


asyncio.run(coroutine())
