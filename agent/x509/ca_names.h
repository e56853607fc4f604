#pragma once
/*
 * The names of CAs whose certificates a server accepts (RFC 8446, 4.2.4; RFC 5246, 7.4.4), beside
 * a certificate of ours. They say little: a server may name none, or more than it accepts, and two
 * CAs may share a name.
 */
#include <openssl/x509.h>
#include <stdbool.h>

#define CA_NAME_SIZE 512

/* Whether one of them issued the certificate, or a CA of its chain; string types and case of the
   names do not count (RFC 5280, 7.1). NULL is an empty list, in which nobody is. */
bool ca_names_have_issuer(
    const STACK_OF(X509_NAME) *names, const X509 *certificate, const STACK_OF(X509) *chain);
/* For people and for comparing one list with the next: as subject_format has it, or "SHA-256 .." of
   its DER when that is too long or cannot be read. */
void ca_names_describe(const X509_NAME *name, char text[CA_NAME_SIZE]);
