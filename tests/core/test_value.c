#include <weft/weft.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weft_test.h"

static const char *text_of(weft_value value) {
    static char text[256];
    weft_value_print(value, text, sizeof text);
    return text;
}

TEST(every_c_type_has_its_kind) {
    int *pointer = NULL;
    char letters[] = "abc";
    CHECK_EQ_INT(weft_value_of((bool)true).kind, WEFT_BOOL);
    CHECK_EQ_INT(weft_value_of('x').kind, WEFT_INT);
    CHECK_EQ_INT(weft_value_of(7).kind, WEFT_INT);
    CHECK_EQ_INT(weft_value_of(7ull).kind, WEFT_INT);
    CHECK_EQ_INT(weft_value_of(0.5f).kind, WEFT_DOUBLE);
    CHECK_EQ_INT(weft_value_of(0.5).kind, WEFT_DOUBLE);
    CHECK_EQ_INT(weft_value_of(letters).kind, WEFT_STRING);
    CHECK_EQ_INT(weft_value_of("abc").kind, WEFT_STRING);
    CHECK_EQ_INT(weft_value_of(pointer).kind, WEFT_POINTER);
    CHECK_EQ_INT(weft_value_of(&weft_error_timed_out).kind, WEFT_FAILURE);
    CHECK_EQ_INT(weft_none().kind, WEFT_NONE);
    CHECK_EQ_INT(weft_value_of(weft_value_of(1.0)).kind, WEFT_DOUBLE);
}

TEST(reads_back_what_was_set) {
    int here = 0;
    CHECK(weft_value_bool(weft_value_of((bool)true)));
    CHECK_EQ_INT(weft_value_int(weft_value_of(INT64_MIN)), INT64_MIN);
    CHECK(weft_value_double(weft_value_of(0.1)) == 0.1);
    CHECK_EQ_STR(weft_value_string(weft_value_of("abc")), "abc");
    CHECK(weft_value_pointer(weft_value_of(&here)) == &here);
    CHECK(weft_value_error(weft_value_of(&weft_error_timed_out)) == &weft_error_timed_out);
}

TEST(reads_of_another_kind_give_nothing) {
    CHECK(!weft_value_bool(weft_value_of(1)));
    CHECK_EQ_INT(weft_value_int(weft_value_of(2.5)), 0);
    CHECK(weft_value_double(weft_value_of("2.5")) == 0.0);
    CHECK(weft_value_string(weft_value_of(3)) == NULL);
    CHECK(weft_value_pointer(weft_value_of("text")) == NULL);
    CHECK(weft_value_error(weft_none()) == NULL);
}

TEST(integers_and_booleans_read_as_doubles) {
    CHECK(weft_value_double(weft_value_of(3)) == 3.0);
    CHECK(weft_value_double(weft_value_of((bool)true)) == 1.0);
}

TEST(prints_every_kind) {
    CHECK_EQ_STR(text_of(weft_none()), "none");
    CHECK_EQ_STR(text_of(weft_value_of((bool)false)), "false");
    CHECK_EQ_STR(text_of(weft_value_of(INT64_MIN)), "-9223372036854775808");
    CHECK_EQ_STR(text_of(weft_value_of("text")), "text");
    CHECK_EQ_STR(text_of(weft_value_of((void *)0x10)), "0x10");
    CHECK_EQ_STR(text_of(weft_value_of((void *)NULL)), "NULL");
    CHECK_EQ_STR(text_of(weft_value_of(&weft_error_timed_out)), "TimedOut");
}

TEST(prints_doubles_as_short_as_they_read_back) {
    CHECK_EQ_STR(text_of(weft_value_of(0.1)), "0.1");
    CHECK_EQ_STR(text_of(weft_value_of(0.1 + 0.2)), "0.30000000000000004");
    CHECK_EQ_STR(text_of(weft_value_of(3.0)), "3.0");
    CHECK_EQ_STR(text_of(weft_value_of(1e300)), "1e+300");
    CHECK_EQ_STR(text_of(weft_value_of((double)INFINITY)), "inf");
}

TEST(print_keeps_what_fits_and_counts_the_whole) {
    char text[4];
    CHECK_EQ_INT(weft_value_print(weft_value_of("abcdef"), text, sizeof text), 6);
    CHECK_EQ_STR(text, "abc");
    CHECK_EQ_INT(weft_value_print(weft_value_of("abcdef"), NULL, 0), 6);
}

