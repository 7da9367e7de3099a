"""Pitfall: a coroutine that is called and never awaited does
nothing. Python reports it when the object goes away."""
import asyncio


async def save(name):
    await asyncio.sleep(0.2)
    print(f"{name} is saved")


async def never_awaited():
    print("saving the letter")
    await save("the letter")

    print("saving the picture")
    saving = save("the picture")  # the await is missing
    await asyncio.sleep(0.4)
    print("the picture is lost")


asyncio.run(never_awaited())
