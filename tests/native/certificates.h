/* Certificates for tests of TLS, made when they are needed: no key is ever kept. */
#ifndef WEFT_TEST_CERTIFICATES_H
#define WEFT_TEST_CERTIFICATES_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct identity {
    X509 *certificate;
    EVP_PKEY *key;
} identity;

/* What a certificate is to say; zero is a valid one. */
typedef struct wish {
    const char *name;       /* common name */
    const char *others;     /* subjectAltName: "DNS:localhost,IP:127.0.0.1" */
    const identity *issuer; /* NULL: itself */
    bool authority, expired;
} wish;

static EVP_PKEY *make_key(void) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    if (maker == NULL || EVP_PKEY_keygen_init(maker) != 1 ||
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker, NID_X9_62_prime256v1) != 1 ||
        EVP_PKEY_keygen(maker, &key) != 1)
        abort();
    EVP_PKEY_CTX_free(maker);
    return key;
}

static void extend(X509 *certificate, X509 *issuer, int what, const char *text) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, text);
    if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
        abort();
    X509_EXTENSION_free(extension);
}

static identity issue(wish wanted) {
    static long serial = 1;
    identity made = {X509_new(), make_key()};
    identity issuer = wanted.issuer == NULL ? made : *wanted.issuer;
    X509_NAME *name = X509_get_subject_name(made.certificate);
    X509_set_version(made.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), wanted.expired ? -3600 : 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)wanted.name, -1, -1, 0);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer.certificate));
    X509_set_pubkey(made.certificate, made.key);
    if (wanted.authority)
        extend(made.certificate, issuer.certificate, NID_basic_constraints, "critical,CA:TRUE");
    if (wanted.others != NULL)
        extend(made.certificate, issuer.certificate, NID_subject_alt_name, wanted.others);
    if (X509_sign(made.certificate, issuer.key, EVP_sha256()) == 0)
        abort();
    return made;
}

/* The certificate and its key, or the certificate alone, in one file; the key encrypted if there is a
 * password. */
static void write_pem(const char *path, identity of, bool with_key, const char *password) {
    FILE *file = fopen(path, "w");
    if (file == NULL || PEM_write_X509(file, of.certificate) != 1)
        abort();
    const EVP_CIPHER *cipher = password == NULL ? NULL : EVP_aes_128_cbc();
    union {
        const char *from;
        void *to;
    } cast = {password};
    if (with_key && PEM_write_PrivateKey(file, of.key, cipher, NULL, 0, NULL, cast.to) != 1)
        abort();
    fclose(file);
}

static void free_identity(identity it) {
    X509_free(it.certificate);
    EVP_PKEY_free(it.key);
}

static char certificate_folder[] = "/tmp/weft-tls-XXXXXX";
static const char *const certificate_files[] = {"ca.pem",        "server.pem",   "expired.pem",
                                                "elsewhere.pem", "client.pem",   "encrypted.pem",
                                                "alone.pem",     "stranger.pem", "other_ca.pem"};

/* "server.pem" -> its path, in one of some buffers that are used again. */
static const char *certificate(const char *name) {
    static char paths[8][64];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", certificate_folder, name);
    return path;
}

static void remove_certificates(void) {
    for (size_t i = 0; i < sizeof certificate_files / sizeof *certificate_files; i++)
        unlink(certificate(certificate_files[i]));
    rmdir(certificate_folder);
}

/* Once, before they are used; they go at exit. */
static void make_certificates(void) {
    if (mkdtemp(certificate_folder) == NULL)
        abort();
    atexit(remove_certificates);
    identity ca = issue((wish){.name = "weft's authority", .authority = true});
    identity stranger = issue((wish){.name = "another authority", .authority = true});
    const char *here = "DNS:localhost,IP:127.0.0.1,IP:::1";
    identity server = issue((wish){.name = "localhost", .others = here, .issuer = &ca});
    identity expired = issue((wish){.name = "localhost", .others = here, .issuer = &ca, .expired = true});
    identity elsewhere = issue((wish){.name = "elsewhere", .others = "DNS:elsewhere.example", .issuer = &ca});
    identity client = issue((wish){.name = "somebody", .issuer = &ca});
    identity unknown = issue((wish){.name = "nobody", .others = here, .issuer = &stranger});
    write_pem(certificate("ca.pem"), ca, false, NULL);
    write_pem(certificate("other_ca.pem"), stranger, false, NULL);
    write_pem(certificate("server.pem"), server, true, NULL);
    write_pem(certificate("expired.pem"), expired, true, NULL);
    write_pem(certificate("elsewhere.pem"), elsewhere, true, NULL);
    write_pem(certificate("client.pem"), client, true, NULL);
    write_pem(certificate("encrypted.pem"), server, true, "secret");
    write_pem(certificate("alone.pem"), server, false, NULL);
    write_pem(certificate("stranger.pem"), unknown, true, NULL);
    identity all[] = {ca, stranger, server, expired, elsewhere, client, unknown};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free_identity(all[i]);
}

#endif
