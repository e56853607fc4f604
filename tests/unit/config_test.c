#include "agent/config/config.h"

#include "base/compiler.h"
#include "base/text.h"
#include "tests/unit/config_folder.h"

#include <string.h>
#include <unistd.h>

/*
 * What is read, and from where. What is refused is in config_refusal_test.c.
 */
/* In no order, and enough of them that no file system lists them sorted by chance. */
static const char *const drop_ins[] = { "9", "10", "b", "B", "a0", "a", "_", "5", "c", "1" };

static void what_is_not_set_has_its_default(void **state)
{
	scoped(config) struct config *config = NULL;
	const struct identity_settings *settings;

	config_folder_write(*state, "main.conf", ORDERS);
	config = config_folder_must_load(*state);
	assert_int_equal(config->count, 1);
	settings = &config->identities[0];
	assert_string_equal(settings->name, "orders");
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

	config_folder_write(*state, "main.conf",
	    ORDERS "key_bits = 2048\n[identity billing]\n" NEEDED
		   "[agent]\nkey_bits = 3072\nworker_env = A B\nstate_directory = /srv/state\n");
	config = config_folder_must_load(*state);
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

	config_folder_write(*state, "main.conf",
	    "[agent]\npin_file = /etc/pin\n" ORDERS
	    "pin_credential = orders\n[identity b]\n" NEEDED);
	config = config_folder_must_load(*state);
	assert_null(config->identities[0].pin_file);
	assert_string_equal(config->identities[0].pin_credential, "orders");
	assert_string_equal(config->identities[1].pin_file, "/etc/pin");
}

static void drop_ins_are_read_in_the_order_of_their_bytes(void **state)
{
	scoped(config) struct config *config = NULL;
	const struct setting_list *list;

	config_folder_write(*state, "main.conf", ORDERS "connector_hosts = main, and\n");
	for (size_t i = 0; i < ARRAY_LENGTH(drop_ins); i++) {
		char name[32];
		char text[64];

		assert_true(text_format(name, sizeof(name), "conf.d/%s.conf", drop_ins[i]));
		assert_true(text_format(
		    text, sizeof(text), "[identity orders]\nconnector_hosts = %s\n", drop_ins[i]));
		config_folder_write(*state, name, text);
	}
	config_folder_write(*state, "conf.d/.hidden.conf", "nonsense");
	config_folder_write(*state, "conf.d/note.txt", "nonsense");
	config = config_folder_must_load(*state);
	list = &config->identities[0].connector_hosts;
	assert_int_equal(list->count, 2 + ARRAY_LENGTH(drop_ins));
	assert_string_equal(list->items[0], "main");
	for (size_t i = 3; i < list->count; i++)
		assert_true(strcmp(list->items[i - 1], list->items[i]) < 0);
}

static void drop_ins_alone_are_a_configuration(void **state)
{
	scoped(config) struct config *config = NULL;

	config_folder_write(*state, "conf.d/orders.conf", ORDERS);
	config_folder_write(*state, "conf.d/billing.conf", "[identity billing]\n" NEEDED);
	config = config_folder_must_load(*state);
	assert_int_equal(config->count, 2);
	assert_string_equal(config->identities[0].name, "billing");
	assert_string_equal(config->identities[1].name, "orders");
}

static void without_a_drop_in_the_main_file_must_be_there(void **state)
{
	struct error error = ERROR_INIT;
	struct config *config = NULL;

	config_folder_write(*state, "conf.d/note.txt", ORDERS);
	assert_false(config_folder_load(*state, &config, &error));
	assert_int_equal(error.kind, ERROR_CONFIG);
	assert_non_null(strstr(error.message, "main.conf: No such file"));
}

static void a_main_file_that_leads_nowhere_is_not_taken_for_missing_beside_drop_ins(void **state)
{
	char path[CONFIG_FOLDER_PATH_SIZE];
	struct error error = ERROR_INIT;
	struct config *config = NULL;

	config_folder_write(*state, "conf.d/orders.conf", ORDERS);
	config_folder_locate(*state, "main.conf", path);
	assert_int_equal(symlink("gone", path), 0);
	assert_false(config_folder_load(*state, &config, &error));
	assert_int_equal(error.kind, ERROR_CONFIG);
}

/* Of the first identity. */
static uint64_t lines_of(struct config_folder *folder, const char *text)
{
	scoped(config) struct config *config = NULL;

	config_folder_write(folder, "main.conf", text);
	config = config_folder_must_load(folder);
	return config->identities[0].lines;
}

