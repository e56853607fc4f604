#pragma once
/*
 * A certificate authority for tests: certificates of every shape, made when the test runs.
 *
 * Nothing here can fail: a test whose certificates cannot be made aborts.
 */
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define AUTHORITY_NOW ((int64_t)1800000000) /* 2027-01-15T08:00:00Z: the tests' present */
#define AUTHORITY_DAY ((int64_t)24 * 60 * 60)

struct authority_recipe {
	const char *subject; /* as for authority_name */
	EVP_PKEY *key;       /* that the certificate is about */
	int version;
	int64_t not_before;
	int64_t not_after;
	const char *basic_constraints; /* as in openssl.cnf, here and below; NULL for none */
	const char *key_usage;
	const char *extended_key_usage;
	const char *digest;
	bool pss; /* RSASSA-PSS instead of PKCS#1 v1.5 */
};

/* What the Connector issues for 90 days, and the CA that it makes for itself for 92. */
struct authority_recipe authority_leaf(const char *subject, EVP_PKEY *key);
struct authority_recipe authority_ca(const char *subject, EVP_PKEY *key);

/* Self-signed when `issuer` is NULL. The serial number is 2, as the Connector's always is. */
X509 *authority_issue(
    const struct authority_recipe *recipe, const X509 *issuer, EVP_PKEY *issuer_key);

/* "C=DE,O=Org,OU=a+OU=b,CN=x": a plus sign keeps two values in one RDN. */
X509_NAME *authority_name(const char *text);

/* RSA 2048, made once for each number below 8. Borrowed until the process ends. */
EVP_PKEY *authority_key(unsigned number);
