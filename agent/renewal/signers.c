#include "agent/renewal/signers.h"

#include "base/compiler.h"
#include "pkcs11/token.h"

static const enum signer_kind named[] = {
	[SIGNER_CHOICE_AUTO] = SIGNER_KIND_COUNT,
	[SIGNER_CHOICE_PROVIDER] = SIGNER_PROVIDER,
	[SIGNER_CHOICE_ENGINE] = SIGNER_ENGINE,
	[SIGNER_CHOICE_PKCS11PROV] = SIGNER_PKCS11PROV,
};

/* pkcs11prov, which finalizes the module, is the last. */
void signers_close(struct signers *signers)
{
	for (size_t i = 0; i < ARRAY_LENGTH(signers->open); i++) {
		signer_close(signers->open[i]);
		signers->open[i] = NULL;
	}
}

void signers_begin(struct signers *signers)
{
	signers->at = (enum signer_kind)0;
}

static bool may_sign(const struct signers *signers, enum signer_kind kind)
{
	return signers->choice == SIGNER_CHOICE_AUTO || named[signers->choice] == kind;
}

static bool any_is_open(const struct signers *signers)
{
	for (size_t i = 0; i < ARRAY_LENGTH(signers->open); i++)
		if (signers->open[i])
			return true;
	return false;
}

/* Something went wrong before when this is not the first: whether the token still gives out
   sessions is tried by hand, since the engine waits for ever when it does not. */
static bool open_one(
    struct signers *signers, enum signer_kind kind, bool *ret_absent, struct error *error)
{
	*ret_absent = false;
	if (signers->open[kind])
		return true;
	if (any_is_open(signers) && !token_try_session(signers->token, error))
		return false;
	return signer_open(kind, signers->token, &signers->open[kind], ret_absent, error);
}

static void join(struct error *reasons, const struct error *reason)
{
	if (reasons->kind == ERROR_NONE)
		*reasons = *reason;
	else
		error_set(reasons, reasons->kind, "%s; %s", reasons->message, reason->message);
}

/* pkcs11prov is in the engine's package, but only in its newer versions. */
static bool set_absent(struct error *error)
{
	const char *other = signer_kind_package(SIGNER_ENGINE);

	return error_set(error, ERROR_TOKEN,
	    "nothing here lets OpenSSL sign with a key in a token: install %s%s%s",
	    signer_kind_package(SIGNER_PROVIDER), other ? " or " : "", other ? other : "");
}

bool signers_load_key(
    struct signers *signers, const struct key_id *id, EVP_PKEY **ret_key, struct error *error)
{
	struct error reasons = ERROR_INIT;

	for (enum signer_kind kind = signers->at; kind < SIGNER_KIND_COUNT; kind++) {
		struct error reason = ERROR_INIT;
		bool absent = false;

		if (!may_sign(signers, kind))
			continue;
		if (open_one(signers, kind, &absent, &reason)
		    && signer_load_key(signers->open[kind], id, ret_key, &reason)) {
			signers->at = kind;
			signers->served = true;
			return true;
		}
		if (absent && signers->choice == SIGNER_CHOICE_AUTO)
			continue;
		join(&reasons, &reason);
		if (signers->open[kind] && !signer_check_id(signers->token, id, &reason))
			break;
	}
	if (reasons.kind == ERROR_NONE)
		return set_absent(error);
	*error = reasons;
	return false;
}

const char *signers_name(const struct signers *signers)
{
	return signer_kind_name(signers->at);
}

bool signers_make_pss(const struct signers *signers)
{
	return signer_makes_pss(signers->open[signers->at]);
}

bool signers_take_over(struct signers *signers)
{
	unsigned next = signers->at;

	while (signers->choice == SIGNER_CHOICE_AUTO && ++next < SIGNER_KIND_COUNT) {
		struct error ignored = ERROR_INIT;
		bool absent = false;

		if (!open_one(signers, (enum signer_kind)next, &absent, &ignored))
			continue;
		signers->at = (enum signer_kind)next;
		return true;
	}
	return false;
}
