#include "agent/renewal/inventory.h"

#include "agent/renewal/access.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/key_role.h"
#include "agent/renewal/leftovers.h"
#include "agent/renewal/run.h"
#include "agent/x509/certificate.h"
#include "base/json.h"
#include "base/scoped.h"
#include "pkcs11/certificate_object.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/nameless.h"
#include "pkcs11/token.h"

/* That of its generation; "" for a key that has no certificate (yet). */
static void certificate_of(const struct run *run, enum key_role role, uint32_t number,
    char sha256[CERTIFICATE_SHA256_TEXT_SIZE])
{
	scoped(generation) struct generation generation = { 0 };
	struct error ignored = ERROR_INIT;

	sha256[0] = '\0';
	if ((role == KEY_ROLE_ACTIVE || role == KEY_ROLE_RETAINED)
	    && store_load(run->store, number, &generation, &ignored))
		certificate_sha256(generation.certificate, sha256);
}

/* The one that stands beside the key in the token, if there is one. */
static bool add_certificate(const struct run *run, const struct key_pair *pair, cJSON *key,
    enum key_role role, uint32_t number, struct error *error)
{
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	char prefix[JOURNAL_LABEL_SIZE];
	bool is_stored;

	run_label_prefix(run, prefix);
	if (!certificate_object_sha256(access_token(run), &pair->id, prefix, sha256, error))
		return false;
	is_stored = sha256[0] != '\0';
	if (!is_stored)
		certificate_of(run, role, number, sha256);
	json_add_string(key, "certificate_sha256", sha256[0] ? sha256 : NULL);
	json_add_boolean(key, "certificate_stored", is_stored);
	return true;
}

static bool add_pair(const struct run *run, const struct key_pair *pair, struct error *error)
{
	char id[KEY_ID_TEXT_SIZE];
	enum key_role role;
	uint32_t generation;
	cJSON *key;

	if (!key_role_of(run, pair, &role, &generation, error))
		return false;
	key = json_new_object();
	key_id_format(&pair->id, id);
	json_add_string(key, "id", id);
	json_add_string(key, "label", pair->label);
	json_add_string(key, "role", key_role_name(role));
	json_add_integer(key, "bits", pair->bits);
	json_add_boolean(
	    key, "whole", pair->state == KEY_PAIR_WHOLE || pair->state == KEY_PAIR_PRIVATE);
	if (generation != 0)
		json_add_integer(key, "generation", generation);
	else
		json_add_string(key, "generation", NULL);
	json_add_item(key, "attributes", audit_key_attributes(&pair->attributes));
	(void)cJSON_AddItemToArray(run->outcome.keys, key);
	return add_certificate(run, pair, key, role, generation, error);
}

/* Objects without a name have nothing to show but that they are there. */
static void add_unknown(struct run *run)
{
	cJSON *key = json_new_object();

	json_add_string(key, "id", NULL);
	json_add_string(key, "label", NULL);
	json_add_string(key, "role", "unknown");
	json_add_string(key, "bits", NULL);
	json_add_boolean(key, "whole", false);
	json_add_string(key, "generation", NULL);
	(void)json_add_object(key, "attributes");
	json_add_string(key, "certificate_sha256", NULL);
	json_add_boolean(key, "certificate_stored", false);
	(void)cJSON_AddItemToArray(run->outcome.keys, key);
}

/* Only said to be there: it is another program's, too. */
static void add_file(
    const struct run *run, const struct generation *generation, struct error *error)
{
	bool is_active = generation->number == run->active.number;
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	cJSON *key = json_new_object();

	certificate_sha256(generation->certificate, sha256);
	json_add_string(key, "id", NULL);
	json_add_string(key, "label", NULL);
	json_add_string(
	    key, "role", key_role_name(is_active ? KEY_ROLE_ACTIVE : KEY_ROLE_RETAINED));
	json_add_integer(key, "bits", certificate_key_bits(generation->certificate));
	json_add_boolean(key, "whole", generation_key_check(run, generation, error));
	json_add_integer(key, "generation", generation->number);
	(void)json_add_object(key, "attributes");
	json_add_string(key, "uri", generation->key_uri);
	json_add_string(key, "certificate_sha256", sha256);
	json_add_boolean(key, "certificate_stored", false);
	(void)cJSON_AddItemToArray(run->outcome.keys, key);
}

static bool add_adopted(
    const struct run *run, const struct generation *generation, struct error *error)
{
	struct error missing = ERROR_INIT;
	struct key_pair pair;
	struct key_id id;

	if (generation_key_is_in_file(generation)) {
		add_file(run, generation, &missing);
		if (missing.kind != ERROR_NONE)
			run_warn(run, "%s", missing.message);
		return true;
	}
	if (!generation->key_id || !key_id_parse(generation->key_id, &id))
		return true;
	return key_pair_find(access_token(run), &id, &pair, error)
	       && (pair.state == KEY_PAIR_ABSENT || add_pair(run, &pair, error));
}

/* Their labels are not ours, so that the list above does not have them. */
static bool add_all_adopted(const struct run *run, struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	size_t count = 0;

	if (!store_list(run->store, numbers, &count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		scoped(generation) struct generation generation = { 0 };
		struct error unreadable = ERROR_INIT;

		if (store_load(run->store, numbers[i], &generation, &unreadable)
		    && generation.adopted && !add_adopted(run, &generation, error))
			return false;
	}
	return true;
}

bool inventory_list(struct run *run, struct error *error)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	char prefix[JOURNAL_LABEL_SIZE];
	struct nameless nameless;
	size_t count = 0;

	if (!access_open(run, error))
		return false;
	run_note_step(run, run->settings->step_timeout, "looking at the keys in token %s",
	    token_name(access_token(run)));
	run_label_prefix(run, prefix);
	if (!key_pair_list(access_token(run), prefix, &pairs, &count, error)
	    || !nameless_find(access_token(run), &nameless, error))
		return false;
	cJSON_Delete(run->outcome.keys);
	run->outcome.keys = cJSON_CreateArray();
	if (!run->outcome.keys)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	for (size_t i = 0; i < count; i++) {
		if (!add_pair(run, &pairs[i], error))
			return false;
	}
	if (!add_all_adopted(run, error))
		return false;
	for (size_t i = 0; i < nameless.count && i < NAMELESS_MAX; i++)
		add_unknown(run);
	if (nameless.count > NAMELESS_MAX)
		run_warn(run, "token %s holds %zu objects without a name: %d of them are shown",
		    token_name(access_token(run)), nameless.count, NAMELESS_MAX);
	return true;
}

/* One look knows so many at most. */
static bool destroy_unknown(struct run *run, size_t *removed, struct error *error)
{
	struct nameless nameless = { .count = 0 };
	size_t destroyed = 0;

	do {
		if (!nameless_find(access_token(run), &nameless, error)
		    || (nameless.count > 0
			&& !audit_objects_destroyed(run, nameless.count, true, error))
		    || !nameless_destroy(access_token(run), &nameless, &destroyed, error))
			return false;
		*removed += destroyed;
	} while (nameless.count > NAMELESS_MAX && destroyed > 0);
	return true;
}

bool inventory_prune(struct run *run, bool unknown, struct error *error)
{
	size_t named = 0;
	size_t removed = 0;

	if (!access_open(run, error) || !leftovers_destroy_named(run, &named, error))
		return false;
	if (unknown && !destroy_unknown(run, &removed, error))
		return false;
	run->outcome.changed = named + removed > 0;
	return true;
}
