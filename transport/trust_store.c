#include "transport/trust_store.h"

#include <openssl/x509_vfy.h>
#include <stdlib.h>

struct trust_store {
	const char *folder;
	const char *bundle;
	X509_LOOKUP_METHOD *when_needed;
};

static int set_bundle(X509_LOOKUP *lookup, int command, const char *path, long type, char **ret)
{
	(void)command;
	(void)type;
	(void)ret;
	return X509_LOOKUP_set_method_data(lookup, (void *)path);
}

static X509 *find_in(X509_STORE *store, const X509_NAME *name)
{
	X509_OBJECT *found =
	    X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), X509_LU_X509, name);

	return found ? X509_OBJECT_get0_X509(found) : NULL;
}

/* The last of the store's lookups: asked for what the folder has not. */
static int find(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name, X509_OBJECT *ret)
{
	const char *bundle = X509_LOOKUP_get_method_data(lookup);
	X509_STORE *store = X509_LOOKUP_get_store(lookup);
	X509 *ca;

	if (!bundle || type != X509_LU_X509)
		return 0;
	/* Once: then they all are in the store. */
	if (!X509_LOOKUP_set_method_data(lookup, NULL) || !X509_STORE_load_file(store, bundle))
		return 0;
	ca = find_in(store, name);
	if (!ca || !X509_OBJECT_set1_X509(ret, ca))
		return 0;
	/* OpenSSL takes a reference of its own of what a lookup answers; the store keeps one. */
	X509_free(ca);
	return 1;
}

struct trust_store *trust_store_new(const char *folder, const char *bundle)
{
	scoped(trust_store) struct trust_store *trust = calloc(1, sizeof(*trust));

	if (!trust)
		return NULL;
	trust->folder = folder;
	trust->bundle = bundle;
	trust->when_needed = X509_LOOKUP_meth_new("a bundle, when it is needed");
	if (!trust->when_needed || !X509_LOOKUP_meth_set_ctrl(trust->when_needed, set_bundle)
	    || !X509_LOOKUP_meth_set_get_by_subject(trust->when_needed, find))
		return NULL;
	return take(trust);
}

void trust_store_free(struct trust_store *trust)
{
	if (!trust)
		return;
	X509_LOOKUP_meth_free(trust->when_needed);
	free(trust);
}

bool trust_store_add(struct trust_store *trust, SSL_CTX *context)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509_LOOKUP *lookup = NULL;

	/* In this order: libcurl 7.88 adds the folder only after its callback. */
	if (X509_STORE_load_path(store, trust->folder))
		lookup = X509_STORE_add_lookup(store, trust->when_needed);
	return lookup && X509_LOOKUP_load_file(lookup, trust->bundle, X509_FILETYPE_PEM);
}
