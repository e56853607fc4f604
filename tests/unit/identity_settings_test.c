#include "agent/config/config.h"

#include "base/compiler.h"
#include "tests/unit/config_folder.h"

/*
 * The settings of an identity on their way to the worker.
 */

static void assert_same(const struct identity_settings *settings)
{
	scoped(cJSON) cJSON *json = identity_settings_to_json(settings);
	scoped(identity_settings) struct identity_settings *again = NULL;
	scoped(cJSON) cJSON *json_again = NULL;
	struct error error = ERROR_INIT;

	assert_ok(identity_settings_from_json(json, &again, &error), &error);
	json_again = identity_settings_to_json(again);
	assert_true(cJSON_Compare(json, json_again, true));
	assert_string_equal(again->name, settings->name);
}

static void settings_come_back_from_json_as_they_were(void **state)
{
	scoped(config) struct config *config = NULL;

	config_folder_write(*state, "main.conf",
	    ORDERS "server_ca_file = /ca.pem\npin_fd = 0\nretain = 0\njitter = 0\n"
		   "lifetime_fraction = 1/3\nsigner = engine\nrevoke_old = yes\n"
		   "module_init_args = configdir='sql:/d' flags=\nworker_env = A,B\n"
		   "enrollment_url = https://[::1]:8443/x?y=z\nclock_skew = 0\n"
		   "[identity all]\npin_command = /bin/cat /etc/pin\n" NEEDED);
	config = config_folder_must_load(*state);
	assert_true(config->identities[0].lifetime_fraction == 1.0 / 3.0);
	assert_string_equal(config->identities[0].module_init_args, "configdir='sql:/d' flags=");
	assert_same(&config->identities[0]);
	assert_same(&config->identities[1]);
}

static void json_that_is_not_an_identity_is_refused(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{}",
		"{\"name\": \"a\"}",
		"{\"name\": \"../a\"}",
		"{\"name\": 7}",
		"{\"name\": \"a\", \"colour\": \"red\"}",
		"{\"name\": \"a\", \"retain\": 1}",
		"{\"name\": \"a\", \"retain\": \"x\"}",
		"{\"connector_url\":\"https://a\",\"module\":\"/m\",\"token\":\"pkcs11:token=a\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		scoped(cJSON) cJSON *json = cJSON_Parse(texts[i]);
		struct identity_settings *settings = NULL;
		struct error error = ERROR_INIT;

		assert_non_null(json);
		assert_false(identity_settings_from_json(json, &settings, &error));
		assert_null(settings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(settings_come_back_from_json_as_they_were),
		cmocka_unit_test(json_that_is_not_an_identity_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
