#include "pkcs11/signer_library_context.h"

#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/module.h"
#include "pkcs11/token.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <string.h>

#define CONFIGURATION_MAX 8192

DEFINE_SCOPED(OSSL_LIB_CTX, OSSL_LIB_CTX *, OSSL_LIB_CTX_free)
DEFINE_SCOPED(CONF, CONF *, NCONF_free)
DEFINE_SCOPED(OSSL_STORE_CTX, OSSL_STORE_CTX *, OSSL_STORE_close)
DEFINE_SCOPED(OSSL_STORE_INFO, OSSL_STORE_INFO *, OSSL_STORE_INFO_free)

/* The path stands between quotes, where config(5) knows these and the end of the line; `$` is
   taken as it is there by today's OpenSSL. */
static bool check_path(const char *path, struct error *error)
{
	for (const char *at = path; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || strchr("\"'`\\$", *at))
			return error_set(error, ERROR_CONFIG,
			    "the path of the module holds a character that OpenSSL's "
			    "configuration cannot take (a quote, \\, $ or a control character): "
			    "%s",
			    path);
	return true;
}

/* The provider comes first: without it the rest is not needed. */
static bool write_configuration(const struct signer_provider *provider, const char *module,
    struct text_buffer *text, struct error *error)
{
	if (!check_path(module, error))
		return false;
	text_printf(text,
	    "openssl_conf = all\n[all]\nproviders = providers\n"
	    "[providers]\n%s = signer\ndefault = software\n"
	    "[software]\nactivate = 1\n"
	    "[signer]\nactivate = 1\n%s = \"%s\"\n%s",
	    provider->name, provider->module_setting, module, provider->settings);
	return !text->failed
	       || error_set(error, ERROR_CONFIG, "the path of the module is too long: %s", module);
}

/* A provider that cannot be loaded is an error to some versions of OpenSSL and none to others. */
static bool configure(OSSL_LIB_CTX *context, const struct signer_provider *provider,
    const struct text_buffer *text, bool *ret_absent, struct error *error)
{
	scoped(BIO) BIO *input = BIO_new_mem_buf(text->data, (int)text->length);
	scoped(CONF) CONF *configuration = NCONF_new_ex(context, NULL);

	ERR_clear_error();
	if (!input || !configuration || NCONF_load_bio(configuration, input, NULL) <= 0)
		return error_set_openssl(
		    error, ERROR_INTERNAL, "cannot make a configuration for OpenSSL");
	if (CONF_modules_load(configuration, NULL, 0) > 0
	    && OSSL_PROVIDER_available(context, provider->name)) {
		ERR_clear_error();
		return true;
	}
	*ret_absent = true;
	return error_set_openssl(error, ERROR_TOKEN, "cannot load the provider \"%s\", install %s",
	    provider->name, provider->package);
}

bool signer_library_context_open(const struct signer_provider *provider, const struct token *token,
    void **ret_state, bool *ret_absent, struct error *error)
{
	__attribute__((cleanup(scoped_destroy_text))) struct text_buffer text =
	    TEXT_BUFFER_INIT(CONFIGURATION_MAX);
	scoped(OSSL_LIB_CTX) OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();

	if (!context)
		return error_set_openssl(
		    error, ERROR_INTERNAL, "cannot make a library context of OpenSSL");
	if (!write_configuration(provider, module_path(token_module(token)), &text, error)
	    || !configure(context, provider, &text, ret_absent, error))
		return false;

	*ret_state = take(context);
	return true;
}

static EVP_PKEY *load_key(OSSL_STORE_CTX *store)
{
	while (!OSSL_STORE_eof(store)) {
		scoped(OSSL_STORE_INFO) OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			return OSSL_STORE_INFO_get1_PKEY(info);
		if (!info && OSSL_STORE_error(store))
			return NULL;
	}
	return NULL;
}

bool signer_library_context_load(
    void *state, const char *uri, EVP_PKEY **ret_key, struct error *error)
{
	scoped(OSSL_STORE_CTX) OSSL_STORE_CTX *store = NULL;
	EVP_PKEY *key = NULL;

	ERR_clear_error();
	/* UI_null: a provider that finds no key may think that it lacks a PIN, and ask for it. */
	store = OSSL_STORE_open_ex(uri, state, NULL, UI_null(), NULL, NULL, NULL, NULL);
	if (store && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) == 1)
		key = load_key(store);
	if (!key)
		return error_set_openssl(error, ERROR_TOKEN, "cannot load the key %s", uri);
	/* What the look at "pkcs11:..." as the name of a file has left. */
	ERR_clear_error();
	*ret_key = key;
	return true;
}

void signer_library_context_close(void *state)
{
	OSSL_LIB_CTX_free(state);
}
