#include "transport/tls_identity.h"

#include "transport/https.h"

#include <openssl/err.h>

bool tls_identity_check(const struct https_identity *identity, struct error *error)
{
	ERR_clear_error();
	if (X509_check_private_key(identity->certificate, identity->key) != 1)
		return error_set_openssl(
		    error, ERROR_TOKEN, "the key is not the one of our certificate");
	return true;
}

/* TLS 1.3 knows no other RSA signature than PSS (RFC 8446, 4.2.3). What the server signs with is
   left as it is. */
static bool keep_to_pkcs1(SSL_CTX *context)
{
	return SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1
	       && SSL_CTX_set1_client_sigalgs_list(context, "RSA+SHA256:RSA+SHA384:RSA+SHA512")
		      == 1;
}

bool tls_identity_use(const struct https_identity *identity, SSL_CTX *context, struct error *error)
{
	ERR_clear_error();
	/* The server gets the chain that we were given, not one built from the CAs for servers. */
	SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
	if (SSL_CTX_use_certificate(context, identity->certificate) != 1
	    || SSL_CTX_use_PrivateKey(context, identity->key) != 1
	    || (identity->chain && SSL_CTX_set1_chain(context, identity->chain) != 1)
	    || (identity->pkcs1_only && !keep_to_pkcs1(context)))
		return error_set_openssl(
		    error, ERROR_TOKEN, "TLS does not take our certificate, its chain and key");
	return true;
}
