#include "world.h"

struct adds_up {
    weft_frame frame;
    int to, i, sum;
};

weft_async(adds_up) {
    weft_begin(adds_up);
    for (self->i = 1; self->i <= self->to; self->i++) {
        weft_await(weft_sleep(1));
        say("%d@%g", self->i, weft_time());
        self->sum += self->i;
    }
    weft_return(self->sum);
    weft_end();
}

TEST(runs_in_a_simulated_world) {
    CHECK_EQ_STR(RUN(weft_call(adds_up, .to = 3)), "6");
    CHECK_EQ_STR(world.said, "1@1 2@2 3@3");
    CHECK_EQ_STR(world.reports, "");
}

TEST_MAIN(TEST_CASE(runs_in_a_simulated_world))
