#include "agent/state/generation_json.h"

#include "agent/state/store.h"
#include "base/json.h"
#include "base/record.h"

#include <string.h>

#define TEXT_MAX 4096

cJSON *generation_json_format(const struct generation *generation)
{
	char sha256[CERTIFICATE_SHA256_TEXT_SIZE];
	cJSON *object = record_new();

	certificate_sha256(generation->certificate, sha256);
	json_add_integer(object, "number", generation->number);
	json_add_string(object, "certificate_sha256", sha256);
	json_add_string(object, "key_id", generation->key_id);
	json_add_string(object, "key_label", generation->key_label);
	json_add_string(object, "director_url", generation->director_url);
	json_add_string(object, "connector_url", generation->connector_url);
	json_add_boolean(object, "same_issuer", generation->same_issuer);
	record_add_text(object, "replaced_issuer", generation->replaced_issuer);
	json_add_boolean(
	    object, "replaced_issuer_had_same_key", generation->replaced_issuer_had_same_key);
	json_add_boolean(object, "revoked", generation->revoked);
	json_add_boolean(object, "abandoned", generation->abandoned);
	json_add_boolean(object, "adopted", generation->adopted);
	return object;
}

bool generation_json_parse(const cJSON *object, struct generation *ret_generation,
    char ret_certificate_sha256[CERTIFICATE_SHA256_TEXT_SIZE])
{
	struct record record = record_begin(object);
	struct generation *generation = ret_generation;

	generation->number = (uint32_t)record_number(&record, "number", 1, UINT32_MAX);
	record_hex(
	    &record, "certificate_sha256", ret_certificate_sha256, CERTIFICATE_SHA256_TEXT_SIZE);
	generation->key_id = record_string(&record, "key_id", TEXT_MAX);
	generation->key_label = record_string(&record, "key_label", TEXT_MAX);
	generation->director_url = record_string(&record, "director_url", TEXT_MAX);
	generation->connector_url = record_string(&record, "connector_url", TEXT_MAX);
	generation->same_issuer = record_flag(&record, "same_issuer");
	generation->revoked = record_flag(&record, "revoked");
	/* Not in the files of before. */
	record_hex(&record, "replaced_issuer", generation->replaced_issuer,
	    sizeof(generation->replaced_issuer));
	generation->replaced_issuer_had_same_key =
	    json_boolean(object, "replaced_issuer_had_same_key", false);
	generation->abandoned = json_boolean(object, "abandoned", false);
	generation->adopted = json_boolean(object, "adopted", false);
	return record.good && (!generation->key_id || record_is_hex(generation->key_id));
}