TEST(names_of_kinds) {
    CHECK_EQ_STR(weft_kind_name(WEFT_NONE), "none");
    CHECK_EQ_STR(weft_kind_name(WEFT_FAILURE), "failure");
    CHECK_EQ_STR(weft_kind_name((weft_kind)99), "unknown");
}

/* --- Ownership --- */

static int frees;
static void count_free(void *pointer) {
    (void)pointer;
    frees++;
}

TEST(an_owned_value_is_freed_once) {
    int object = 0;
    frees = 0;
    weft_value value = weft_owned_pointer(&object, count_free);
    CHECK_EQ_INT(value.kind, WEFT_POINTER);
    weft_value_free(&value);
    CHECK_EQ_INT(value.kind, WEFT_NONE);
    weft_value_free(&value);
    CHECK_EQ_INT(frees, 1);
}

TEST(a_borrowed_value_is_not_freed) {
    char letters[] = "abc";
    weft_value value = weft_value_of(letters);
    weft_value_free(&value);
    CHECK_EQ_INT(value.kind, WEFT_NONE);
    CHECK_EQ_STR(letters, "abc");
}

TEST(an_owned_null_is_out_of_memory) {
    frees = 0;
    weft_value pointer = weft_owned_pointer(NULL, count_free);
    weft_value string = weft_owned_string(NULL, count_free);
    CHECK(weft_value_error(pointer) == &weft_error_out_of_memory);
    CHECK(weft_value_error(string) == &weft_error_out_of_memory);
    weft_value_free(&pointer);
    weft_value_free(&string);
    CHECK_EQ_INT(frees, 0);
}

TEST(formats_without_a_loop) {
    weft_value value = weft_format("%s-%d", "data", 7);
    CHECK_EQ_STR(weft_value_string(value), "data-7");
    weft_value_free(&value);
    weft_value empty = weft_format("%s", "");
    CHECK_EQ_STR(weft_value_string(empty), "");
    weft_value_free(&empty);
}

TEST(formats_texts_of_any_length) {
    char long_text[5000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    weft_value value = weft_format("<%s>", long_text);
    CHECK_EQ_INT(strlen(weft_value_string(value)), sizeof long_text + 1);
    weft_value_free(&value);
}

/* An allocator that counts, and fails when told to. */
static int live;
static bool failing;
static void *count_allocate(void *context, size_t size) {
    (void)context;
    void *pointer = failing ? NULL : malloc(size);
    live += pointer != NULL;
    return pointer;
}
static void *count_reallocate(void *context, void *pointer, size_t size) {
    (void)context;
    void *moved = failing ? NULL : realloc(pointer, size);
    live += moved != NULL && pointer == NULL;
    return moved;
}
static void count_release(void *context, void *pointer) {
    (void)context;
    live -= pointer != NULL;
    free(pointer);
}
static const weft_allocator counting = {count_allocate, count_reallocate, count_release, NULL};

TEST(formats_in_the_loops_memory) {
    weft_simulation world;
    weft_simulation_init(&world, NULL);
    weft_loop *loop = weft_loop_new(&world.host, &counting);
    if (CHECK(loop != NULL)) {
        int before = live;
        weft_value value = weft_format("%d", 1);
        CHECK_EQ_INT(live, before + 1);
        weft_value_free(&value);
        CHECK_EQ_INT(live, before);
        failing = true;
        CHECK(weft_value_error(weft_format("%d", 1)) == &weft_error_out_of_memory);
        failing = false;
        weft_loop_close(loop);
    }
    weft_simulation_destroy(&world);
    CHECK_EQ_INT(live, 0);
}

TEST_MAIN(TEST_CASE(every_c_type_has_its_kind), TEST_CASE(reads_back_what_was_set),
          TEST_CASE(reads_of_another_kind_give_nothing), TEST_CASE(integers_and_booleans_read_as_doubles),
          TEST_CASE(prints_every_kind), TEST_CASE(prints_doubles_as_short_as_they_read_back),
          TEST_CASE(print_keeps_what_fits_and_counts_the_whole), TEST_CASE(names_of_kinds),
          TEST_CASE(an_owned_value_is_freed_once), TEST_CASE(a_borrowed_value_is_not_freed),
          TEST_CASE(an_owned_null_is_out_of_memory), TEST_CASE(formats_without_a_loop),
          TEST_CASE(formats_texts_of_any_length), TEST_CASE(formats_in_the_loops_memory))
