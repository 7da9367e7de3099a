/* A test harness small enough to run everywhere: natively, under sanitizers, and as WebAssembly.
 *
 *     TEST(adds) { CHECK_EQ_INT(1 + 1, 2); }
 *     TEST_MAIN(TEST_CASE(adds))
 *
 * Each case prints one line, `ok NAME` or `not ok NAME: FILE:LINE: what`. The program's argument is a
 * part of the names to run; `--list` prints the names and runs nothing. The exit status is 1 if a case
 * failed or none ran. A case that checks nothing fails.
 *
 * A failed check is recorded and the case goes on, since a jump out of it would leak what it holds. A
 * case may check in other threads, which it joins before it ends.
 * Every CHECK is an expression that is true if it held: `if (!CHECK(p)) return;`. The first failure of a
 * case is the one that is reported.
 */
#ifndef WEFT_TEST_H
#define WEFT_TEST_H

#include <stdbool.h>
#include <stddef.h>

#define TEST(name) static void name(void)
#define TEST_CASE(name) \
    { #name, name }
#define TEST_MAIN(...)                                                         \
    int main(int argc, char **argv) {                                          \
        static const weft_test_case cases[] = {__VA_ARGS__};                   \
        return weft_test_run(cases, sizeof cases / sizeof *cases, argc, argv); \
    }

#define CHECK(condition) weft_test_check((condition) ? true : false, #condition, __FILE__, __LINE__)
#define CHECK_EQ_INT(actual, expected) weft_test_eq_int((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_EQ_STR(actual, expected) weft_test_eq_str((actual), (expected), #actual, __FILE__, __LINE__)

typedef struct weft_test_case {
    const char *name;
    void (*run)(void);
} weft_test_case;

/* Behind the macros; `what` is the text of the checked expression. */
int weft_test_run(const weft_test_case *cases, size_t count, int argc, char **argv);
bool weft_test_check(bool holds, const char *what, const char *file, int line);
bool weft_test_eq_int(long long actual, long long expected, const char *what, const char *file, int line);
bool weft_test_eq_str(const char *actual, const char *expected, const char *what, const char *file, int line);

#endif
