/* Tokens, lines and words of HTTP. */

#include "http_text.h"

#include <string.h>

static bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (weft__http_lower(c) >= 'a' && weft__http_lower(c) <= 'z');
}

bool weft__http_is_token(const char *text) {
    for (const char *at = text; *at != '\0'; at++)
        if (!is_letter_or_digit(*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL)
            return false;
    return text[0] != '\0';
}

bool weft__http_is_line(const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if ((*at < 0x20 && *at != '\t') || *at == 0x7f)
            return false;
    return true;
}

bool weft__http_same_name(const char *a, const char *b) {
    while (*a != '\0' && weft__http_lower(*a) == weft__http_lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

const weft_http_field *weft__http_find(const weft_http_field *fields, const char *name) {
    for (; fields->name != NULL; fields++)
        if (weft__http_same_name(fields->name, name))
            return fields;
    return NULL;
}

const char *weft__http_words(int status) {
    static const struct {
        int status;
        const char *words;
    } all[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {418, "I'm a teapot"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
        {511, "Network Authentication Required"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].status == status)
            return all[i].words;
    return "";
}
