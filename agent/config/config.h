#pragma once
/*
 * The configuration: /etc/renewal-agent/renewal-agent.conf and conf.d/<name>.conf in its folder.
 *
 *	[agent]             settings of the agent, and defaults for every identity
 *	[identity NAME]     one identity
 *
 * Every setting stands in one table (setting_table.h), from which the
 * parser, the job for the worker and the manual come. An unknown, repeated or malformed setting
 * is ERROR_CONFIG; it quotes file and line and suggests the name that was meant.
 */
#include "agent/config/settings.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define CONFIG_PATH_DEFAULT "/etc/renewal-agent/renewal-agent.conf"
#define CONFIG_IDENTITIES_MAX 1024

struct config {
	char *path;
	struct identity_settings *identities; /* in the order of the files */
	size_t count;
};

/* The file that config_load reads. Borrowed. */
const char *config_path(const char *path);
/* path NULL: RENEWAL_AGENT_CONFIG, else the default. There is one identity at least. */
MUST_CHECK bool config_load(const char *path, struct config **ret_config, struct error *error);
void config_discard(struct config *config);
/* name NULL: the only one there is. ERROR_USAGE when there is none of that name, or
   several. Borrowed. */
MUST_CHECK bool config_identity(const struct config *config, const char *name,
    const struct identity_settings **ret_identity, struct error *error);

/* For the job: {"name": "orders", "connector_url": "...", ...}, each value in the text that the
   parser takes, and back. Owned: identity_settings_discard. */
cJSON *identity_settings_to_json(const struct identity_settings *settings);
MUST_CHECK bool identity_settings_from_json(
    const cJSON *json, struct identity_settings **ret_settings, struct error *error);
void identity_settings_discard(struct identity_settings *settings);

/* Whether one worker, with one login, can work for both: token, module, PIN and signer are the same. */
bool identity_settings_share_login(
    const struct identity_settings *a, const struct identity_settings *b);

DEFINE_SCOPED(config, struct config *, config_discard)
DEFINE_SCOPED(identity_settings, struct identity_settings *, identity_settings_discard)
