#include "agent/state/debts.h"

#include "agent/state/schedule.h"
#include "agent/state/state_file.h"
#include "agent/state/store.h"
#include "base/json.h"
#include "base/record.h"
#include "base/scoped.h"
#include "base/text.h"

#include <string.h>

#define DEBTS_NAME "debts.json"

static const char *const kind_names[] = {
	[DEBT_DESTROY_KEY] = "destroy_key",
	[DEBT_REVOKE] = "revoke",
	[DEBT_STORE] = "store_certificate",
	[DEBT_HOOK] = "hook",
};

_Static_assert(ARRAY_LENGTH(kind_names) == DEBT_KIND_COUNT, "every kind has its name");

static const char *const event_names[] = {
	[HOOK_CA_CHANGED] = "ca_changed",
	[HOOK_RENEWED] = "renewed",
	[HOOK_FAILED] = "failed",
	[HOOK_REENROLL] = "reenroll",
};

_Static_assert(ARRAY_LENGTH(event_names) == HOOK_EVENT_COUNT, "every event has its name");

const char *debt_kind_name(enum debt_kind kind)
{
	return kind_names[kind];
}

const char *hook_event_name(enum hook_event event)
{
	return event_names[event];
}

static struct state_folder folder_of(const struct store *store)
{
	return (struct state_folder){ store_folder(store), store_path(store) };
}

static cJSON *format_debt(const struct debt *debt)
{
	cJSON *object = json_new_object();

	json_add_string(object, "kind", debt_kind_name(debt->kind));
	json_add_integer(object, "generation", debt->generation);
	record_add_text(object, "key_id", debt->key_id);
	record_add_text(object, "token", debt->token);
	json_add_boolean(object, "sent", debt->sent);
	json_add_boolean(object, "after_hook", debt->after_hook);
	if (debt->kind == DEBT_HOOK) {
		json_add_string(object, "event", event_names[debt->event]);
		record_add_text(object, "run_id", debt->run_id);
		record_add_text(object, "old_issuer", debt->old_issuer);
	}
	record_add_time(object, "since", debt->since);
	json_add_integer(object, "attempts", debt->attempts);
	record_add_time(object, "next_attempt", debt->next_attempt);
	record_add_text(object, "last_error", debt->last_error);
	return object;
}

/* The last one paid leaves no file; that removal is not fsynced, because what a power cut brings
   back is paid a second time, which is harmless. A debt that is added must not be lost: file and
   folder are fsynced. */
bool debts_save(const struct store *store, const struct debts *debts, struct error *error)
{
	struct state_folder folder = folder_of(store);
	scoped(cJSON) cJSON *object = NULL;
	cJSON *list;

	if (debts->count == 0)
		return state_file_remove(&folder, DEBTS_NAME, STATE_FILE_MAY_BE_OLD, error);
	object = record_new();
	list = json_add_array(object, "debts");
	for (size_t i = 0; i < debts->count; i++)
		cJSON_AddItemToArray(list, format_debt(&debts->list[i]));
	return state_file_write(&folder, DEBTS_NAME, object, STATE_FILE_ON_DISK, error);
}

static enum debt_kind parse_kind(struct record *record)
{
	const char *name = json_string(record->object, "kind");

	for (unsigned kind = 0; name && kind < DEBT_KIND_COUNT; kind++)
		if (text_equal(name, kind_names[kind]))
			return (enum debt_kind)kind;
	record->good = false;
	return DEBT_DESTROY_KEY;
}

static void parse_hook(struct record *record, struct debt *ret_debt)
{
	const char *name = json_string(record->object, "event");
	unsigned event = 0;

	while (event < HOOK_EVENT_COUNT && !text_equal(name, event_names[event]))
		event++;
	if (event == HOOK_EVENT_COUNT) {
		record->good = false;
		return;
	}
	ret_debt->event = (enum hook_event)event;
	record_text(record, "run_id", ret_debt->run_id, sizeof(ret_debt->run_id));
	record_hex(record, "old_issuer", ret_debt->old_issuer, sizeof(ret_debt->old_issuer));
}

