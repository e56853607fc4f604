#include "pkcs11/token_capacity.h"

#include "pkcs11/module.h"
#include "pkcs11/token.h"

#include <limits.h>

static long known(CK_ULONG number)
{
	return number > LONG_MAX ? TOKEN_CAPACITY_UNKNOWN : (long)number;
}

bool token_capacity_look(
    const struct token *token, struct token_capacity *ret_capacity, struct error *error)
{
	CK_TOKEN_INFO info = { .flags = 0 };
	CK_RV result = token_functions(token)->C_GetTokenInfo(token_info(token)->slot, &info);

	if (result != CKR_OK)
		return module_error(
		    error, result, "cannot look at the token %s", token_name(token));
	/* CK_UNAVAILABLE_INFORMATION is the largest number. */
	*ret_capacity = (struct token_capacity){
		.free_private = known(info.ulFreePrivateMemory),
		.free_public = known(info.ulFreePublicMemory),
		.sessions = known(info.ulSessionCount),
		.sessions_most = known(info.ulMaxSessionCount),
	};
	return true;
}
