/*
 * read-certificate FILE: reads a certificate with libcrypto, prints when it ends, and does nothing
 * else. What `renewal-agent renew` takes when nothing is due is held against this.
 */
#include "base/scoped.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	scoped(BIO) BIO *output = NULL;
	scoped(FILE) FILE *file = NULL;
	scoped(X509) X509 *certificate = NULL;

	if (argc != 2)
		return EXIT_FAILURE;
	/* As the agent does. */
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
		return EXIT_FAILURE;
	file = fopen(argv[1], "re");
	certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	output = BIO_new_fp(stdout, BIO_NOCLOSE);
	if (!certificate || !output)
		return EXIT_FAILURE;
	if (!ASN1_TIME_print(output, X509_get0_notAfter(certificate))
	    || BIO_puts(output, "\n") <= 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