static bool parse_debt(const cJSON *object, struct debt *ret_debt)
{
	struct record record = { object, cJSON_IsObject(object) };

	ret_debt->kind = parse_kind(&record);
	ret_debt->generation = (uint32_t)record_number(&record, "generation", 0, UINT32_MAX);
	record_hex(&record, "key_id", ret_debt->key_id, sizeof(ret_debt->key_id));
	record_text(&record, "token", ret_debt->token, sizeof(ret_debt->token));
	/* Not in the files of before. */
	ret_debt->sent = json_boolean(object, "sent", false);
	ret_debt->after_hook = json_boolean(object, "after_hook", false);
	if (ret_debt->kind == DEBT_HOOK)
		parse_hook(&record, ret_debt);
	ret_debt->since = record_time(&record, "since");
	ret_debt->attempts = (uint32_t)record_number(&record, "attempts", 0, UINT32_MAX);
	ret_debt->next_attempt = record_time(&record, "next_attempt");
	record_text(&record, "last_error", ret_debt->last_error, sizeof(ret_debt->last_error));
	return record.good;
}

static bool parse_debts(const cJSON *object, struct debts *ret_debts)
{
	struct record record = record_begin(object);
	const cJSON *list = json_member(object, "debts");
	const cJSON *item;

	if (!record.good || !cJSON_IsArray(list) || cJSON_GetArraySize(list) > DEBTS_MAX)
		return false;
	cJSON_ArrayForEach (item, list) {
		struct debt *debt = &ret_debts->list[ret_debts->count++];

		*debt = (struct debt){ .kind = DEBT_DESTROY_KEY };
		if (!parse_debt(item, debt))
			return false;
	}
	return true;
}

bool debts_read(
    const struct store *store, struct debts *ret_debts, bool *ret_damaged, struct error *error)
{
	struct state_folder folder = folder_of(store);
	scoped(cJSON) cJSON *object = NULL;

	ret_debts->count = 0;
	if (!state_file_read(&folder, DEBTS_NAME, &object, ret_damaged, error))
		return false;
	if (object && !parse_debts(object, ret_debts))
		*ret_damaged = true;
	if (*ret_damaged)
		ret_debts->count = 0;
	return true;
}

bool debts_load(
    const struct store *store, struct debts *ret_debts, bool *ret_damaged, struct error *error)
{
	struct state_folder folder = folder_of(store);

	return debts_read(store, ret_debts, ret_damaged, error)
	       && (!*ret_damaged || state_file_set_aside(&folder, DEBTS_NAME, error));
}

static bool is_owed(
    const struct debts *debts, enum debt_kind kind, uint32_t generation, const char *key_id)
{
	for (size_t i = 0; i < debts->count; i++) {
		const struct debt *debt = &debts->list[i];

		if (debt->kind == kind && debt->generation == generation
		    && text_equal(debt->key_id, key_id))
			return true;
	}
	return false;
}

/* *debt is taken into the list. */
static bool append(struct debts *debts, const struct debt *debt, struct error *error)
{
	if (debts->count == DEBTS_MAX)
		return error_set(error, ERROR_STATE,
		    "more than %d debts are open (%s generation %u is one too many): see in the "
		    "status why the others fail",
		    DEBTS_MAX, debt_kind_name(debt->kind), debt->generation);
	debts->list[debts->count++] = *debt;
	return true;
}

bool debts_add(struct debts *debts, enum debt_kind kind, uint32_t generation, const char *key_id,
    const char *token, int64_t now, struct error *error)
{
	struct debt debt = { .kind = kind, .generation = generation, .since = now };

	if (!text_copy(debt.key_id, sizeof(debt.key_id), key_id ? key_id : "")
	    || !record_is_hex(debt.key_id))
		return error_set(
		    error, ERROR_INTERNAL, "a debt's key id is not one: %.80s", key_id);
	if (!text_copy(debt.token, sizeof(debt.token), token ? token : ""))
		return error_set(error, ERROR_INTERNAL, "a debt's token is too long: %.80s", token);
	return is_owed(debts, kind, generation, debt.key_id) || append(debts, &debt, error);
}

