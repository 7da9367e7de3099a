/* The HTTP client gets answers that were mangled at random, the same ones in each run. */

#include "weft_test.h"

#include "../fuzz/fuzz_http_client.c"

static const char *const answers[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 24\r\nX-A: b\r\n\r\none line\nanother\r\nlast",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
    "world\r\n0\r\nT: u\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall that comes until the end",
    "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/x\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08 x y z",
    "HTTP/1.0 404 Not Found\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nFolded: a\r\n b\r\n\r\nnothing",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\nx",
    "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
};
enum { ANSWERS = sizeof answers / sizeof *answers, INPUTS = 1500 };

static uint64_t state = 7;

static unsigned draw(unsigned below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % below;
}

/* Changes, takes out, doubles, puts in what has a meaning. */
static size_t mangle(uint8_t *text, size_t size, size_t room) {
    static const char *const words[] = {"\r\n\r\n",
                                        "\n",
                                        ":",
                                        "\r\nContent-Length: 5\r\n",
                                        "HTTP/1.1 200 OK\r\n",
                                        "0\r\n\r\n",
                                        "\xff",
                                        "ffffffff\r\n",
                                        "\r\nTransfer-Encoding: chunked\r\n",
                                        "\r\nLocation: //[::1\r\n"};
    size_t at = draw((unsigned)size + 1), left = size - at;
    const char *word = words[draw(sizeof words / sizeof *words)];
    switch (draw(5)) {
    case 0:
        if (left > 0)
            text[at] ^= (uint8_t)(1u << draw(8));
        return size;
    case 1:
        left = left > 0 ? draw((unsigned)left) : 0;
        memmove(text + at, text + at + left, size - at - left);
        return size - left;
    case 2:
        if (size + left > room)
            return size;
        memmove(text + size, text + at, left);
        return size + left;
    case 3:
        if (left > 0)
            text[at] = (uint8_t)draw(256);
        return size;
    default:
        if (size + strlen(word) > room)
            return size;
        memmove(text + at + strlen(word), text + at, left);
        memcpy(text + at, word, strlen(word));
        return size + strlen(word);
    }
}

TEST(answers_as_they_should_be_and_mangled_ones_do_no_harm) {
    uint8_t input[4096];
    int runs = 0;
    for (unsigned i = 0; i < INPUTS; i++) {
        const char *answer = answers[i % ANSWERS];
        size_t size = strlen(answer);
        memcpy(input + 3, answer, size);
        for (unsigned changes = i < ANSWERS * 4 ? 0 : 1 + draw(6); changes > 0; changes--)
            size = mangle(input + 3, size, sizeof input - 3);
        input[0] = (uint8_t)(i < ANSWERS * 4 ? i / ANSWERS : draw(256));
        input[1] = (uint8_t)draw(20);
        input[2] = (uint8_t)(i < ANSWERS * 4 ? 2 : draw(256));
        runs += LLVMFuzzerTestOneInput(input, size + 3) == 0;
    }
    CHECK_EQ_INT(runs, INPUTS);
}

TEST_MAIN(TEST_CASE(answers_as_they_should_be_and_mangled_ones_do_no_harm))
