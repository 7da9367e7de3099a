"""Tasks that wait for each other: nobody goes on from a barrier
before as many have come as it is for."""
import asyncio


async def hiker(camp, number, pace):
    for day in (1, 2):
        await asyncio.sleep(pace)
        print(f"day {day}: hiker {number} is at the camp")
        await camp.wait()
        print(f"day {day}: hiker {number} goes on")


async def barrier(hikers, pace):
    camp = asyncio.Barrier(hikers)
    async with asyncio.TaskGroup() as group:
        for i in range(1, hikers + 1):
            group.create_task(hiker(camp, i, i * pace))
    print("all have arrived")


asyncio.run(barrier(hikers=3, pace=0.2))
