#include "agent/identity/identity.h"
#include "agent/report/report.h"
#include "base/json.h"

static void add(cJSON *list, const struct identity *identity, uint32_t number)
{
	scoped(generation) struct generation loaded = { 0 };
	const struct generation *generation = &identity->active;
	struct error unreadable = ERROR_INIT;
	cJSON *member = json_new_object();

	json_add_integer(member, "number", number);
	json_add_boolean(member, "active", number == identity->active.number);
	if (number != identity->active.number) {
		generation = &loaded;
		(void)!store_load(identity->store, number, &loaded, &unreadable);
	}
	if (unreadable.kind == ERROR_NONE)
		json_add_boolean(member, "revoked", generation->revoked);
	else
		json_add_string(member, "revoked", NULL);
	(void)cJSON_AddItemToArray(list, member);
}

cJSON *report_generations_json(const struct identity *identity)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	struct error ignored = ERROR_INIT;
	cJSON *list = cJSON_CreateArray();
	size_t count = 0;

	if (identity->store && store_list(identity->store, numbers, &count, &ignored))
		for (size_t i = 0; i < count; i++)
			add(list, identity, numbers[i]);
	return list;
}
