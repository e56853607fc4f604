#pragma once
/*
 * A command carried out on one identity, or on each in turn: opened, worked on, told, reported.
 */
#include <cjson/cJSON.h>

struct call;
struct config;
struct identity_settings;
struct result;

/* The exit status; *ret_report is the JSON, owned by the caller; NULL when none was asked for. */
int visit(const struct call *call, const struct identity_settings *settings, cJSON **ret_report);
/* The same, for a caller who wants to know more: *result is a new one before. */
int visit_for(const struct call *call, const struct identity_settings *settings,
    struct result *result, cJSON **ret_report);
/* One that fails does not stop the others; a signal to us, or one that the daemon is to end, does.
   Those with the same login share one (supervisor/worker_share.h), and no renewal waits for a spare
   key. */
int visit_all(const struct call *call, const struct config *config, cJSON **ret_report);
/* One of the configuration, or with NULL all; and the metrics of all afterwards. */
int visit_configured(const struct call *call, const struct config *config,
    const struct identity_settings *settings, cJSON **ret_report);
/* The same for those of `chosen`, which may be none. */
int visit_chosen(const struct call *call, const struct config *config, const struct config *chosen,
    cJSON **ret_report);
/* What people hear: failures, and what came of a command that may change something, even if that was
   nothing: a log with one line for each run shows that the timer runs and what it is waiting for. */
void visit_tell(const struct call *call, const struct result *result);
