"""Three philosophers, three forks: each takes the one to the
left and waits for the one to the right, which another has.
Where all take the lower one first nobody waits for ever."""
import asyncio


async def eat(first, second, number):
    async with first:
        print(f"philosopher {number} has a fork")
        await asyncio.sleep(0.1)
        async with second:
            print(f"philosopher {number} eats")
            await asyncio.sleep(0.2)


async def deadlock():
    forks = [asyncio.Lock() for _ in range(3)]
    try:
        async with asyncio.timeout(1.0):
            await asyncio.gather(
                eat(forks[0], forks[1], number=1),
                eat(forks[1], forks[2], number=2),
                eat(forks[2], forks[0], number=3),
            )
    except TimeoutError:
        print("nobody has eaten")

    await asyncio.gather(
        eat(forks[0], forks[1], number=1),
        eat(forks[1], forks[2], number=2),
        eat(forks[0], forks[2], number=3),
    )
    print("everybody has eaten")


asyncio.run(deadlock())
