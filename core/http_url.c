/* URLs: checked, made absolute, and written for people. */

#include "http.h"

#include <stdio.h>
#include <string.h>

static const weft_error *refuse(const char *format, const char *text) {
    return weft_error_new(WEFT_INVALID_ARGUMENT, format, text);
}

/* --- Checking --- */

static const weft_error *check_text(const char *url) {
    return weft__http_is_line(url) && strchr(url, '\t') == NULL
               ? NULL
               : refuse("%s", "an URL with control characters");
}

static bool is_letter(char c) {
    return weft__http_lower(c) >= 'a' && weft__http_lower(c) <= 'z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The bytes of "https:", "ftp:", …; 0 if the URL has no such begin. */
static size_t scheme_size(const char *url) {
    size_t size = 0;
    while (is_letter(url[size]) || (size > 0 && (is_digit(url[size]) || strchr("+-.", url[size]) != NULL)))
        if (url[size++] == '\0')
            return 0;
    return size > 0 && url[size] == ':' ? size + 1 : 0;
}

static bool begins(const char *text, const char *with) {
    for (; *with != '\0'; text++, with++)
        if (weft__http_lower(*text) != *with)
            return false;
    return true;
}

static bool is_http(const char *url) {
    return begins(url, "http://") || begins(url, "https://");
}

const weft_error *weft__http_check_base(const char *url) {
    const weft_error *error = check_text(url);
    if (error == NULL && !is_http(url))
        error = refuse("a base URL begins with http:// or https://, not \"%.80s\"", url);
    return error;
}

/* --- Making it absolute --- */

/*
 * A relative URL, in parts: of the base that it keeps, and itself. As RFC 3986 has it, but that "." and ".."
 * are left for the transports, which remove them from every URL.
 */
static size_t kept_of_base(const char *base, const char *url) {
    size_t scheme = scheme_size(base);
    if (url[0] == '/' && url[1] == '/')
        return scheme;
    size_t path = scheme + 2 + strcspn(base + scheme + 2, "/?#");
    if (url[0] == '/')
        return path;
    size_t query = path + strcspn(base + path, "?#");
    if (url[0] == '\0')
        return strcspn(base, "#");
    if (url[0] == '?')
        return query;
    while (query > path && base[query - 1] != '/')
        query--;
    return query;
}

/* Spaces and what is not ASCII are written as %20 and the like, but in a host's name; a fragment stays here.
 */
static void write_url(char *to, size_t *size, const char *from, size_t length, size_t plain) {
    for (size_t i = 0; i < length && from[i] != '#'; i++) {
        unsigned char c = (unsigned char)from[i];
        bool coded = c == ' ' || (c >= 0x80 && i >= plain);
        if (to != NULL && coded)
            snprintf(to + *size, 4, "%%%02X", c);
        else if (to != NULL)
            to[*size] = (char)c;
        *size += coded ? 3 : 1;
    }
}

/* Where the path of an absolute URL begins. */
static size_t path_of(const char *url) {
    return is_http(url) ? scheme_size(url) + 2 + strcspn(url + scheme_size(url) + 2, "/?#") : 0;
}

static char *copy_url(const char *base, size_t kept, const char *url) {
    bool needs_slash = kept > 0 && kept == path_of(base) && url[0] != '/' && url[0] != '?' && url[0] != '\0';
    size_t size = 0;
    write_url(NULL, &size, base, kept, path_of(base));
    write_url(NULL, &size, url, strlen(url), path_of(url));
    char *copy = weft_allocate(size + 2);
    if (copy == NULL)
        return NULL;
    size = 0;
    write_url(copy, &size, base, kept, path_of(base));
    if (needs_slash)
        copy[size++] = '/';
    write_url(copy, &size, url, strlen(url), path_of(url));
    copy[size] = '\0';
    return copy;
}

char *weft__http_absolute_url(const char *base, const char *url, const weft_error **error) {
    if (url == NULL)
        *error = refuse("%s", "a request needs an URL, not NULL");
    else
        *error = check_text(url);
    if (*error != NULL)
        return NULL;
    size_t scheme = scheme_size(url);
    if (scheme > 0 || base == NULL)
        base = "";
    if (!is_http(url) && (scheme > 0 || (base[0] == '\0' && !weft__http_can.relative))) {
        *error = refuse("an URL begins with http:// or https://, not \"%.80s\"", url);
        return NULL;
    }
    char *copy = copy_url(base, base[0] == '\0' ? 0 : kept_of_base(base, url), url);
    if (copy == NULL)
        *error = &weft_error_out_of_memory;
    return copy;
}

/* --- Without the name and password that may be in it --- */

/* What stands behind them, and how much before. */
static const char *behind_user(const char *url, size_t *before) {
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    const char *at = memchr(host, '@', strcspn(host, "/?#"));
    *before = (size_t)(host - url);
    return at == NULL ? host : at + 1;
}

char *weft__http_url_without_user(const char *url) {
    size_t before;
    const char *rest = behind_user(url, &before);
    char *copy = weft_allocate(before + strlen(rest) + 1);
    if (copy != NULL) {
        memcpy(copy, url, before);
        strcpy(copy + before, rest);
    }
    return copy;
}

void weft__http_tell_request(const char *method, const char *url, char *buffer, size_t size) {
    size_t before;
    const char *rest = behind_user(url, &before);
    snprintf(buffer, size, "%s %.*s%.300s", method, (int)before, url, rest);
}
