#include "agent/config/config.h"

#include "agent/config/setting_table.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NEEDED                                                                                     \
	"connector_url = https://gateway.example.com/connector/graphql\n"                          \
	"module = /usr/lib/softhsm/libsofthsm2.so\n"                                               \
	"token = pkcs11:token=fleet\n"
#define ORDERS "[identity orders]\n" NEEDED

/* A folder of its own for each test, with main.conf and conf.d/ in it. */
struct place {
	char folder[64];
};

/* In no order, and enough of them that no file system lists them sorted by chance. */
static const char *const drop_ins[] = { "9", "10", "b", "B", "a0", "a", "_", "5", "c", "1" };

static void path_of(const struct place *place, const char *name, char path[256])
{
	assert_true(text_format(path, 256, "%s/%s", place->folder, name));
}

static void write_file(const struct place *place, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	path_of(place, name, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	char path[256];

	assert_non_null(place);
	assert_true(text_format(place->folder, sizeof(place->folder), "/tmp/config-test-XXXXXX"));
	assert_non_null(mkdtemp(place->folder));
	path_of(place, "conf.d", path);
	assert_int_equal(mkdir(path, 0700), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "conf.d/.hidden.conf", "conf.d/note.txt", "conf.d",
		"main.conf", "real.conf" };
	struct place *place = *state;
	char path[256];

	for (size_t i = 0; i < ARRAY_LENGTH(drop_ins); i++) {
		assert_true(text_format(
		    path, sizeof(path), "%s/conf.d/%s.conf", place->folder, drop_ins[i]));
		(void)remove(path);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		path_of(place, names[i], path);
		(void)remove(path);
	}
	assert_int_equal(rmdir(place->folder), 0);
	free(place);
	return 0;
}

static bool load(const struct place *place, struct config **ret_config, struct error *error)
{
	char path[256];

	path_of(place, "main.conf", path);
	return config_load(path, ret_config, error);
}

static struct config *must_load(const struct place *place)
{
	struct error error = ERROR_INIT;
	struct config *config = NULL;

	assert_ok(load(place, &config, &error), &error);
	return config;
}

/* The message, without the folder at its start. */
static void assert_refusal(const struct place *place, const char *expected)
{
	struct error error = ERROR_INIT;
	struct config *config = NULL;

	assert_refused(load(place, &config, &error), &error, ERROR_CONFIG);
	assert_null(config);
	assert_true(text_starts_with(error.message, place->folder));
	assert_string_equal(error.message + strlen(place->folder) + 1, expected);
}

static void assert_refusal_of(const struct place *place, const char *text, const char *expected)
{
	write_file(place, "main.conf", text);
	assert_refusal(place, expected);
}

static void what_is_not_set_has_its_default(void **state)
{
	scoped(config) struct config *config = NULL;
	const struct identity_settings *settings;

	write_file(*state, "main.conf", ORDERS);
	config = must_load(*state);
	assert_int_equal(config->count, 1);
	settings = &config->identities[0];
	assert_string_equal(settings->name, "orders");
	assert_string_equal(config->state_directory, "/var/lib/renewal-agent");
	assert_string_equal(settings->state_directory, "/var/lib/renewal-agent");
	assert_string_equal(settings->token, "pkcs11:token=fleet");
	assert_null(settings->enrollment_url);
	assert_null(settings->server_ca_file);
	assert_null(settings->pin_file);
	assert_int_equal(settings->pin_fd, -1);
	assert_false(settings->pin_pad);
	assert_int_equal(settings->connector_hosts.count, 0);
	assert_int_equal(settings->connect_timeout, 10);
	assert_int_equal(settings->request_timeout, 110);
	assert_int_equal(settings->key_bits, 4096);
	assert_int_equal(settings->retain, 1);
	assert_true(settings->lifetime_fraction == 2.0 / 3.0);
	assert_true(settings->jitter == 0.1);
	assert_false(settings->revoke_old);
	assert_int_equal(settings->key_generation_timeout, 3600);
	assert_int_equal(settings->step_timeout, 120);
	assert_int_equal(settings->lock_wait, 30);
	assert_int_equal(settings->rejected_after, 600);
	assert_int_equal(settings->clock_skew, 300);
	assert_int_equal(settings->signer, SIGNER_CHOICE_AUTO);
}

static void a_setting_of_agent_is_the_default_for_all_identities(void **state)
{
	scoped(config) struct config *config = NULL;

	write_file(*state, "main.conf",
	    ORDERS "key_bits = 2048\n[identity billing]\n" NEEDED
		   "[agent]\nkey_bits = 3072\nworker_env = A B\nstate_directory = /srv/state\n");
	config = must_load(*state);
	assert_int_equal(config->count, 2);
	assert_string_equal(config->identities[0].name, "orders");
	assert_int_equal(config->identities[0].key_bits, 2048);
	assert_string_equal(config->identities[1].name, "billing");
	assert_int_equal(config->identities[1].key_bits, 3072);
	assert_int_equal(config->identities[1].worker_env.count, 2);
	assert_string_equal(config->identities[1].worker_env.items[1], "B");
	assert_string_equal(config->identities[1].state_directory, "/srv/state");
}

static void a_way_to_the_pin_of_an_identity_takes_the_place_of_that_of_agent(void **state)
{
	scoped(config) struct config *config = NULL;

	write_file(*state, "main.conf",
	    "[agent]\npin_file = /etc/pin\n" ORDERS
	    "pin_credential = orders\n[identity b]\n" NEEDED);
	config = must_load(*state);
	assert_null(config->identities[0].pin_file);
	assert_string_equal(config->identities[0].pin_credential, "orders");
	assert_string_equal(config->identities[1].pin_file, "/etc/pin");
}

static void drop_ins_are_read_in_the_order_of_their_bytes(void **state)
{
	scoped(config) struct config *config = NULL;
	const struct setting_list *list;

	write_file(*state, "main.conf", ORDERS "connector_hosts = main, and\n");
	for (size_t i = 0; i < ARRAY_LENGTH(drop_ins); i++) {
		char name[32];
		char text[64];

		assert_true(text_format(name, sizeof(name), "conf.d/%s.conf", drop_ins[i]));
		assert_true(text_format(
		    text, sizeof(text), "[identity orders]\nconnector_hosts = %s\n", drop_ins[i]));
		write_file(*state, name, text);
	}
	write_file(*state, "conf.d/.hidden.conf", "nonsense");
	write_file(*state, "conf.d/note.txt", "nonsense");
	config = must_load(*state);
	list = &config->identities[0].connector_hosts;
	assert_int_equal(list->count, 2 + ARRAY_LENGTH(drop_ins));
	assert_string_equal(list->items[0], "main");
	for (size_t i = 3; i < list->count; i++)
		assert_true(strcmp(list->items[i - 1], list->items[i]) < 0);
}

static void an_unknown_setting_is_refused_with_the_one_that_was_meant(void **state)
{
	assert_refusal_of(*state, "# first\n[identity orders]\nconector_url = https://a\n",
	    "main.conf:3: unknown setting \"conector_url\": did you mean \"connector_url\"?");
	assert_refusal_of(
	    *state, "[agent]\nqqqqqqq = 1\n", "main.conf:2: unknown setting \"qqqqqqq\"");
	assert_refusal_of(*state, "[agent]\nKey_Bits = 2048\n",
	    "main.conf:2: unknown setting \"Key_Bits\": did you mean \"key_bits\"?");
	/* Settings of later versions are unknown in this one. */
	assert_refusal_of(*state, "[agent]\nhook_renewed = /bin/true\n",
	    "main.conf:2: unknown setting \"hook_renewed\"");
}

static void a_setting_may_stand_once_in_a_section_over_all_files(void **state)
{
	const struct place *place = *state;
	char expected[256];

	assert_true(text_format(expected, sizeof(expected),
	    "main.conf:6: \"retain\" is set a second time in [identity orders]: first "
	    "%s/main.conf:5",
	    place->folder));
	assert_refusal_of(place, ORDERS "retain = 1\nretain = 1\n", expected);

	assert_true(text_format(expected, sizeof(expected),
	    "conf.d/a.conf:2: \"retain\" is set a second time in [identity orders]: first "
	    "%s/main.conf:5",
	    place->folder));
	write_file(place, "conf.d/a.conf", "[identity orders]\nretain = 1\n");
	write_file(place, "main.conf", ORDERS "retain = 1\n");
	assert_refusal(place, expected);
}

static void an_unknown_section_and_a_name_that_is_no_folder_are_refused(void **state)
{
	static const char names[] =
	    "main.conf:1: an identity's name has 1 to 64 of the characters A-Z a-z 0-9 _ . - and "
	    "begins with a letter or digit";

	assert_refusal_of(*state, "[agents]\n",
	    "main.conf:1: unknown section [agents]: there are [agent] and [identity NAME]");
	assert_refusal_of(*state, "[identityorders]\n",
	    "main.conf:1: unknown section [identityorders]: there are [agent] and [identity NAME]");
	assert_refusal_of(*state, "[identity]\n", names);
	assert_refusal_of(*state, "[identity ../x]\n", names);
	assert_refusal_of(*state, "[identity .x]\n", names);
	assert_refusal_of(*state, "[identity a b]\n", names);
	assert_refusal_of(*state,
	    "[identity "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
	    names);
	assert_refusal_of(*state, "[identity tokens]\n",
	    "main.conf:1: no identity can be called \"tokens\": the agent keeps something of that "
	    "name in its state directory");
}

static void what_is_required_must_be_there(void **state)
{
	assert_refusal_of(*state, "\n[identity orders]\nmodule = /m.so\ntoken = pkcs11:token=a\n",
	    "main.conf:2: [identity orders] needs \"connector_url\"");
	assert_refusal_of(*state, "[identity orders]\n",
	    "main.conf:1: [identity orders] needs \"connector_url\"");
}

static void two_ways_to_the_pin_are_refused(void **state)
{
	static const char expected[] =
	    "main.conf:1: [identity orders] has several of pin_file, pin_credential, pin_fd, "
	    "pin_command and pin_pad: keep one";

	assert_refusal_of(*state, ORDERS "pin_file = /a\npin_fd = 5\n", expected);
	assert_refusal_of(*state, ORDERS "pin_command = /a b\npin_pad = yes\n", expected);
}

static void a_pin_in_the_wrong_place_is_refused_and_not_shown(void **state)
{
	static const char *const texts[] = {
		"[identity a]\ntoken = pkcs11:token=a?pin-value=47114711\n",
		"[identity a]\ntoken = pkcs11:token=a?PIN-Source=file:47114711\n",
		"[identity a]\ntoken = pkcs11:token=a;pin-value=47114711\n",
		"[identity a]\npin = 47114711\n",
		"[identity a]\npin_file = 47114711\n",
		"[identity a]\npin_fd = 47114711\n",
		"[identity a]\npin_command = 47114711\n",
		"[identity a]\npin_pad = 47114711\n",
		"[identity a]\n47114711\n",
		"[identity a]\ntoken = 47114711\n",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct error error = ERROR_INIT;
		struct config *config = NULL;

		write_file(*state, "main.conf", texts[i]);
		assert_refused(load(*state, &config, &error), &error, ERROR_CONFIG);
		assert_null(strstr(error.message, "4711"));
		assert_non_null(strstr(error.message, "main.conf:2: "));
	}
}

static void a_setting_of_the_agent_alone_is_refused_in_an_identity(void **state)
{
	assert_refusal_of(*state, "[identity a]\nstate_directory = /srv\n",
	    "main.conf:2: \"state_directory\" belongs into [agent]");
}

static void a_file_that_cannot_be_read_is_named_with_the_reason(void **state)
{
	const struct place *place = *state;
	struct error error = ERROR_INIT;
	struct config *config = NULL;
	char expected[256];

	assert_refused(load(place, &config, &error), &error, ERROR_CONFIG);
	assert_true(text_format(expected, sizeof(expected),
	    "cannot open %s/main.conf: No such file or directory", place->folder));
	assert_string_equal(error.message, expected);
	assert_refused(config_load(place->folder, &config, &error), &error, ERROR_CONFIG);
}

static void a_configuration_file_may_be_a_symlink(void **state)
{
	scoped(config) struct config *config = NULL;
	char path[256];

	write_file(*state, "real.conf", ORDERS);
	path_of(*state, "main.conf", path);
	assert_int_equal(symlink("real.conf", path), 0);
	config = must_load(*state);
	assert_int_equal(config->count, 1);
}

static void the_environment_names_the_file_when_the_caller_does_not(void **state)
{
	scoped(config) struct config *config = NULL;
	struct error error = ERROR_INIT;
	char path[256];

	write_file(*state, "main.conf", ORDERS);
	path_of(*state, "main.conf", path);
	assert_int_equal(setenv("RENEWAL_AGENT_CONFIG", path, 1), 0);
	assert_ok(config_load(NULL, &config, &error), &error);
	assert_string_equal(config->path, path);
	assert_int_equal(unsetenv("RENEWAL_AGENT_CONFIG"), 0);
}

static void an_identity_is_found_by_name_or_by_being_the_only_one(void **state)
{
	scoped(config) struct config *one = NULL;
	scoped(config) struct config *two = NULL;
	scoped(config) struct config *none = NULL;
	const struct identity_settings *settings = NULL;
	struct error error = ERROR_INIT;

	write_file(*state, "main.conf", ORDERS);
	one = must_load(*state);
	assert_ok(config_identity(one, NULL, &settings, &error), &error);
	assert_string_equal(settings->name, "orders");
	assert_refused(config_identity(one, "ordres", &settings, &error), &error, ERROR_USAGE);
	assert_non_null(strstr(error.message, "no identity \"ordres\": did you mean \"orders\"?"));

	write_file(*state, "main.conf", ORDERS "[identity billing]\n" NEEDED);
	two = must_load(*state);
	assert_ok(config_identity(two, "billing", &settings, &error), &error);
	assert_string_equal(settings->name, "billing");
	assert_refused(config_identity(two, NULL, &settings, &error), &error, ERROR_USAGE);

	write_file(*state, "main.conf", "[agent]\n");
	none = must_load(*state);
	assert_refused(config_identity(none, NULL, &settings, &error), &error, ERROR_CONFIG);
}

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

	write_file(*state, "main.conf",
	    ORDERS "server_ca_file = /ca.pem\npin_fd = 0\nretain = 0\njitter = 0\n"
		   "lifetime_fraction = 1/3\nsigner = engine\nrevoke_old = yes\n"
		   "module_init_args = configdir='sql:/d' flags=\nworker_env = A,B\n"
		   "enrollment_url = https://[::1]:8443/x?y=z\nclock_skew = 0\n"
		   "[identity all]\npin_command = /bin/cat /etc/pin\n" NEEDED);
	config = must_load(*state);
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
		"{\"connector_url\": \"https://a\", \"module\": \"/m\", \"token\": "
		"\"pkcs11:token=a\"}",
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

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(what_is_not_set_has_its_default),
		in_a_folder(a_setting_of_agent_is_the_default_for_all_identities),
		in_a_folder(a_way_to_the_pin_of_an_identity_takes_the_place_of_that_of_agent),
		in_a_folder(drop_ins_are_read_in_the_order_of_their_bytes),
		in_a_folder(an_unknown_setting_is_refused_with_the_one_that_was_meant),
		in_a_folder(a_setting_may_stand_once_in_a_section_over_all_files),
		in_a_folder(an_unknown_section_and_a_name_that_is_no_folder_are_refused),
		in_a_folder(what_is_required_must_be_there),
		in_a_folder(two_ways_to_the_pin_are_refused),
		in_a_folder(a_pin_in_the_wrong_place_is_refused_and_not_shown),
		in_a_folder(a_setting_of_the_agent_alone_is_refused_in_an_identity),
		in_a_folder(a_file_that_cannot_be_read_is_named_with_the_reason),
		in_a_folder(a_configuration_file_may_be_a_symlink),
		in_a_folder(the_environment_names_the_file_when_the_caller_does_not),
		in_a_folder(an_identity_is_found_by_name_or_by_being_the_only_one),
		in_a_folder(settings_come_back_from_json_as_they_were),
		cmocka_unit_test(json_that_is_not_an_identity_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
