#include "agent/audit/audit_line.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <openssl/sha.h>
#include <string.h>

#define EVENT_CHARACTERS "abcdefghijklmnopqrstuvwxyz_"
#define HEX_DIGITS "0123456789abcdef"
#define NUMBER_MOST ((INT64_C(1) << 53) - 1)

void audit_line_clear(struct audit_line *line)
{
	cJSON_Delete(line->object);
	*line = (struct audit_line){ .object = NULL };
}

void audit_line_hash(const char *text, size_t length, char hash[AUDIT_HASH_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)text, length, digest);
	text_to_hex(digest, sizeof(digest), hash);
}

bool audit_line_is_hash(const char *text)
{
	return strlen(text) == AUDIT_HASH_SIZE - 1
	       && strspn(text, HEX_DIGITS) == AUDIT_HASH_SIZE - 1;
}

static bool wrong(const char *what, struct error *error)
{
	return error_set(error, ERROR_VERIFICATION, "%s", what);
}

static bool parse_previous(const cJSON *object, struct audit_line *line, struct error *error)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, "previous");
	const char *text = json_string(object, "previous");

	/* It has to be there: null in the first line. */
	if (!member || (text == NULL) != (line->number == 1) || (!text && !cJSON_IsNull(member)))
		return wrong("\"previous\" is missing or out of place", error);
	if (!text)
		return true;
	return (audit_line_is_hash(text) && text_copy(line->previous, sizeof(line->previous), text))
	       || wrong("\"previous\" is no SHA-256", error);
}

static bool check_time_and_run(const cJSON *object, struct error *error)
{
	const cJSON *run_id = cJSON_GetObjectItemCaseSensitive(object, "run_id");
	const char *time = json_string(object, "time");
	int64_t moment;

	if (!time || !clock_parse(time, &moment))
		return wrong("\"time\" is missing or no RFC 3339", error);
	return cJSON_IsNull(run_id) || cJSON_IsString(run_id)
	       || wrong("\"run_id\" is missing or no text", error);
}

bool audit_line_parse(
    const char *text, size_t length, struct audit_line *ret_line, struct error *error)
{
	scoped(audit_line) struct audit_line line = { .object = NULL };

	if (length >= AUDIT_LINE_MAX)
		return wrong("it is too long", error);
	if (!json_parse(text, length, "it", ERROR_VERIFICATION, &line.object, error))
		return false;
	if (!cJSON_IsObject(line.object))
		return wrong("it is no JSON object", error);
	if (!json_integer(line.object, "seq", &line.number) || line.number < 1
	    || line.number >= NUMBER_MOST) /* nothing could follow */
		return wrong("\"seq\" is missing or no number of a line", error);
	if (!parse_previous(line.object, &line, error) || !check_time_and_run(line.object, error))
		return false;
	line.event = json_string(line.object, "event");
	if (!line.event || line.event[0] == '\0'
	    || line.event[strspn(line.event, EVENT_CHARACTERS)] != '\0')
		return wrong("\"event\" is missing or no word", error);

	*ret_line = line;
	line.object = NULL;
	return true;
}

bool audit_line_format(const struct audit_line_head *head, const cJSON *facts, char **ret_text,
    size_t *ret_length, struct error *error)
{
	scoped(text) struct text_buffer line = TEXT_BUFFER_INIT(AUDIT_LINE_MAX);
	scoped(cJSON) cJSON *object = json_new_object();
	scoped(char) char *json = NULL;
	const cJSON *fact;
	size_t length;

	if (head->number > NUMBER_MOST)
		return error_set(error, ERROR_INTERNAL, "the audit log has too many lines");
	json_add_integer(object, "seq", head->number);
	json_add_time(object, "time", head->time);
	json_add_string(object, "run_id", head->run_id);
	json_add_string(object, "previous", head->previous[0] ? head->previous : NULL);
	json_add_string(object, "event", head->event);
	cJSON_ArrayForEach (fact, facts) {
		json_add_item(object, fact->string, cJSON_Duplicate(fact, true));
	}
	json = json_print(object);
	if (!text_printf(&line, "%s\n", json))
		return error_set(error, ERROR_INTERNAL,
		    "the event %s would become longer than %d bytes in the audit log", head->event,
		    AUDIT_LINE_MAX);
	length = line.length;
	if (!text_take(&line, ret_text, error))
		return false;
	*ret_length = length;
	return true;
}
