#include "base/record.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

struct record record_begin(const cJSON *object)
{
	struct record record = { object, cJSON_IsObject(object) };

	record_number(&record, "schema_version", RECORD_SCHEMA_VERSION, RECORD_SCHEMA_VERSION);
	return record;
}

int64_t record_number(struct record *record, const char *name, int64_t least, int64_t most)
{
	int64_t number;

	if (json_integer(record->object, name, &number) && number >= least && number <= most)
		return number;
	record->good = false;
	return 0;
}

bool record_flag(struct record *record, const char *name)
{
	const cJSON *member = json_member(record->object, name);

	if (!cJSON_IsBool(member))
		record->good = false;
	return cJSON_IsTrue(member);
}

int64_t record_time(struct record *record, const char *name)
{
	const cJSON *member = json_member(record->object, name);
	int64_t seconds;

	if (!member)
		return 0;
	if (cJSON_IsString(member) && clock_parse(member->valuestring, &seconds))
		return seconds;
	record->good = false;
	return 0;
}

void record_text(struct record *record, const char *name, char *target, size_t size)
{
	const cJSON *member = json_member(record->object, name);

	target[0] = '\0';
	if (!member)
		return;
	if (!cJSON_IsString(member) || !text_copy(target, size, member->valuestring))
		record->good = false;
}

bool record_is_hex(const char *text)
{
	size_t length = strlen(text);

	return length % 2 == 0 && strspn(text, "0123456789abcdef") == length;
}

void record_hex(struct record *record, const char *name, char *target, size_t size)
{
	record_text(record, name, target, size);
	if (record_is_hex(target))
		return;
	record->good = false;
	target[0] = '\0';
}

char *record_string(struct record *record, const char *name, size_t most)
{
	const cJSON *member = json_member(record->object, name);

	if (!member)
		return NULL;
	if (cJSON_IsString(member) && strlen(member->valuestring) <= most)
		return text_duplicate(member->valuestring);
	record->good = false;
	return NULL;
}

cJSON *record_texts(struct record *record, const char *name, int count, size_t most)
{
	const cJSON *member = json_member(record->object, name);
	bool good = cJSON_IsArray(member) && cJSON_GetArraySize(member) <= count;
	const cJSON *each;

	if (!member)
		return NULL;
	cJSON_ArrayForEach (each, member) {
		good = good && cJSON_IsString(each) && strlen(each->valuestring) <= most;
	}
	record->good = record->good && good;
	return good ? cJSON_Duplicate(member, true) : NULL;
}

cJSON *record_new(void)
{
	cJSON *object = json_new_object();

	json_add_integer(object, "schema_version", RECORD_SCHEMA_VERSION);
	return object;
}

void record_add_text(cJSON *object, const char *name, const char *text)
{
	json_add_string(object, name, text[0] ? text : NULL);
}

void record_add_time(cJSON *object, const char *name, int64_t seconds)
{
	json_add_time(object, name, seconds < 0 ? 0 : seconds);
}
