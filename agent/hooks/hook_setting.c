#include "agent/hooks/hook_setting.h"

#include "agent/config/settings.h"

#include <stddef.h>

static const struct {
	const char *name;
	size_t offset; /* in struct identity_settings */
} hook_settings[HOOK_EVENT_COUNT] = {
	[HOOK_CA_CHANGED] = { "hook_ca_changed",
	    offsetof(struct identity_settings, hook_ca_changed) },
	[HOOK_RENEWED] = { "hook_renewed", offsetof(struct identity_settings, hook_renewed) },
	[HOOK_FAILED] = { "hook_failed", offsetof(struct identity_settings, hook_failed) },
	[HOOK_REENROLL] = { "hook_reenroll", offsetof(struct identity_settings, hook_reenroll) },
};

const char *hook_setting_name(enum hook_event event)
{
	return hook_settings[event].name;
}

const char *hook_setting_command(const struct identity_settings *settings, enum hook_event event)
{
	const void *at = (const char *)settings + hook_settings[event].offset;

	return *(char *const *)at;
}
