#include "agent/renewal/audit_key.h"

#include "agent/audit/audit.h"
#include "agent/renewal/run.h"
#include "base/json.h"
#include "base/scoped.h"
#include "pkcs11/token.h"

static const char *const causes[] = {
	[AUDIT_KEY_REPLACED] = "replaced",
	[AUDIT_KEY_REJECTED] = "rejected",
	[AUDIT_KEY_LEFTOVER] = "leftover",
	[AUDIT_KEY_CUT] = "cut",
};

static bool append(const struct run *run, const char *name, const char *subject, const cJSON *facts,
    struct error *error)
{
	return audit_append(
	    run->store, &(struct audit_event){ name, facts, subject, run->job->run_id }, error);
}

static void add_attribute(cJSON *attributes, const char *name, enum key_attribute value)
{
	if (value == KEY_ATTRIBUTE_UNKNOWN)
		json_add_string(attributes, name, NULL);
	else
		json_add_boolean(attributes, name, value == KEY_ATTRIBUTE_TRUE);
}

cJSON *audit_key_attributes(const struct key_attributes *attributes)
{
	cJSON *object = json_new_object();

	add_attribute(object, "token", attributes->token);
	add_attribute(object, "private", attributes->private_object);
	add_attribute(object, "sensitive", attributes->sensitive);
	add_attribute(object, "extractable", attributes->extractable);
	add_attribute(object, "always_sensitive", attributes->always_sensitive);
	add_attribute(object, "never_extractable", attributes->never_extractable);
	add_attribute(object, "local", attributes->local);
	add_attribute(object, "sign", attributes->sign);
	add_attribute(object, "decrypt", attributes->decrypt);
	add_attribute(object, "unwrap", attributes->unwrap);
	add_attribute(object, "sign_recover", attributes->sign_recover);
	add_attribute(object, "derive", attributes->derive);
	add_attribute(object, "always_authenticate", attributes->always_authenticate);
	return object;
}

static void add_generation(cJSON *facts, uint32_t generation)
{
	if (generation != 0)
		json_add_integer(facts, "generation", generation);
	else
		json_add_string(facts, "generation", NULL);
}

bool audit_key_generated(const struct run *run, const struct key_pair *pair, struct error *error)
{
	scoped(cJSON) cJSON *facts = json_new_object();
	char id[KEY_ID_TEXT_SIZE];

	key_id_format(&pair->id, id);
	json_add_string(facts, "key_id", id);
	json_add_string(facts, "label", pair->label);
	add_generation(facts, run->journal.generation);
	json_add_boolean(facts, "spare", run->journal.spare);
	json_add_integer(facts, "bits", pair->bits);
	json_add_item(facts, "attributes", audit_key_attributes(&pair->attributes));
	return append(run, "key_generated", "key_id", facts, error);
}

bool audit_key_destroyed(const struct run *run, const char *key_id, const char *label,
    uint32_t generation, enum audit_key_cause cause, struct error *error)
{
	scoped(cJSON) cJSON *facts = json_new_object();

	json_add_string(facts, "key_id", key_id);
	json_add_string(facts, "label", label);
	add_generation(facts, generation);
	json_add_string(facts, "cause", causes[cause]);
	return append(run, "key_destroyed", "key_id", facts, error);
}

bool audit_objects_destroyed(const struct run *run, size_t count, bool by_hand, struct error *error)
{
	scoped(cJSON) cJSON *facts = json_new_object();

	json_add_integer(facts, "objects", (int64_t)count);
	json_add_string(facts, "cause", by_hand ? "by_hand" : "cut");
	return append(run, "objects_destroyed", NULL, facts, error);
}

void audit_pin_latched(const struct run *run, const struct token_info *token, bool cut)
{
	scoped(cJSON) cJSON *facts = NULL;
	struct error error = ERROR_INIT;

	if (!run->store)
		return;
	facts = json_new_object();
	json_add_string(facts, "token", token->label);
	json_add_string(facts, "serial", token->serial);
	json_add_string(facts, "manufacturer", token->manufacturer);
	json_add_string(facts, "model", token->model);
	json_add_string(facts, "cause", cut ? "cut_login" : "refused");
	if (!append(run, "pin_latched", NULL, facts, &error))
		run_warn(run, "%s", error.message);
}
