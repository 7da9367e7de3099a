/* Tasks wait until something is true, and whoever changes what it
 * depends on wakes them to look again. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, deposit, 30, 10, 80); /* Each deposit */

struct account {
    weft_condition changed;
    int balance;
};

struct withdraw {
    weft_frame frame;
    struct account *account;
    const char *name;
    int amount;
};

static bool has_enough(void *object) {
    const struct withdraw *withdrawal = object;
    return withdrawal->account->balance >= withdrawal->amount;
}

weft_async(withdraw) {
    weft_begin(withdraw);
    weft_with(&self->account->changed) {
        printf("%s wants %d\n", self->name, self->amount);
        /* Without the lock while it waits, with it when it looks. */
        weft_await(weft_condition_wait_for(&self->account->changed, has_enough, self));
        self->account->balance -= self->amount;
        printf("%s takes %d, which leaves %d\n", self->name, self->amount, self->account->balance);
    }
    weft_end();
}

struct condition {
    weft_frame frame;
    int paid;
    struct account account;
    weft_group group;
};

weft_async(condition) {
    weft_begin(condition);
    weft_with_as(self->group, weft_task_group()) {
        static const struct {
            const char *name;
            int amount;
        } wishes[] = {{"Ada", 50}, {"Bob", 20}, {"Eve", 10}};
        for (int i = 0; i < 3; i++)
            weft_group_create_task(&self->group,
                                   weft_call(withdraw, .account = &self->account, .name = wishes[i].name,
                                             .amount = wishes[i].amount));
        for (; self->paid < 50 + 20 + 10; self->paid += deposit) {
            weft_await(weft_sleep(0.3));
            weft_with(&self->account.changed) {
                self->account.balance += deposit;
                printf("%d are paid in\n", deposit);
                weft_condition_notify_all(&self->account.changed);
            }
        }
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(condition));
}
