/* A stage in words. */
#include "base/compiler.h"
#include "rootca/standing.h"

const char *standing_stage_name(enum stage stage)
{
	static const char *const names[] = {
		[STAGE_STEADY] = "steady",
		[STAGE_OVERLAP] = "overlap",
		[STAGE_GATEWAY_AHEAD] = "gateway-ahead",
		[STAGE_SIGNER_AHEAD] = "signer-ahead",
		[STAGE_SIGNER_BEHIND] = "signer-behind",
	};

	_Static_assert(ARRAY_LENGTH(names) == STAGE_COUNT, "every stage has its name");
	return names[stage];
}

static const char *meaning_of_signer_ahead(const struct standing *standing)
{
	if (standing_trusts_key(standing))
		return "a rotation stopped half-way: the signer uses a newer CA certificate of the "
		       "same key, which the gateway does not trust yet";
	if (standing_trusts_subject(standing))
		return "a rotation to a new key stopped half-way: the gateway does not trust what "
		       "the signer signs";
	return "the gateway trusts neither the key nor the subject of the signer's CA: these are "
	       "the Secrets of two installations, or a rotation to a new key and another subject "
	       "stopped half-way";
}

const char *standing_stage_meaning(const struct standing *standing)
{
	switch (standing->stage) {
	case STAGE_STEADY:
		return sk_X509_num(standing->trusted) > 1
			   ? "no rotation is under way: the gateway trusts the signer's CA and no "
			     "other of its key or subject"
			   : "no rotation is under way: the gateway trusts the signer's CA and no "
			     "other";
	case STAGE_OVERLAP:
		return "a rotation is in its overlap: the signer uses the new CA, the gateway "
		       "trusts it and what came before";
	case STAGE_GATEWAY_AHEAD:
		return "a rotation stopped half-way: the gateway trusts a newer CA certificate of "
		       "the same key, which the signer does not use yet";
	case STAGE_SIGNER_AHEAD:
		return meaning_of_signer_ahead(standing);
	case STAGE_SIGNER_BEHIND:
		return standing_is_trusted(standing, standing->pair.certificate)
			   ? "the signer's CA may be a compromised one that was put back: the "
			     "gateway trusts it, and a newer CA too, whose key the signer does not "
			     "have"
			   : "a rotation to a new key stopped half-way, from the wrong end: the "
			     "gateway trusts a newer CA, whose key the signer does not have, and "
			     "not what the signer signs";
	case STAGE_COUNT:
		break;
	}
	return "";
}

static const char *next_of_signer_ahead(const struct standing *standing, const char *same_key)
{
	if (standing_trusts_key(standing))
		return same_key;
	if (standing_trusts_subject(standing))
		return "finish it with the CA that is there: root-ca rotate --reason "
		       "compromised-key --finish";
	return "make sure that both Secrets are of one installation; only then root-ca rotate "
	       "--reason compromised-key --finish --change-subject";
}

const char *standing_next(const struct standing *standing)
{
	static const char same_key[] =
	    "finish it with the CA that is there: if the old certificate is compromised, only by "
	    "root-ca rotate --reason compromised-certificate --finish; if it merely expires, by "
	    "root-ca rotate --reason expiring --finish, which goes on trusting it";

	if (!standing->pair.key)
		return "put the right ca.key and ca.crt back; if the key is lost: root-ca rotate "
		       "--reason compromised-key --days N";
	switch (standing->stage) {
	case STAGE_STEADY:
		return "nothing, or begin one: root-ca rotate --reason REASON --days N";
	case STAGE_OVERLAP:
		return "renew all hosts, look at root-ca report, then root-ca retire --fleet "
		       "REPORTS";
	case STAGE_GATEWAY_AHEAD:
		return same_key;
	case STAGE_SIGNER_AHEAD:
		return next_of_signer_ahead(standing, same_key);
	case STAGE_SIGNER_BEHIND:
		return "replace the signer's Secret by the newer CA's, as it was printed together "
		       "with the gateway's; if that is lost, the key is: begin again with root-ca "
		       "rotate --reason compromised-key --days N";
	case STAGE_COUNT:
		break;
	}
	return "";
}
