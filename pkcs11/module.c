#include "pkcs11/module.h"

#include "base/text.h"
#include "pkcs11/field.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>

struct module {
	char *path;
	void *library;
	CK_FUNCTION_LIST *functions;
	bool initialized;
};

static bool load(struct module *module, struct error *error)
{
	CK_C_GetFunctionList get_functions;
	CK_RV result;

	/* RTLD_NODELETE: SoftHSM bears being unmapped. A vendor's module may have threads or exit
	   handlers of its own, and they would run into nothing. */
	module->library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!module->library)
		return error_set(
		    error, ERROR_TOKEN, "cannot load the PKCS#11 module: %s", dlerror());
	/* POSIX's way to make a function of what dlsym returns. */
	*(void **)&get_functions = dlsym(module->library, "C_GetFunctionList");
	if (!get_functions)
		return error_set(error, ERROR_TOKEN,
		    "%s is not a PKCS#11 module: it has no C_GetFunctionList", module->path);
	result = get_functions(&module->functions);
	if (result != CKR_OK)
		return module_error(error, result, "C_GetFunctionList of %s", module->path);
	if (!module->functions || module->functions->version.major < 2)
		return error_set(error, ERROR_TOKEN,
		    "the module %s has no function list of PKCS#11 2 or later", module->path);
	return true;
}

static const char *cure_for(CK_RV result, const char *init_args)
{
	if (result != CKR_ARGUMENTS_BAD)
		return "";
	return init_args ? " (see module_init_args, which it does not take)"
			 : " (it may want module_init_args)";
}

static bool initialize(struct module *module, const char *init_args, struct error *error)
{
	scoped(char) char *reserved = init_args ? text_duplicate(init_args) : NULL;
	CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK, .pReserved = reserved };
	/* The analyzer does not know that error_set returns false. */
	CK_RV result =
	    module->functions->C_Initialize(&arguments); /* NOLINT(clang-analyzer-core.*) */

	/* A module that cannot use the system's locks is used from one thread only anyway. */
	if (result == CKR_CANT_LOCK) {
		arguments.flags = 0;
		result = module->functions->C_Initialize(&arguments);
	}
	if (result != CKR_OK && result != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return module_error(error, result, "cannot initialize the module %s%s",
		    module->path, cure_for(result, init_args));
	module->initialized = true;
	return true;
}

bool module_open(
    const char *path, const char *init_args, struct module **ret_module, struct error *error)
{
	scoped(module) struct module *module = NULL;

	/* A bare name would be searched for, in places that the environment can name. */
	if (path[0] != '/')
		return error_set(
		    error, ERROR_CONFIG, "the PKCS#11 module \"%s\" is not an absolute path", path);
	module = calloc(1, sizeof(*module));
	if (!module)
		return error_set(error, ERROR_INTERNAL, "no memory for the module %s", path);
	module->path = text_duplicate(path);
	if (!load(module, error) || !initialize(module, init_args, error))
		return false;

	*ret_module = take(module);
	return true;
}

void module_close(struct module *module)
{
	if (!module)
		return;
	/* Nothing is left to be done about a failure; CKR_CRYPTOKI_NOT_INITIALIZED is usual,
	   because some signers finalize the module themselves. */
	if (module->initialized)
		module->functions->C_Finalize(NULL);
	if (module->library)
		dlclose(module->library);
	free(module->path);
	free(module);
}

const char *module_path(const struct module *module)
{
	return module->path;
}

bool module_describe(
    const struct module *module, char ret_text[MODULE_DESCRIPTION_SIZE], struct error *error)
{
	CK_INFO info = { .flags = 0 };
	CK_RV result = module->functions->C_GetInfo(&info);
	char library[sizeof(info.libraryDescription) + 1];
	char maker[sizeof(info.manufacturerID) + 1];

	if (result != CKR_OK)
		return module_error(error, result, "C_GetInfo of %s", module->path);
	field_text(
	    info.libraryDescription, sizeof(info.libraryDescription), library, sizeof(library));
	field_text(info.manufacturerID, sizeof(info.manufacturerID), maker, sizeof(maker));
	text_format(ret_text, MODULE_DESCRIPTION_SIZE, "%s %u.%u by %s, PKCS#11 %u.%u", library,
	    info.libraryVersion.major, info.libraryVersion.minor, maker, info.cryptokiVersion.major,
	    info.cryptokiVersion.minor);
	return true;
}

CK_FUNCTION_LIST *module_functions(const struct module *module)
{
	return module->functions;
}

bool module_error(struct error *error, CK_RV result, const char *format, ...)
{
	char text[ERROR_MESSAGE_SIZE];
	char buffer[MODULE_RESULT_NAME_SIZE];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	va_end(arguments);
	if (result == MODULE_TOO_MANY)
		return error_set(error, ERROR_TOKEN,
		    "%s: it shows more objects than can be searched: give the agent a token or "
		    "partition of its own, or a user who sees fewer",
		    text);
	return error_set(
	    error, ERROR_TOKEN, "%s: %s (0x%lx)", text, module_result_name(result, buffer), result);
}
