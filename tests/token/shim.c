/* The module: C_GetFunctionList, and behind it a wrapper for each function. */
#include "tests/token/shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A module has no argument through which its caller could hand it a state. */
static struct shim the_shim;
static struct counters own_counters;

#define FUNCTION(name, parameters, arguments)                                                      \
	static CK_RV shim_##name parameters                                                        \
	{                                                                                          \
		struct call call;                                                                  \
                                                                                                   \
		if (!call_begin(&call, FUNCTION_##name))                                           \
			return call_end(&call, call.result);                                       \
		return call_end(&call, the_shim.faces.name arguments);                             \
	}
#include "tests/token/functions.def"

static void set_from_environment(char *text, const char *name)
{
	const char *value = getenv(name);

	if (value)
		(void)snprintf(text, MAX_PATH, "%s", value);
}

/* With a cleaned environment the plan is found beside the shim: <shim>.plan */
static void load_plan(struct plan *plan)
{
	char path[MAX_PATH + 8] = "";
	Dl_info self;

	set_from_environment(path, "TOKEN_SHIM_PLAN");
	if (!*path && dladdr(&the_shim, &self)) {
		(void)snprintf(path, sizeof(path), "%s.plan", self.dli_fname);
		if (access(path, F_OK) != 0)
			*path = '\0';
	}
	if (*path)
		plan_load(plan, path);
	set_from_environment(plan->module, "TOKEN_SHIM_MODULE");
	set_from_environment(plan->log, "TOKEN_SHIM_LOG");
	set_from_environment(plan->counter, "TOKEN_SHIM_COUNTER");
}

static struct counters *share_counters(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *shared = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct counters)) == 0)
		shared =
		    mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED) {
		(void)fprintf(stderr, "token-shim: cannot share the counters in %s: %s\n", path,
		    strerror(errno));
		abort();
	}
	close(fd);
	return shared;
}

/* Never closed: a shim that is unloaded and loaded again goes on counting. */
static CK_FUNCTION_LIST *load_module(const char *path)
{
	void *module = dlopen(*path ? path : "/usr/lib/softhsm/libsofthsm2.so",
	    RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	void *symbol = module ? dlsym(module, "C_GetFunctionList") : NULL;
	CK_C_GetFunctionList get_list;
	CK_FUNCTION_LIST *list = NULL;

	memcpy(&get_list, &symbol, sizeof(get_list));
	if (!symbol || get_list(&list) != CKR_OK) {
		(void)fprintf(
		    stderr, "token-shim: no PKCS#11 module: %s\n", module ? path : dlerror());
		abort();
	}
	return list;
}

static CK_RV get_own_list(CK_FUNCTION_LIST **function_list)
{
	if (!function_list)
		return CKR_ARGUMENTS_BAD;
	*function_list = &the_shim.own;
	return CKR_OK;
}

static void shim_load(void)
{
	load_plan(&the_shim.plan);
	the_shim.counters =
	    *the_shim.plan.counter ? share_counters(the_shim.plan.counter) : &own_counters;
	the_shim.real = load_module(the_shim.plan.module);

	the_shim.faces = *the_shim.real;
	the_shim.faces.C_GetFunctionList = get_own_list;
	token_faces_put_on(&the_shim.faces);
	session_faces_put_on(&the_shim.faces);
	key_faces_put_on(&the_shim.faces);

	the_shim.own.version = the_shim.real->version;
#define FUNCTION(name, parameters, arguments) the_shim.own.name = shim_##name;
#include "tests/token/functions.def"
}

struct shim *shim_get(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, shim_load);
	return &the_shim;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **function_list)
{
	shim_get();
	return shim_C_GetFunctionList(function_list);
}
