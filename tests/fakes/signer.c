#include "tests/fakes/signer.h"

#include "base/text.h"
#include "pkcs11/token.h"

#include <stdlib.h>
#include <string.h>

struct fake_signers fake_signers;

struct signer {
	enum signer_kind kind;
};

static const char *const names[] = { "provider", "engine", "pkcs11prov" };

const char *signer_kind_name(enum signer_kind kind)
{
	return names[kind];
}

const char *signer_kind_package(enum signer_kind kind)
{
	if (kind == SIGNER_ENGINE && fake_signers.no_engine)
		return NULL;
	return kind == SIGNER_PROVIDER ? "package-a" : "package-b";
}

bool signer_open(enum signer_kind kind, struct token *token, struct signer **ret_signer,
    bool *ret_absent, struct error *error)
{
	struct signer *signer;

	(void)token;
	*ret_absent = fake_signers.absent[kind];
	if (*ret_absent)
		return error_set(error, ERROR_TOKEN, "%s is absent", names[kind]);
	signer = malloc(sizeof(*signer));
	if (!signer)
		abort();
	signer->kind = kind;
	fake_signers.open++;
	*ret_signer = signer;
	return true;
}

void signer_close(struct signer *signer)
{
	if (signer)
		fake_signers.open--;
	free(signer);
}

bool signer_makes_pss(const struct signer *signer)
{
	return signer->kind != SIGNER_PROVIDER;
}

bool signer_check_id(const struct token *token, const struct key_id *id, struct error *error)
{
	(void)token;
	(void)id;
	return !fake_signers.no_key || error_set(error, ERROR_TOKEN, "no such key");
}

bool signer_load_key(
    struct signer *signer, const struct key_id *id, EVP_PKEY **ret_key, struct error *error)
{
	char *order = fake_signers.asked_order;

	(void)id;
	(void)text_format(order + strlen(order), sizeof(fake_signers.asked_order) - strlen(order),
	    "%s ", names[signer->kind]);
	if (fake_signers.no_key || fake_signers.loads_nothing[signer->kind])
		return error_set(error, ERROR_TOKEN, "%s loads nothing", names[signer->kind]);
	*ret_key = EVP_PKEY_new();
	return true;
}

bool token_try_session(const struct token *token, struct error *error)
{
	(void)token;
	fake_signers.sessions++;
	return !fake_signers.no_session || error_set(error, ERROR_TOKEN, "no session");
}
