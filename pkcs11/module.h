#pragma once
/*
 * The vendor's PKCS#11 module, loaded by its path and initialised once.
 *
 * The process's only owner of it: it is finalised here and nowhere else, after everything that
 * came from it has been closed. Nothing may fork between open and close. SIGPIPE is to be
 * ignored by the caller: a remote module whose server has died raises it.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>

struct module;

/* path is absolute, else ERROR_CONFIG. init_args goes into CK_C_INITIALIZE_ARGS.pReserved (NSS); NULL for none. */
MUST_CHECK bool module_open(
    const char *path, const char *init_args, struct module **ret_module, struct error *error);
void module_close(struct module *module);

const char *module_path(const struct module *module); /* borrowed */
/* Which it is (C_GetInfo): "SoftHSM 2.6 by SoftHSM, PKCS#11 2.40". */
#define MODULE_DESCRIPTION_SIZE 128
MUST_CHECK bool module_describe(
    const struct module *module, char ret_text[MODULE_DESCRIPTION_SIZE], struct error *error);
CK_FUNCTION_LIST *module_functions(const struct module *module);

/* ERROR_TOKEN: "<text>: CKR_DEVICE_ERROR (0x30)". Returns false. */
bool module_error(struct error *error, CK_RV result, const char *format, ...) PRINTF_LIKE(3, 4);
/* No result of PKCS#11 but one of ours, for module_error: a search has found more than we take. */
#define MODULE_TOO_MANY (~(CK_RV)0)
/* CKR_PIN_INCORRECT and the like; "CKR_0x..." for a number without a name. Never NULL: a string
   constant, or the buffer. */
#define MODULE_RESULT_NAME_SIZE 32
const char *module_result_name(CK_RV result, char buffer[MODULE_RESULT_NAME_SIZE]);

DEFINE_SCOPED(module, struct module *, module_close)