static void whoever_looks_at_the_lines_sees_another_setting(void **state)
{
	static const char *const others[] = { ORDERS "retain = 2\n", ORDERS "retain = 12\n",
		ORDERS "key_bits = 2048\n", ORDERS "connector_hosts = a.example b.example\n",
		ORDERS "connector_hosts = a.example\nconnector_hosts = b.example\n",
		ORDERS "[agent]\nretain = 2\n" };
	uint64_t seen[ARRAY_LENGTH(others) + 1];

	seen[0] = lines_of(*state, ORDERS);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		seen[i + 1] = lines_of(*state, others[i]);
		for (size_t k = 0; k <= i; k++)
			assert_true(seen[i + 1] != seen[k]);
	}
	assert_true(lines_of(*state, ORDERS "; as it was\n") == seen[0]);
	assert_true(
	    lines_of(*state, ORDERS "[identity billing]\n" NEEDED "retain = 2\n") == seen[0]);
}

static void a_file_that_cannot_be_read_is_named_with_the_reason(void **state)
{
	const struct config_folder *folder = *state;
	struct error error = ERROR_INIT;
	struct config *config = NULL;
	char expected[256];

	assert_refused(config_folder_load(folder, &config, &error), &error, ERROR_CONFIG);
	assert_true(text_format(expected, sizeof(expected),
	    "cannot open %s/main.conf: No such file or directory", folder->path));
	assert_string_equal(error.message, expected);
	assert_refused(config_load(folder->path, &config, &error), &error, ERROR_CONFIG);
}

static void a_configuration_file_may_be_a_symlink(void **state)
{
	scoped(config) struct config *config = NULL;
	char path[CONFIG_FOLDER_PATH_SIZE];

	config_folder_write(*state, "real.conf", ORDERS);
	config_folder_locate(*state, "main.conf", path);
	assert_int_equal(symlink("real.conf", path), 0);
	config = config_folder_must_load(*state);
	assert_int_equal(config->count, 1);
}

static void the_environment_names_the_file_when_the_caller_does_not(void **state)
{
	scoped(config) struct config *config = NULL;
	struct error error = ERROR_INIT;
	char path[CONFIG_FOLDER_PATH_SIZE];

	config_folder_write(*state, "main.conf", ORDERS);
	config_folder_locate(*state, "main.conf", path);
	assert_int_equal(setenv("RENEWAL_AGENT_CONFIG", path, 1), 0);
	assert_ok(config_load(NULL, &config, &error), &error);
	assert_string_equal(config->path, path);
	assert_int_equal(unsetenv("RENEWAL_AGENT_CONFIG"), 0);
}

static void an_identity_is_found_by_name_or_by_being_the_only_one(void **state)
{
	scoped(config) struct config *one = NULL;
	scoped(config) struct config *two = NULL;
	const struct identity_settings *settings = NULL;
	struct error error = ERROR_INIT;

	config_folder_write(*state, "main.conf", ORDERS);
	one = config_folder_must_load(*state);
	assert_ok(config_identity(one, NULL, &settings, &error), &error);
	assert_string_equal(settings->name, "orders");
	assert_refused(config_identity(one, "ordres", &settings, &error), &error, ERROR_USAGE);
	assert_non_null(strstr(error.message, "no identity \"ordres\": did you mean \"orders\"?"));

	config_folder_write(*state, "main.conf", ORDERS "[identity billing]\n" NEEDED);
	two = config_folder_must_load(*state);
	assert_ok(config_identity(two, "billing", &settings, &error), &error);
	assert_string_equal(settings->name, "billing");
	assert_refused(config_identity(two, NULL, &settings, &error), &error, ERROR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(what_is_not_set_has_its_default),
		in_a_folder(a_setting_of_agent_is_the_default_for_all_identities),
		in_a_folder(a_way_to_the_pin_of_an_identity_takes_the_place_of_that_of_agent),
		in_a_folder(drop_ins_are_read_in_the_order_of_their_bytes),
		in_a_folder(drop_ins_alone_are_a_configuration),
		in_a_folder(without_a_drop_in_the_main_file_must_be_there),
		in_a_folder(
		    a_main_file_that_leads_nowhere_is_not_taken_for_missing_beside_drop_ins),
		in_a_folder(whoever_looks_at_the_lines_sees_another_setting),
		in_a_folder(a_file_that_cannot_be_read_is_named_with_the_reason),
		in_a_folder(a_configuration_file_may_be_a_symlink),
		in_a_folder(the_environment_names_the_file_when_the_caller_does_not),
		in_a_folder(an_identity_is_found_by_name_or_by_being_the_only_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
