/* WEFT_PARAM: in the source it is a variable with its value. What the environment and JavaScript do to it is
 * in tests/node/param.test.mjs. */

#include "world.h"

WEFT_PARAM(int, permits, 3, 1, 10);
WEFT_PARAM(int, negative, -5, -10, -1);
WEFT_PARAM(double, delay, 0.5, 0.1, 3); // with a comment
WEFT_PARAM(double, whole, 2, 2, 2);
WEFT_PARAM(bool, fair, true, false, true);
WEFT_PARAM(bool, unfair, false, false, true);

enum { LEAST = 1, MOST = 1 << 20 };
WEFT_PARAM(int, size, 64 * 1024, LEAST, MOST);

TEST(has_the_source_s_value) {
    CHECK_EQ_INT(permits, 3);
    CHECK_EQ_INT(negative, -5);
    CHECK(delay == 0.5);
    CHECK(whole == 2);
    CHECK(fair);
    CHECK(!unfair);
    CHECK_EQ_INT(size, 65536);
}

TEST(is_of_its_type) {
    CHECK(_Generic(permits, int : true, default : false));
    CHECK(_Generic(delay, double : true, default : false));
    CHECK(_Generic(whole, double : true, default : false));
    CHECK(_Generic(fair, bool : true, default : false));
}

struct reader {
    weft_frame frame;
    int permits;
};

weft_async(reader) {
    weft_begin(reader);
    weft_await(weft_sleep(delay));
    weft_return(self->permits + permits);
    weft_end();
}

TEST(is_read_by_coroutines_and_in_calls) {
    CHECK_EQ_STR(RUN(weft_call(reader, .permits = permits)), "6");
}

TEST(is_a_variable) {
    permits = 4;
    CHECK_EQ_INT(permits, 4);
    permits = 3;
}

TEST_MAIN(TEST_CASE(has_the_source_s_value), TEST_CASE(is_of_its_type),
          TEST_CASE(is_read_by_coroutines_and_in_calls), TEST_CASE(is_a_variable))
