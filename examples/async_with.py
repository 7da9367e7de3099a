"""A block with a beginning and an end of its own: a transaction,
committed when its block ends well, rolled back when it fails."""
import asyncio


class Account:
    def __init__(self, balance):
        self.balance = balance


class Transaction:
    def __init__(self, account):
        self.account = account

    async def __aenter__(self):
        self.before = self.account.balance
        print("begin")

    async def __aexit__(self, kind, error, traceback):
        await asyncio.sleep(0.2)
        if error:
            self.account.balance = self.before
        print("rollback" if error else "commit")
        # To return True would suppress the error.


async def pay(account, price):
    try:
        async with Transaction(account):
            account.balance -= price
            await asyncio.sleep(0.3)  # the shop packs the goods
            if account.balance < 0:
                raise RuntimeError(f"{-account.balance} is missing")
    except RuntimeError as error:
        print(error)
    print(f"the balance is {account.balance}")


async def async_with(price):
    account = Account(100)
    await pay(account, price)
    await pay(account, price)


asyncio.run(async_with(price=60))
