#include "agent/job/handshake.h"

#include "base/json.h"
#include "base/record.h"
#include "base/scoped.h"

#define MOMENT_MOST INT64_C(253402300799)

void handshake_clear(struct handshake *handshake)
{
	cJSON_Delete(handshake->names);
	*handshake = (struct handshake){ .generation = 0 };
}

static int64_t within(int64_t number, int64_t least)
{
	if (number < least)
		return least;
	return number > MOMENT_MOST ? MOMENT_MOST : number;
}

cJSON *handshake_to_json(const struct handshake *handshake)
{
	cJSON *object;

	if (handshake->generation == 0)
		return NULL;
	object = json_new_object();
	json_add_integer(object, "generation", handshake->generation);
	json_add_boolean(object, "same_issuer", handshake->same_issuer);
	json_add_boolean(object, "issuer_named", handshake->issuer_named);
	json_add_integer(object, "name_count", handshake->name_count);
	if (handshake->names)
		json_add_item(object, "names", cJSON_Duplicate(handshake->names, true));
	json_add_integer(object, "server_end", within(handshake->server_end, 0));
	json_add_boolean(object, "has_date", handshake->has_date);
	json_add_integer(object, "clock_ahead", within(handshake->clock_ahead, -MOMENT_MOST));
	return object;
}

struct handshake handshake_from_json(struct record *record, const char *name)
{
	const cJSON *object = json_member(record->object, name);
	struct record member = { object, cJSON_IsObject(object) };
	struct handshake handshake = { .generation = 0 };

	if (!object)
		return handshake;
	handshake = (struct handshake){
		.generation = (uint32_t)record_number(&member, "generation", 1, UINT32_MAX),
		.same_issuer = record_flag(&member, "same_issuer"),
		.issuer_named = record_flag(&member, "issuer_named"),
		.name_count = (uint32_t)record_number(&member, "name_count", 0, UINT32_MAX),
		.names = record_texts(&member, "names", HANDSHAKE_NAMES_MAX, HANDSHAKE_NAME_MOST),
		.server_end = record_number(&member, "server_end", 0, MOMENT_MOST),
		.has_date = record_flag(&member, "has_date"),
		.clock_ahead = record_number(&member, "clock_ahead", -MOMENT_MOST, MOMENT_MOST),
	};
	if (cJSON_GetArraySize(handshake.names) > (int64_t)handshake.name_count)
		member.good = false;
	if (!member.good) {
		record->good = false;
		handshake_clear(&handshake);
	}
	return handshake;
}
