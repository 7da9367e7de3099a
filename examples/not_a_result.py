"""Pitfall: a coroutine object is not its result, which only an
await gives. Used as a number, it raises an error as the program
runs."""
import asyncio


async def letters(word):
    await asyncio.sleep(0.2)
    return len(word)


async def forget():
    return letters("tea")  # the await is missing


async def not_a_result():
    try:
        tea = await forget()
        print("tea has %d letters" % tea)
    except TypeError:
        print("a coroutine is no number")

    tea = await letters("tea")
    cake = await letters("cake")
    print("tea and cake have %d letters" % (tea + cake))


asyncio.run(not_a_result())
