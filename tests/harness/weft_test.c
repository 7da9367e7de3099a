#include "weft_test.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "sweep.h"

/* Of the case that runs now. Atomic, since a case may check in threads of its own, which end before it
 * does: the text belongs to whoever fails first. */
static atomic_uint checks;
static atomic_uint failures;
static char first_failure[1024];

/* Counts one check; the text is made only for the first failure. */
static bool record(bool holds, const char *file, int line, const char *format, ...) {
    atomic_fetch_add(&checks, 1);
    if (!holds && atomic_fetch_add(&failures, 1) == 0) {
        int used = snprintf(first_failure, sizeof first_failure, "%s:%d: ", file, line);
        if (used > 0 && (size_t)used < sizeof first_failure) {
            va_list args;
            va_start(args, format);
            vsnprintf(first_failure + used, sizeof first_failure - (size_t)used, format, args);
            va_end(args);
        }
    }
    return holds;
}

bool weft_test_check(bool holds, const char *what, const char *file, int line) {
    return record(holds, file, line, "%s", what);
}

bool weft_test_eq_int(long long actual, long long expected, const char *what, const char *file, int line) {
    return record(actual == expected, file, line, "%s is %lld, not %lld", what, actual, expected);
}

static const char *or_null(const char *text) {
    return text ? text : "NULL";
}

bool weft_test_eq_str(const char *actual, const char *expected, const char *what, const char *file,
                      int line) {
    bool equal = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;
    return record(equal, file, line, "%s is \"%s\", not \"%s\"", what, or_null(actual), or_null(expected));
}

/* One line a case is the contract, so line ends inside a compared string are shown escaped. */
static void print_on_one_line(const char *text) {
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", stdout);
        else
            putchar(*text);
    }
}

static bool run_case(const weft_test_case *test) {
    atomic_store(&checks, 0);
    atomic_store(&failures, 0);
    sweep_run(test->name, test->run);
    unsigned checked = atomic_load(&checks), failed = atomic_load(&failures);
    if (checked > 0 && failed == 0) {
        printf("ok %s\n", test->name);
        return true;
    }
    printf("not ok %s: ", test->name);
    print_on_one_line(checked ? first_failure : "asserts nothing");
    if (failed > 1)
        printf(" (and %u more)", failed - 1);
    putchar('\n');
    return false;
}

int weft_test_run(const weft_test_case *cases, size_t count, int argc, char **argv) {
    if (!sweep_arguments(&argc, &argv)) {
        puts("the arguments make no sense here");
        return 1;
    }
    const char *filter = argc > 1 ? argv[1] : "";
    bool list = strcmp(filter, "--list") == 0;
    size_t ran = 0, passed = 0;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a crash must not swallow the lines before it */
    for (size_t i = 0; i < count; i++) {
        if (list) {
            puts(cases[i].name);
        } else if (strstr(cases[i].name, filter)) {
            ran++;
            passed += run_case(&cases[i]);
        }
    }
    if (list)
        return 0;
    sweep_print();
    if (ran == 0)
        printf("no case matches \"%s\"\n", filter);
    return ran > 0 && passed == ran ? 0 : 1;
}