bool debts_add_destruction_after_hook(struct debts *debts, uint32_t generation, const char *key_id,
    const char *token, int64_t now, struct error *error)
{
	const size_t before = debts->count;

	if (!debts_add(debts, DEBT_DESTROY_KEY, generation, key_id, token, now, error))
		return false;
	if (debts->count > before)
		debts->list[before].after_hook = true;
	return true;
}

int debts_find_hook(const struct debts *debts, enum hook_event event)
{
	for (size_t i = 0; i < debts->count; i++)
		if (debts->list[i].kind == DEBT_HOOK && debts->list[i].event == event)
			return (int)i;
	return -1;
}

/* An activation is the same one whichever run tells of it. */
static bool is_same_event(const struct debt *debt, const struct debt *other)
{
	return debt->generation == other->generation
	       && (debt->event == HOOK_RENEWED || debt->event == HOOK_CA_CHANGED
		   || text_equal(debt->run_id, other->run_id));
}

bool debts_add_hook(struct debts *debts, enum hook_event event, uint32_t generation,
    const char *run_id, const char *old_issuer, int64_t now, struct error *error)
{
	struct debt debt = {
		.kind = DEBT_HOOK, .event = event, .generation = generation, .since = now
	};
	int at = debts_find_hook(debts, event);

	if (!text_copy(debt.run_id, sizeof(debt.run_id), run_id)
	    || !text_copy(debt.old_issuer, sizeof(debt.old_issuer), old_issuer ? old_issuer : "")
	    || !record_is_hex(debt.old_issuer))
		return error_set(
		    error, ERROR_INTERNAL, "a hook's debt names no run or CA: %.80s", run_id);
	if (at < 0)
		return append(debts, &debt, error);
	if (is_same_event(&debts->list[at], &debt))
		return true;
	if (debts->list[at].old_issuer[0])
		memcpy(debt.old_issuer, debts->list[at].old_issuer, sizeof(debt.old_issuer));
	debts->list[at] = debt;
	return true;
}

void debts_drop(struct debts *debts, size_t index)
{
	debts->count--;
	memmove(&debts->list[index], &debts->list[index + 1],
	    (debts->count - index) * sizeof(debts->list[0]));
}

/* Whoever uses the certificate is told of the new one first. */
static bool waits_for_hook(const struct debts *debts, const struct debt *debt)
{
	return (debt->kind == DEBT_REVOKE || debt->after_hook)
	       && debts_find_hook(debts, HOOK_RENEWED) >= 0;
}

static bool waits_for_revocation(const struct debts *debts, const struct debt *debt)
{
	if (debt->kind != DEBT_DESTROY_KEY || debt->generation == 0)
		return false;
	for (size_t i = 0; i < debts->count; i++)
		if (debts->list[i].kind == DEBT_REVOKE
		    && debts->list[i].generation == debt->generation)
			return true;
	return false;
}

bool debts_is_payable(const struct debts *debts, size_t index, int64_t now)
{
	const struct debt *debt = &debts->list[index];

	if (debt->next_attempt > now && debt->next_attempt - now <= SCHEDULE_BACKOFF_MAX)
		return false;
	return !waits_for_revocation(debts, debt) && !waits_for_hook(debts, debt);
}

bool debts_hooks_are_payable(const struct debts *debts, int64_t now)
{
	for (size_t i = 0; i < debts->count; i++)
		if (debts->list[i].kind == DEBT_HOOK && debts_is_payable(debts, i, now))
			return true;
	return false;
}

bool debts_are_payable(const struct debts *debts, int64_t now)
{
	for (size_t i = 0; i < debts->count; i++)
		if (debts->list[i].kind != DEBT_HOOK && debts_is_payable(debts, i, now))
			return true;
	return false;
}
