/* A block with a beginning and an end of its own: a transaction,
 * committed when its block ends well, rolled back when it fails. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, price, 60, 10, 110); /* Price, paid twice from 100 */

struct account {
    int balance;
    int before; /* the transaction began */
};

struct finish {
    weft_frame frame;
    struct account *account;
    bool failed;
};

weft_async(finish) {
    weft_begin(finish);
    weft_await(weft_sleep(0.2));
    if (self->failed)
        self->account->balance = self->account->before;
    printf("%s\n", self->failed ? "rollback" : "commit");
    weft_end(); /* to return true would suppress the error */
}

/* Both ends of the block give a coroutine to await, or NULL. */
static weft_coroutine *enter(void *object) {
    struct account *account = object;
    account->before = account->balance;
    printf("begin\n");
    return NULL;
}

static weft_coroutine *leave(void *object, const weft_error *error) {
    return weft_call(finish, .account = object, .failed = error != NULL);
}

static weft_manager transaction(struct account *account) {
    return (weft_manager){.enter = enter, .exit = leave, .object = account};
}

struct pay {
    weft_frame frame;
    struct account *account;
    int price;
    const weft_error *error;
};

weft_async(pay) {
    weft_begin(pay);
    weft_try {
        weft_with(transaction(self->account)) {
            self->account->balance -= self->price;
            weft_await(weft_sleep(0.3)); /* the shop packs the goods */
            if (self->account->balance < 0)
                weft_raise(WEFT_RUNTIME, "%d is missing", -self->account->balance);
        }
    }
    weft_catch_code(WEFT_RUNTIME, self->error) {
        printf("%s\n", self->error->message);
    }
    printf("the balance is %d\n", self->account->balance);
    weft_end();
}

struct async_with {
    weft_frame frame;
    struct account account;
};

weft_async(async_with) {
    weft_begin(async_with);
    self->account.balance = 100;
    weft_await(weft_call(pay, .account = &self->account, .price = price));
    weft_await(weft_call(pay, .account = &self->account, .price = price));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(async_with));
}
