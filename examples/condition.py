"""Tasks wait until something is true, and whoever changes what it
depends on wakes them to look again."""
import asyncio


class Account:
    def __init__(self):
        self.changed = asyncio.Condition()
        self.balance = 0


async def withdraw(account, name, amount):
    async with account.changed:
        print(f"{name} wants {amount}")
        # Without the lock while it waits, with it when it looks.
        await account.changed.wait_for(lambda: account.balance >= amount)
        account.balance -= amount
        print(f"{name} takes {amount}, which leaves {account.balance}")


async def condition(deposit):
    account = Account()
    async with asyncio.TaskGroup() as group:
        wishes = {"Ada": 50, "Bob": 20, "Eve": 10}
        for name, amount in wishes.items():
            group.create_task(withdraw(account, name, amount))
        paid = 0
        while paid < sum(wishes.values()):
            await asyncio.sleep(0.3)
            async with account.changed:
                account.balance += deposit
                print(f"{deposit} are paid in")
                account.changed.notify_all()
            paid += deposit


asyncio.run(condition(deposit=30))
