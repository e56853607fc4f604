#include "tests/unit/shim_run.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

bool shim_open(struct soft_token *soft, struct error *error)
{
	return soft_token_try_to_open(soft, TOKEN_SHIM, error);
}

static void name_file(
    const struct soft_token *soft, const char *name, const char *variable, char path[128])
{
	assert_true(text_format(path, 128, "%s/%s", soft->folder, name));
	assert_int_equal(setenv(variable, path, 1), 0);
}

static void prepare(const struct soft_token *soft, const char *plan)
{
	scoped(FILE) FILE *file = NULL;
	char plan_file[128];
	char log_file[128];

	name_file(soft, "plan", "TOKEN_SHIM_PLAN", plan_file);
	name_file(soft, "calls.log", "TOKEN_SHIM_LOG", log_file);
	assert_int_equal(setenv("TOKEN_SHIM_MODULE", SOFT_TOKEN_MODULE, 1), 0);
	(void)unlink(log_file);
	file = fopen(plan_file, "we");
	assert_non_null(file);
	assert_true(fputs(plan, file) >= 0);
}

static _Noreturn void act(
    const struct soft_token *soft, shim_action action, struct shim_report *report)
{
	struct soft_token mine = *soft;

	report->succeeded = action(&mine, report);
	soft_token_close(&mine);
	/* With its handlers: the order of the tear-down is a part of what is tested. */
	exit(0);
}

void shim_run(const struct soft_token *soft, const char *plan, shim_action action,
    struct shim_report *ret_report)
{
	struct shim_report *shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t child;

	assert_ptr_not_equal(shared, MAP_FAILED);
	prepare(soft, plan);
	(void)fflush(NULL);
	child = fork();
	if (child == 0)
		act(soft, action, shared);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	*ret_report = *shared;
	munmap(shared, sizeof(*shared));
}

void shim_assert_fails(
    const struct soft_token *soft, const char *plan, shim_action action, const char *complaint)
{
	struct shim_report report;

	shim_run(soft, plan, action, &report);
	assert_refused(report.succeeded, &report.error, ERROR_TOKEN);
	if (!strstr(report.error.message, complaint))
		fail_msg("\"%s\" is not about \"%s\"", report.error.message, complaint);
}

size_t shim_calls(const struct soft_token *soft, const char *function)
{
	scoped(FILE) FILE *log = NULL;
	size_t length = strlen(function);
	size_t count = 0;
	char path[128];
	char line[256];

	assert_true(text_format(path, sizeof(path), "%s/calls.log", soft->folder));
	log = fopen(path, "re");
	while (log && fgets(line, sizeof(line), log))
		if (strncmp(line, function, length) == 0 && line[length] == ' ')
			count++;
	return count;
}
