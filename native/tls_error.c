#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* OpenSSL's queue of errors, put into words. */

#include "tls.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdio.h>

/* Of a code of the queue: the system's words, OpenSSL's, or its number. */
static const char *words_of(unsigned long code, char *buffer, size_t size) {
    const char *words = ERR_reason_error_string(code);
    if (ERR_GET_LIB(code) == ERR_LIB_SYS)
        snprintf(buffer, size, "%s", uv_strerror(uv_translate_sys_error(ERR_GET_REASON(code))));
    else if (words != NULL)
        snprintf(buffer, size, "%s", words);
    else if (code != 0)
        snprintf(buffer, size, "error %lx of OpenSSL", code);
    else
        snprintf(buffer, size, "OpenSSL does not say why");
    return buffer;
}

static bool is_out_of_memory(unsigned long code) {
    return ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
}

/* The first in the queue is what went wrong, those after it say what was tried. */
static const weft_error *describe(const char *detail, const char *format, va_list arguments) {
    char said[512], words[256];
    unsigned long code = ERR_get_error();
    for (unsigned long other = code; other != 0; other = ERR_get_error())
        if (is_out_of_memory(other))
            code = other;
    if (is_out_of_memory(code))
        return &weft_error_out_of_memory;
    vsnprintf(said, sizeof said, format, arguments);
    return weft_error_new(WEFT_TLS, "%s: %s%s%s", said, words_of(code, words, sizeof words),
                          detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
}

const weft_error *weft__tls_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = describe(NULL, format, arguments);
    va_end(arguments);
    return error;
}

const weft_error *weft__tls_failure(SSL *ssl, const char *format, ...) {
    long verified = SSL_get_verify_result(ssl);
    bool refused = ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = describe(
        refused && verified != X509_V_OK ? X509_verify_cert_error_string(verified) : NULL, format, arguments);
    va_end(arguments);
    return error;
}
