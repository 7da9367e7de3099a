#include "utf8.h"

/* The bytes of the sequence that starts here, or 0 if it is none: no overlong ones, surrogates or numbers
 * beyond Unicode. */
static size_t sequence(const unsigned char *at, size_t left) {
    static const unsigned char second_least[] = {[0xe0] = 0xa0, [0xf0] = 0x90};
    unsigned char lead = at[0];
    size_t length = lead < 0x80   ? 1
                    : lead < 0xc2 ? 0
                    : lead < 0xe0 ? 2
                    : lead < 0xf0 ? 3
                    : lead < 0xf5 ? 4
                                  : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if (length > 2) {
        unsigned char least = lead <= 0xf0 ? second_least[lead] : 0;
        unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (at[1] < least || at[1] > most)
            return 0;
    }
    return length;
}

bool weft__is_utf8(const void *data, size_t size) {
    const unsigned char *at = data, *end = at + size;
    while (at < end) {
        size_t length = sequence(at, (size_t)(end - at));
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}
