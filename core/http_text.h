#ifndef WEFT_CORE_HTTP_TEXT_H
#define WEFT_CORE_HTTP_TEXT_H

/* What HTTP's text consists of: for the client, and for servers. */

#include <weft/http.h>

static inline char weft__http_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* Whether it is a token of RFC 9110's: the name of a header, a method. */
bool weft__http_is_token(const char *text);

/* Whether it is one line, without control characters but tabs: what a header's value can be. So nothing in it
 * can end the line and begin another header. */
bool weft__http_is_line(const char *text);

/* Whether names of headers are the same: in any case of letters, whatever the locale. */
bool weft__http_same_name(const char *a, const char *b);

/* The first of a list that has this name, or NULL. */
const weft_http_field *weft__http_find(const weft_http_field *fields, const char *name);

/* "Not Found"; "" for a status that has no usual words. */
const char *weft__http_words(int status);

#endif
