#include "pkcs11/mechanism.h"

#include "pkcs11/module.h"
#include "pkcs11/token.h"

/* A maximum below this cannot be bits: it counts bytes. */
#define BITS_PLAUSIBLE 1024

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_FLAGS use;
} rows[] = {
	[MECHANISM_KEY_PAIR] = { "CKM_RSA_PKCS_KEY_PAIR_GEN", CKM_RSA_PKCS_KEY_PAIR_GEN,
	    CKF_GENERATE_KEY_PAIR },
	[MECHANISM_PKCS1] = { "CKM_RSA_PKCS", CKM_RSA_PKCS, CKF_SIGN },
	[MECHANISM_PSS] = { "CKM_RSA_PKCS_PSS", CKM_RSA_PKCS_PSS, CKF_SIGN },
	[MECHANISM_RAW] = { "CKM_RSA_X_509", CKM_RSA_X_509, CKF_SIGN },
};

_Static_assert(ARRAY_LENGTH(rows) == MECHANISM_COUNT, "every mechanism has its row");

const char *mechanism_name(enum mechanism mechanism)
{
	return rows[mechanism].name;
}

static unsigned long bits(CK_ULONG size, bool in_bytes)
{
	if (size == CK_UNAVAILABLE_INFORMATION)
		return 0;
	return in_bytes ? size * 8 : size;
}

bool mechanism_look(const struct token *token, enum mechanism mechanism,
    struct mechanism_range *ret_range, struct error *error)
{
	CK_MECHANISM_INFO info = { .flags = 0 };
	CK_RV result = token_functions(token)->C_GetMechanismInfo(
	    token_info(token)->slot, rows[mechanism].type, &info);
	bool in_bytes = info.ulMaxKeySize != 0 && info.ulMaxKeySize < BITS_PLAUSIBLE;

	*ret_range = (struct mechanism_range){ .listed = false };
	if (result == CKR_MECHANISM_INVALID)
		return true;
	if (result != CKR_OK)
		return module_error(error, result, "cannot ask the token %s about %s",
		    token_name(token), rows[mechanism].name);
	*ret_range = (struct mechanism_range){
		.listed = true,
		.there = info.flags & rows[mechanism].use,
		.least = bits(info.ulMinKeySize, in_bytes),
		.most = bits(info.ulMaxKeySize, in_bytes),
	};
	return true;
}

bool mechanism_find_pss(const struct token *token, enum mechanism *ret_by, struct error *error)
{
	static const enum mechanism ways[] = { MECHANISM_PSS, MECHANISM_RAW };
	struct mechanism_range range;

	*ret_by = MECHANISM_COUNT;
	for (size_t i = 0; i < ARRAY_LENGTH(ways) && *ret_by == MECHANISM_COUNT; i++) {
		if (!mechanism_look(token, ways[i], &range, error))
			return false;
		if (range.there)
			*ret_by = ways[i];
	}
	return true;
}
