#include "agent/renewal/key_role.h"

#include "agent/renewal/run.h"
#include "base/scoped.h"
#include "base/text.h"

#include <inttypes.h>

static const char *const role_names[] = {
	[KEY_ROLE_ACTIVE] = "active",
	[KEY_ROLE_RETAINED] = "retained",
	[KEY_ROLE_NEXT] = "next",
	[KEY_ROLE_SPARE] = "spare",
	[KEY_ROLE_LEFTOVER] = "leftover",
};

const char *key_role_name(enum key_role role)
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

bool key_role_of(const struct run *run, const struct key_pair *pair, enum key_role *ret_role,
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
