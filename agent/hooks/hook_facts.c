#include "agent/hooks/hook_facts.h"

#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/x509/certificate.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>

#define SCHEMA_VERSION 1
#define PREFIX "RENEWAL_AGENT_"

/* Null without an active generation. */
static void add_generation(cJSON *facts, const struct identity *identity)
{
	const struct generation *active = &identity->active;
	const bool there = active->number != 0;
	const bool has_ca = there && sk_X509_num(active->chain) > 0;
	char certificate[CERTIFICATE_SHA256_TEXT_SIZE];
	char issuer[CERTIFICATE_SHA256_TEXT_SIZE];
	char folder[PATH_MAX];

	if (there) {
		json_add_integer(facts, "generation", active->number);
		certificate_sha256(active->certificate, certificate);
		(void)text_format(folder, sizeof(folder), "%s/generations/%" PRIu32,
		    store_path(identity->store), active->number);
	} else {
		json_add_string(facts, "generation", NULL);
	}
	if (has_ca)
		certificate_sha256(sk_X509_value(active->chain, 0), issuer);
	json_add_string(facts, "folder", there ? folder : NULL);
	json_add_string(facts, "certificate_sha256", there ? certificate : NULL);
	json_add_time(facts, "not_before", identity->not_before);
	json_add_time(facts, "not_after", identity->not_after);
	json_add_time(
	    facts, "next_renewal", there ? decide_next_renewal(identity, clock_now()) : 0);
	json_add_string(facts, "key_uri", there ? active->key_uri : NULL);
	json_add_string(facts, "issuer_sha256", has_ca ? issuer : NULL);
}

/* Whether it had the same key is known unless the agent has gone back since. */
static void add_old_issuer(cJSON *facts, const struct identity *identity, const struct debt *debt)
{
	const struct generation *active = &identity->active;

	json_add_string(facts, "old_issuer_sha256", debt->old_issuer[0] ? debt->old_issuer : NULL);
	if (debt->old_issuer[0] && text_equal(debt->old_issuer, active->replaced_issuer))
		json_add_boolean(
		    facts, "old_issuer_same_key", active->replaced_issuer_had_same_key);
	else
		json_add_string(facts, "old_issuer_same_key", NULL);
}

/* What failed last, or why only a one-time token helps. */
static void add_error(cJSON *facts, const struct identity *identity, enum hook_event event)
{
	const struct journal *journal = &identity->journal;
	struct error needed = ERROR_INIT;
	enum reason ignored;

	if (event == HOOK_FAILED && journal->last_error_at != 0) {
		json_add_string(facts, "error_class", error_class(journal->last_error));
		json_add_string(facts, "error_message", journal->last_message);
	} else if (event == HOOK_REENROLL
		   && decide_needs_enrolment(identity, clock_now(), &ignored, &needed)) {
		json_add_string(facts, "error_class", error_class(needed.kind));
		json_add_string(facts, "error_message", needed.message);
	} else {
		json_add_string(facts, "error_class", NULL);
		json_add_string(facts, "error_message", NULL);
	}
}

bool hook_facts_make(const struct identity *identity, const struct debt *debt, cJSON **ret_facts,
    struct error *error)
{
	cJSON *facts;

	if (identity->unreadable.kind != ERROR_NONE) {
		*error = identity->unreadable;
		return false;
	}
	facts = json_new_object();
	json_add_integer(facts, "schema_version", SCHEMA_VERSION);
	json_add_string(facts, "event", hook_event_name(debt->event));
	json_add_string(facts, "identity", identity->settings->name);
	json_add_string(facts, "run_id", debt->run_id[0] ? debt->run_id : NULL);
	json_add_time(facts, "since", debt->since);
	json_add_integer(facts, "attempt", (int64_t)debt->attempts + 1);
	add_generation(facts, identity);
	add_old_issuer(facts, identity, debt);
	add_error(facts, identity, debt->event);

	*ret_facts = facts;
	return true;
}

static char *join(const char *name, const char *value)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(64 * 1024);
	struct error error = ERROR_INIT;
	char *joined = NULL;

	(void)text_printf(&text, "%s=%s", name, value);
	if (!text_take(&text, &joined, &error))
		abort();
	return joined;
}

/* NULL for what is null. */
static char *variable(const cJSON *member)
{
	char name[64];
	char number[24];

	(void)text_format(name, sizeof(name), PREFIX "%s", member->string);
	for (char *letter = name; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	if (cJSON_IsString(member))
		return join(name, member->valuestring);
	if (cJSON_IsBool(member))
		return join(name, cJSON_IsTrue(member) ? "true" : "false");
	if (!cJSON_IsNumber(member))
		return NULL;
	(void)text_format(number, sizeof(number), "%.0f", member->valuedouble);
	return join(name, number);
}

char **hook_environment_make(const cJSON *facts)
{
	size_t count = (size_t)cJSON_GetArraySize(facts);
	char **environment = calloc(count + 3, sizeof(*environment));
	const cJSON *member;

	if (!environment)
		abort();
	count = 0;
	environment[count++] = text_duplicate("PATH=" CHILD_PATH);
	environment[count++] = text_duplicate("LANG=C.UTF-8");
	cJSON_ArrayForEach (member, facts) {
		char *each = variable(member);

		if (each)
			environment[count++] = each;
	}
	return environment;
}

void hook_environment_discard(char **environment)
{
	for (char **each = environment; each && *each; each++)
		free(*each);
	free(environment);
}
