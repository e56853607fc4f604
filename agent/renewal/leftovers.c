#include "agent/renewal/leftovers.h"

#include "agent/policy.h"
#include "agent/renewal/access.h"
#include "agent/renewal/audit_key.h"
#include "agent/renewal/generation_key.h"
#include "agent/renewal/key_role.h"
#include "agent/renewal/run.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/certificate_object.h"
#include "pkcs11/nameless.h"
#include "pkcs11/token.h"

#include <inttypes.h>
#include <time.h>

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

		if (!key_role_of(run, &pairs[i], &role, &generation, error))
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
