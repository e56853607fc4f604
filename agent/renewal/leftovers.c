#include "agent/renewal/leftovers.h"

#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/run.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/certificate_object.h"
#include "pkcs11/nameless.h"
#include "pkcs11/token.h"

#include <inttypes.h>
#include <time.h>

static const char *const role_names[] = {
	[KEY_ROLE_ACTIVE] = "active",
	[KEY_ROLE_RETAINED] = "retained",
	[KEY_ROLE_NEXT] = "next",
	[KEY_ROLE_SPARE] = "spare",
	[KEY_ROLE_LEFTOVER] = "leftover",
};

const char *leftovers_role_name(enum key_role role)
{
	return role_names[role];
}

/* *ret_is_its: a generation whose files are damaged names its key by the label only. It holds up no
   renewal, and its key is not taken for one that nobody needs. */
static bool belongs_to(const struct run *run, const struct key_pair *pair, const char *id,
    uint32_t number, bool *ret_is_its, struct error *error)
{
	scoped(generation) struct generation generation = { 0 };
	struct error unreadable = ERROR_INIT;
	char label[JOURNAL_LABEL_SIZE];
	char prefix[JOURNAL_LABEL_SIZE];

	if (store_load(run->store, number, &generation, &unreadable)) {
		*ret_is_its = text_equal(id, generation.key_id);
		return true;
	}
	if (unreadable.kind != ERROR_DAMAGED) {
		*error = unreadable;
		return false;
	}
	run_label_prefix(run, prefix);
	*ret_is_its = text_format(label, sizeof(label), "%s%" PRIu32, prefix, number)
		      && text_equal(label, pair->label);
	return true;
}

bool leftovers_role(const struct run *run, const struct key_pair *pair, enum key_role *ret_role,
    uint32_t *ret_generation, struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	char text[KEY_ID_TEXT_SIZE];
	size_t count = 0;

	key_id_format(&pair->id, text);
	*ret_generation = 0;
	if (run->active.number != 0 && text_equal(text, run->active.key_id)) {
		*ret_role = KEY_ROLE_ACTIVE;
		*ret_generation = run->active.number;
		return true;
	}
	if (run->journal.phase != PHASE_IDLE && text_equal(text, run->journal.key_id)) {
		*ret_role = run->journal.spare ? KEY_ROLE_SPARE : KEY_ROLE_NEXT;
		*ret_generation = run->journal.generation;
		return true;
	}
	if (!store_list(run->store, numbers, &count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool is_its = false;

		if (!belongs_to(run, pair, text, numbers[i], &is_its, error))
			return false;
		if (is_its) {
			*ret_role = KEY_ROLE_RETAINED;
			*ret_generation = numbers[i];
			return true;
		}
	}
	*ret_role = KEY_ROLE_LEFTOVER;
	return true;
}

bool leftovers_destroy_named(struct run *run, size_t *ret_destroyed, struct error *error)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	const struct token *token = access_token(run);
	char prefix[JOURNAL_LABEL_SIZE];
	size_t count = 0;
	size_t destroyed = 0;

	run_label_prefix(run, prefix);
	if (!key_pair_list(token, prefix, &pairs, &count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		char id[KEY_ID_TEXT_SIZE];
		enum key_role role;
		uint32_t generation;

		if (!leftovers_role(run, &pairs[i], &role, &generation, error))
			return false;
		if (role != KEY_ROLE_LEFTOVER)
			continue;
		/* Before, since nothing else would remember it after a kill. */
		key_id_format(&pairs[i].id, id);
		if (!audit_key_destroyed(run, id, pairs[i].label, 0, AUDIT_KEY_LEFTOVER, error)
		    || !certificate_object_destroy(token, &pairs[i].id, prefix, NULL, error)
		    || !key_pair_destroy(token, &pairs[i].id, POLICY_LABEL, NULL, error))
			return error_prefix(error, "destroy the leftover key %s", pairs[i].label);
		run_warn(run, "destroyed the leftover key %s", pairs[i].label);
		destroyed++;
	}
	*ret_destroyed = destroyed;
	return true;
}

void leftovers_explain_full(struct run *run, struct error *error)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;
	scoped(text) struct text_buffer labels = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE / 2);
	struct error unlisted = ERROR_INIT;
	char prefix[JOURNAL_LABEL_SIZE];
	size_t count = 0;

	(void)text_format(prefix, sizeof(prefix), POLICY_LABEL "%s/", store_tag(run->store));
	if (!key_pair_list(access_token(run), prefix, &pairs, &count, &unlisted))
		return;
	for (size_t i = 0; i < count; i++)
		text_printf(&labels, "%s%s", i == 0 ? ": " : ", ", pairs[i].label);
	error_set(error, error->kind, "%s; %zu key%s of ours %s in it%s%s", error->message, count,
	    count == 1 ? "" : "s", count == 1 ? "is" : "are", labels.length > 0 ? labels.data : "",
	    labels.failed ? ", ..." : "");
}

bool leftovers_destroy_nameless(struct run *run, struct error *error)
{
	const struct journal *journal = &run->journal;

	return !journal->generating || journal->nameless_before != 0
	       || !generation_key_of_next_is_here(run) || leftovers_destroy_cut(run, error);
}

bool leftovers_destroy_cut(struct run *run, struct error *error)
{
	const struct timespec pause = { .tv_sec = POLICY_NAMELESS_PAUSE };
	const struct token *token = access_token(run);
	struct nameless first, second;
	size_t destroyed = 0;

	if (!nameless_find(token, &first, error))
		return false;
	if (first.count == 0)
		return true;
	if (first.count > NAMELESS_MAX) {
		run_warn(run,
		    "token %s holds %zu objects without a name, more than a cut run leaves: "
		    "they are left alone",
		    token_name(token), first.count);
		return true;
	}
	(void)nanosleep(&pause, NULL);
	if (!nameless_find(token, &second, error))
		return false;
	if (!nameless_equal(&first, &second)) {
		run_warn(run,
		    "objects without a name come and go in token %s: another program is "
		    "generating a key; they are left alone",
		    token_name(token));
		return true;
	}
	if (!audit_objects_destroyed(run, second.count, false, error)
	    || !nameless_destroy(token, &second, &destroyed, error))
		return false;
	run_warn(run, "destroyed %zu object%s that a cut run left in token %s", destroyed,
	    destroyed == 1 ? "" : "s", token_name(token));
	return true;
}
