#include "agent/report/log_entry.h"

#include "base/json.h"
#include "base/scoped.h"

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		break;
	}
	return "debug";
}

char *log_entry_json(const struct log_entry *entry, int64_t now)
{
	scoped(cJSON) cJSON *object = json_new_object();

	json_add_time(object, "time", now);
	json_add_string(object, "level", level_name(entry->level));
	json_add_string(object, "identity", entry->identity);
	json_add_string(object, "run_id", entry->run_id);
	json_add_string(object, "message", entry->message);
	if (entry->end) {
		json_add_string(object, "command", entry->end->command);
		json_add_string(object, "reason", entry->end->reason);
		json_add_integer(object, "exit_status", entry->end->exit_status);
		json_add_string(object, "error_class", entry->end->error_class);
		json_add_boolean(object, "changed", entry->end->changed);
	}
	return json_print(object);
}
