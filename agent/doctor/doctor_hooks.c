#include "agent/config/settings.h"
#include "agent/doctor/doctor.h"
#include "agent/hooks/hook_program.h"
#include "agent/hooks/hook_setting.h"
#include "agent/identity/identity.h"
#include "base/command_line.h"

static bool check_hook(const char *text, struct error *error)
{
	scoped(command_line) struct command_line command = { .count = 0 };
	scoped(hook_program) struct hook_program program = { .file = -1 };

	return command_line_parse(text, &command, error)
	       && hook_program_open(command.words[0], &program, error);
}

/* The last error of one that is owed; NULL without. */
static const char *find_failure(const struct debts *debts, enum hook_event *ret_event)
{
	for (unsigned event = 0; event < HOOK_EVENT_COUNT; event++) {
		int at = debts_find_hook(debts, (enum hook_event)event);

		if (at < 0 || !debts->list[at].last_error[0])
			continue;
		*ret_event = (enum hook_event)event;
		return debts->list[at].last_error;
	}
	return NULL;
}

/* None is run. */
void doctor_hooks(const struct doctor *doctor, struct check *check)
{
	struct error error = ERROR_INIT;
	enum hook_event failed = HOOK_RENEWED;
	const char *failure;
	unsigned count = 0;

	for (unsigned event = 0; event < HOOK_EVENT_COUNT; event++) {
		const char *text = hook_setting_command(doctor->settings, (enum hook_event)event);

		if (!text)
			continue;
		count++;
		if (check_hook(text, &error))
			continue;
		(void)error_prefix(&error, "%s", hook_setting_name((enum hook_event)event));
		check_set_failed(check,
		    "It is not run as it is: see renewal-agent-hooks(7) for what a hook's file and "
		    "folders must be like.",
		    &error);
		return;
	}
	failure = find_failure(&doctor->identity->debts, &failed);
	if (count == 0)
		check_set_skipped(check, "none is configured");
	else if (failure)
		check_set_warning(check, "Mend the program; a later run runs it again.",
		    "%s failed: %s", hook_setting_name(failed), failure);
	else
		check_set_ok(check, "%u may be run", count);
}
