#include "agent/report/report.h"

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/report_scene.h"

#include <string.h>

static void the_spare_key_stands_in_the_status(void **state)
{
	struct host *host = *state;
	struct journal *journal = &host->identity.journal;
	scoped(cJSON) cJSON *without = report_of(host);
	scoped(cJSON) cJSON *lacking = NULL;
	scoped(cJSON) cJSON *made = NULL;
	scoped(char) char *lacking_text = NULL;
	scoped(char) char *made_text = NULL;
	const cJSON *spare;

	assert_null(json_member(without, "spare_key"));
	host->settings.spare_key = true;
	journal->spare_failures = 2;
	journal->spare_next_attempt = NOW + 60;
	assert_true(
	    text_copy(journal->spare_message, sizeof(journal->spare_message), "the token is full"));
	lacking = report_of(host);
	lacking_text = shown_by(report_status, host);
	spare = json_member(lacking, "spare_key");
	assert_members(spare, "made key_id attempts next_attempt last_error");
	assert_true(cJSON_IsFalse(json_member(spare, "made")));
	assert_string_equal(json_string(spare, "last_error"), "the token is full");
	assert_shows(lacking_text, "  spare key      none\n");
	assert_shows(lacking_text, "could not be made: the token is full\n");

	journal->phase = PHASE_KEYED;
	journal->spare = true;
	journal->generation = 4;
	journal->key_bits = 4096;
	journal->spare_message[0] = '\0';
	assert_true(text_copy(journal->key_id, sizeof(journal->key_id), "0a0b"));
	made = report_of(host);
	made_text = shown_by(report_status, host);
	spare = json_member(made, "spare_key");
	assert_true(cJSON_IsTrue(json_member(spare, "made")));
	assert_string_equal(json_string(spare, "key_id"), "0a0b");
	assert_shows(made_text, "  spare key      RSA 4096, for generation 4\n");
	assert_null(strstr(made_text, "under way"));
}

static void keys_are_shown_with_what_keeps_them_in_the_token(void **state)
{
	static const char json[] =
	    "[{\"id\":\"0102\",\"label\":\"renewal-agent/0/orders/3\",\"role\":\"active\","
	    "\"bits\":4096,\"generation\":3,\"attributes\":{\"sensitive\":true,"
	    "\"extractable\":false,\"never_extractable\":true,\"local\":null},"
	    "\"certificate_sha256\":\"0a0b\",\"certificate_stored\":true},"
	    "{\"id\":\"03\",\"label\":null,\"role\":\"leftover\",\"bits\":2048,"
	    "\"generation\":null,\"attributes\":{\"sensitive\":false,\"extractable\":true},"
	    "\"certificate_sha256\":\"0c0d\",\"certificate_stored\":false},"
	    "{\"id\":null,\"role\":\"unknown\"}]";
	const struct host *host = *state;
	scoped(cJSON) cJSON *keys = cJSON_Parse(json);
	scoped(char) char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	report_keys(stream, &host->identity, keys);
	assert_int_equal(fclose(stream), 0);
	assert_shows(text, "orders: 3 in pkcs11:token=fleet\n");
	assert_shows(text, "  active   generation 3, RSA 4096  renewal-agent/0/orders/3\n");
	assert_shows(text, "           sensitive, not extractable, never was\n");
	assert_shows(text, "           certificate 0a0b beside it\n");
	assert_null(strstr(text, "0c0d"));
	assert_shows(text, "  leftover RSA 2048");
	assert_shows(text, "NOT SENSITIVE, EXTRACTABLE\n");
	assert_shows(text, "  unknown  an object without a name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_HOST(the_spare_key_stands_in_the_status),
		ON_A_HOST(keys_are_shown_with_what_keeps_them_in_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
