#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* libcurl's errors as weft's. */

#include "http_curl.h"

#include <stdio.h>
#include <string.h>

static int code_of(CURLcode result) {
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return WEFT_TIMED_OUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return WEFT_TLS;
    default:
        return WEFT_HTTP;
    }
}

/* In libcurl's own words about this transfer, or else about its kind of error. */
static void words_of(const weft__curl_transfer *transfer, CURLcode result, char *buffer, size_t size) {
    const char *words = transfer->words[0] != '\0' ? transfer->words : curl_easy_strerror(result);
    snprintf(buffer, size, "%s", words);
    for (size_t length = strlen(buffer); length > 0 && (unsigned char)buffer[length - 1] <= ' ';)
        buffer[--length] = '\0';
}

/* libcurl says of a line of more than 100 KB that it has no memory for it. */
const weft_error *weft__curl_error(weft__curl_transfer *transfer, CURLcode result) {
    char words[CURL_ERROR_SIZE + 1], said[96];
    long number = 0;
    if (result == CURLE_OUT_OF_MEMORY && transfer->status > 0 && !transfer->answered)
        return weft__error_named(WEFT_LIMIT, NULL, "a header of the answer is too long, or memory ran out");
    if (result == CURLE_OUT_OF_MEMORY)
        return &weft_error_out_of_memory;
    words_of(transfer, result, words, sizeof words);
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    if (transfer->refused != 0)
        number = transfer->refused;
    if (number == 0 || code_of(result) != WEFT_HTTP)
        return weft__error_named(code_of(result), NULL, "%s", words);
    int code = uv_translate_sys_error((int)number);
    const char *name = uv_err_name(code); /* static for a code of libuv's, and these are */
    return weft__error_named(WEFT_HTTP, name, "%s: %s (%s)", words, uv_strerror_r(code, said, sizeof said),
                             name);
}

const weft_error *weft__curl_multi_error(CURLMcode code) {
    if (code == CURLM_OUT_OF_MEMORY || code == CURLM_ABORTED_BY_CALLBACK) /* there it is ours that ran out */
        return &weft_error_out_of_memory;
    return weft__error_named(WEFT_HTTP, NULL, "%s", curl_multi_strerror(code));
}
