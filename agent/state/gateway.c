#include "agent/state/gateway.h"

#include "agent/state/state_file.h"
#include "agent/state/store.h"
#include "base/record.h"
#include "base/scoped.h"

#define GATEWAY_NAME "gateway.json"
/* A clock can be off by all that a file of ours can say. */
#define SPAN_MOST INT64_C(253402300799)

void gateway_clear(struct gateway *gateway)
{
	cJSON_Delete(gateway->names);
	*gateway = (struct gateway){ .seen = 0 };
}

static bool parse(const cJSON *object, struct gateway *gateway)
{
	struct record record = record_begin(object);

	*gateway = (struct gateway){
		.seen = record_time(&record, "seen"),
		.generation = (uint32_t)record_number(&record, "generation", 0, UINT32_MAX),
		.names = record_texts(&record, "names", GATEWAY_NAMES_MAX, GATEWAY_NAME_MOST),
		.name_count = (uint32_t)record_number(&record, "name_count", 0, UINT32_MAX),
		.missing_since = record_time(&record, "missing_since"),
		.in_vain = record_flag(&record, "in_vain"),
		.server_end = record_time(&record, "server_end"),
		.has_date = record_flag(&record, "has_date"),
		.clock_ahead = record_number(&record, "clock_ahead", -SPAN_MOST, SPAN_MOST),
		.probed = record_time(&record, "probed"),
		.probe_again = record_time(&record, "probe_again"),
		.probe_refusals = (uint32_t)record_number(&record, "probe_refusals", 0, UINT32_MAX),
	};
	return record.good;
}

static struct state_folder folder_of(const struct store *store)
{
	return (struct state_folder){ store_folder(store), store_path(store) };
}

void gateway_read(const struct store *store, struct gateway *ret_gateway)
{
	struct state_folder folder = folder_of(store);
	struct error ignored = ERROR_INIT;
	scoped(cJSON) cJSON *object = NULL;
	bool damaged = false;

	*ret_gateway = (struct gateway){ .seen = 0 };
	if (state_file_read(&folder, GATEWAY_NAME, &object, &damaged, &ignored) && object
	    && !parse(object, ret_gateway))
		gateway_clear(ret_gateway);
}

bool gateway_save(const struct store *store, const struct gateway *gateway, struct error *error)
{
	struct state_folder folder = folder_of(store);
	scoped(cJSON) cJSON *object = record_new();

	record_add_time(object, "seen", gateway->seen);
	json_add_integer(object, "generation", gateway->generation);
	if (gateway->names)
		json_add_item(object, "names", cJSON_Duplicate(gateway->names, true));
	json_add_integer(object, "name_count", gateway->name_count);
	record_add_time(object, "missing_since", gateway->missing_since);
	json_add_boolean(object, "in_vain", gateway->in_vain);
	record_add_time(object, "server_end", gateway->server_end);
	json_add_boolean(object, "has_date", gateway->has_date);
	json_add_integer(object, "clock_ahead", gateway->clock_ahead);
	record_add_time(object, "probed", gateway->probed);
	record_add_time(object, "probe_again", gateway->probe_again);
	json_add_integer(object, "probe_refusals", gateway->probe_refusals);
	return state_file_write(&folder, GATEWAY_NAME, object, STATE_FILE_MAY_VANISH, error);
}
