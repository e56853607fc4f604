/* One call: counted, done by the rules, logged. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/token/shim.h"

static double milliseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3
	       + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

/* Opened for each line: the caller may close descriptors that it does not know. */
static void write_log(const struct call *call, const char *result)
{
	const char *path = shim_get()->plan.log;
	int saved_errno = errno;
	char line[128];
	int length;
	int fd;

	if (!*path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		(void)fprintf(
		    stderr, "token-shim: cannot open the log %s: %s\n", path, strerror(errno));
		abort();
	}
	length = snprintf(line, sizeof(line), "%s %s %d %.3f\n", function_name(call->function),
	    result, (int)getpid(), milliseconds_since(&call->start));
	if (write(fd, line, (size_t)length) != length)
		(void)fprintf(
		    stderr, "token-shim: cannot write the log %s: %s\n", path, strerror(errno));
	close(fd);
	errno = saved_errno;
}

static bool rule_applies(const struct rule *rule, const struct call *call)
{
	if (rule->function == FUNCTION_ANY)
		return calls_include(&rule->calls, call->nth_of_all);
	if (rule->function == FUNCTION_SIGNATURE)
		return calls_include(&rule->calls, call->nth_of_signatures);
	return rule->function == call->function
	       && calls_include(&rule->calls, call->nth_of_function);
}

static void wait_milliseconds(unsigned long milliseconds)
{
	struct timespec rest = {
		.tv_sec = (time_t)(milliseconds / 1000),
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		;
}

static void hang(void)
{
	for (;;)
		pause();
}

/* Of this process, the login with them. */
static void lose_sessions(void)
{
	CK_FUNCTION_LIST *real = shim_get()->real;
	CK_SLOT_ID slots[64];
	CK_ULONG count = sizeof(slots) / sizeof(slots[0]);

	if (real->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return;
	for (CK_ULONG i = 0; i < count; i++)
		(void)real->C_CloseAllSessions(slots[i]);
}

static CK_SESSION_HANDLE later_sessions[64];
static size_t session_count;

void call_note_session(CK_SESSION_HANDLE session)
{
	const size_t room = sizeof(later_sessions) / sizeof(later_sessions[0]);

	if (session_count > 0 && session_count <= room)
		later_sessions[session_count - 1] = session;
	session_count++;
}

/* Those that are closed already are refused, which is as good. */
static void lose_later_sessions(void)
{
	const size_t room = sizeof(later_sessions) / sizeof(later_sessions[0]);

	if (session_count > room + 1) {
		(void)fprintf(stderr, "token-shim: too many sessions to lose\n");
		abort();
	}
	for (size_t i = 1; i < session_count; i++)
		(void)shim_get()->real->C_CloseSession(later_sessions[i - 1]);
}

/* False: the rule has answered the call. */
static bool act_before(const struct rule *rule, struct call *call)
{
	switch (rule->action) {
	case ACTION_FAIL:
		call->result = rule->value;
		return false;
	case ACTION_DELAY:
		wait_milliseconds(rule->value);
		return true;
	case ACTION_HANG:
		write_log(call, "hang");
		hang();
		return true;
	case ACTION_KILL:
		write_log(call, "kill");
		(void)raise(SIGKILL);
		return true;
	case ACTION_KILL_GROUP:
		write_log(call, "kill");
		(void)kill(0, SIGKILL);
		return true;
	case ACTION_LOSE_SESSIONS:
		lose_sessions();
		return true;
	case ACTION_LOSE_LATER_SESSIONS:
		lose_later_sessions();
		return true;
	case ACTION_SEGFAULT:
		write_log(call, "segfault");
		(void)raise(SIGSEGV);
		abort(); /* somebody ignores the signal */
	case ACTION_ABORT:
		write_log(call, "abort");
		abort();
	case ACTION_FAIL_AFTER:
	case ACTION_KILL_AFTER:
	case ACTION_KILL_GROUP_AFTER:
	case ACTION_LOSE_SESSIONS_AFTER:
	case ACTION_LOSE_LATER_SESSIONS_AFTER:
		return true;
	}
	return true;
}

static uint64_t count(enum function function)
{
	return atomic_fetch_add(&shim_get()->counters->calls[function], 1) + 1;
}

bool call_begin(struct call *call, enum function function)
{
	struct shim *shim = shim_get();
	bool signs = function == FUNCTION_C_Sign || function == FUNCTION_C_SignFinal;

	call->function = function;
	call->nth_of_function = count(function);
	call->nth_of_signatures = signs ? count(FUNCTION_SIGNATURE) : 0;
	call->nth_of_all = count(FUNCTION_ANY);
	clock_gettime(CLOCK_MONOTONIC, &call->start);

	for (size_t i = 0; i < shim->plan.rule_count; i++) {
		const struct rule *rule = &shim->plan.rules[i];

		if (rule_applies(rule, call) && !act_before(rule, call))
			return false;
	}
	return true;
}

CK_RV call_end(struct call *call, CK_RV result)
{
	const struct plan *plan = &shim_get()->plan;
	bool killed = false;
	bool group_killed = false;
	char text[32];

	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct rule *rule = &plan->rules[i];

		if (!rule_applies(rule, call))
			continue;
		if (rule->action == ACTION_FAIL_AFTER)
			result = rule->value;
		if (rule->action == ACTION_LOSE_SESSIONS_AFTER)
			lose_sessions();
		if (rule->action == ACTION_LOSE_LATER_SESSIONS_AFTER)
			lose_later_sessions();
		killed = killed || rule->action == ACTION_KILL_AFTER;
		group_killed = group_killed || rule->action == ACTION_KILL_GROUP_AFTER;
	}
	(void)snprintf(text, sizeof(text), "0x%lx", result);
	write_log(call, text);
	if (killed)
		(void)raise(SIGKILL);
	if (group_killed)
		(void)kill(0, SIGKILL);
	return result;
}
