#pragma once
/*
 * Distinguished names as the Connector hands them out, and how an issued name is compared.
 *
 * The Connector writes "O=..,OU=..,L=..,ST=..,C=..,CN=.." in this fixed order without escaping
 * anything, so that values may hold commas and equals signs; the comment in its schema shows
 * another order; RFC 2253 escapes are understood too. The issued certificate carries the
 * attributes in an order of its own and with string types of its own.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <openssl/x509.h>
#include <stdbool.h>

#define SUBJECT_TEXT_MAX 2048

/* Any failure is ERROR_VERIFICATION and quotes the text. Owned: X509_NAME_free. Values become
   PrintableString where their characters allow, else UTF8String (RFC 5280, 4.1.2.4). */
MUST_CHECK bool subject_parse(const char *text, X509_NAME **ret_name, struct error *error);
/* For people: "CN=.., O=.., ..." one line, unusual characters escaped. Owned. */
MUST_CHECK bool subject_format(const X509_NAME *name, char **ret_text, struct error *error);
/* Attribute by attribute, whatever the order and the string types, multi-valued RDNs included:
   every requested attribute with its values, nothing else. The error names the attribute, the
   value that was asked for and the one that came. */
MUST_CHECK bool subject_check_equal(
    const X509_NAME *requested, const X509_NAME *issued, struct error *error);
/* The last CN (RFC 5280 allows several), as UTF-8. ERROR_VERIFICATION when there is none. Owned. */
MUST_CHECK bool subject_common_name(const X509_NAME *name, char **ret_text, struct error *error);
