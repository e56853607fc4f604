#include "agent/config/config.h"

#include "base/compiler.h"
#include "base/text.h"
#include "tests/unit/config_folder.h"

#include <string.h>

/* The message, without the folder at its start. */
static void assert_refusal(const struct config_folder *folder, const char *expected)
{
	struct error error = ERROR_INIT;
	struct config *config = NULL;

	assert_refused(config_folder_load(folder, &config, &error), &error, ERROR_CONFIG);
	assert_null(config);
	assert_true(text_starts_with(error.message, folder->path));
	assert_string_equal(error.message + strlen(folder->path) + 1, expected);
}

static void assert_refusal_of(
    const struct config_folder *folder, const char *text, const char *expected)
{
	config_folder_write(folder, "main.conf", text);
	assert_refusal(folder, expected);
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
	assert_refusal_of(*state, "[agent]\nfavourite_colour = blue\n",
	    "main.conf:2: unknown setting \"favourite_colour\"");
}

static void a_setting_may_stand_once_in_a_section_over_all_files(void **state)
{
	const struct config_folder *folder = *state;
	char expected[256];

	assert_true(text_format(expected, sizeof(expected),
	    "main.conf:6: \"retain\" is set a second time in [identity orders]: first "
	    "%s/main.conf:5",
	    folder->path));
	assert_refusal_of(folder, ORDERS "retain = 1\nretain = 1\n", expected);

	assert_true(text_format(expected, sizeof(expected),
	    "conf.d/a.conf:2: \"retain\" is set a second time in [identity orders]: first "
	    "%s/main.conf:5",
	    folder->path));
	config_folder_write(folder, "conf.d/a.conf", "[identity orders]\nretain = 1\n");
	config_folder_write(folder, "main.conf", ORDERS "retain = 1\n");
	assert_refusal(folder, expected);
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

static void a_configuration_without_identity_is_refused(void **state)
{
	static const char message[] =
	    "main.conf has no [identity NAME] section, nor has a file in conf.d beside it";

	assert_refusal_of(*state, "", message);
	assert_refusal_of(*state, "[agent]\n", message);
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

		config_folder_write(*state, "main.conf", texts[i]);
		assert_refused(config_folder_load(*state, &config, &error), &error, ERROR_CONFIG);
		assert_null(strstr(error.message, "4711"));
		assert_non_null(strstr(error.message, "main.conf:2: "));
	}
}

static void a_setting_of_the_agent_alone_is_refused_in_an_identity(void **state)
{
	assert_refusal_of(*state, "[identity a]\nstate_directory = /srv\n",
	    "main.conf:2: \"state_directory\" belongs into [agent]");
}

static void a_request_that_may_take_as_long_as_its_step_is_refused(void **state)
{
	scoped(config) struct config *config = NULL;

	assert_refusal_of(*state, ORDERS "step_timeout = 110s\n",
	    "main.conf:5: request_timeout (1 min 50 s, the default) is not shorter than "
	    "step_timeout (1 min 50 s), which would end the request: set both");
	assert_refusal_of(*state, ORDERS "request_timeout = 2min\n",
	    "main.conf:5: request_timeout (2 min) is not shorter than step_timeout (2 min, the "
	    "default), which would end the request: set both");
	assert_refusal_of(*state, "[agent]\nrequest_timeout = 1h\n" ORDERS "step_timeout = 10min\n",
	    "main.conf:2: request_timeout (1 h) is not shorter than step_timeout (10 min), which "
	    "would end the request: set both");
	config_folder_write(
	    *state, "main.conf", ORDERS "request_timeout = 2min\nstep_timeout = 121s\n");
	config = config_folder_must_load(*state);
	assert_int_equal(config->identities[0].request_timeout, 120);
}

static void a_jitter_that_makes_a_certificate_due_at_once_is_refused(void **state)
{
	scoped(config) struct config *config = NULL;

	assert_refusal_of(*state, ORDERS "lifetime_fraction = 0.1\n",
	    "main.conf:5: jitter (0.1, the default) is not smaller than lifetime_fraction (0.1), "
	    "so that a certificate could be due at once: set both");
	assert_refusal_of(*state, "[agent]\njitter = 0.5\n" ORDERS "lifetime_fraction = 1/3\n",
	    "main.conf:2: jitter (0.5) is not smaller than lifetime_fraction (0.333333), so that "
	    "a certificate could be due at once: set both");
	config_folder_write(*state, "main.conf", ORDERS "lifetime_fraction = 0.1\njitter = 0.09\n");
	config = config_folder_must_load(*state);
	assert_true(config->identities[0].jitter == 0.09);
}

static void a_window_that_is_always_ignored_is_refused(void **state)
{
	scoped(config) struct config *config = NULL;

	assert_refusal_of(*state, ORDERS "window = 02:00-04:00\nlifetime_fraction = 0.9\n",
	    "main.conf:5: window has no effect: window_margin (0.1, the default) begins before a "
	    "certificate is due (lifetime_fraction 0.9): set both");
	assert_refusal_of(*state, ORDERS "window = 02:00-4:00\n",
	    "main.conf:5: window: window 1 needs its times as HH:MM-HH:MM, such as 02:00-04:00");
	config_folder_write(*state, "main.conf", ORDERS "lifetime_fraction = 0.95\n");
	config = config_folder_must_load(*state);
	assert_int_equal(config->identities[0].window.count, 0);
}

static void one_file_for_the_tokens_of_two_identities_is_refused(void **state)
{
	scoped(config) struct config *config = NULL;

	assert_refusal_of(*state,
	    "[agent]\nenrollment_token_file = /a\n" ORDERS
	    "[identity payments]\nconnector_url = https://a\nmodule = /m.so\ntoken = "
	    "pkcs11:token=a\n",
	    "main.conf: [identity orders] and [identity payments] have the same "
	    "enrollment_token_file, /a: a one-time token is for one identity");
	config_folder_write(*state, "main.conf",
	    "[agent]\nenrollment_token_file = /a\n" ORDERS
	    "[identity payments]\nconnector_url = https://a\nmodule = /m.so\ntoken = "
	    "pkcs11:token=a\nenrollment_token_file = /b\n");
	config = config_folder_must_load(*state);
	assert_int_equal(config->count, 2);
}

static void one_credential_for_the_tokens_of_two_identities_is_refused(void **state)
{
	assert_refusal_of(*state,
	    "[agent]\nenrollment_token_credential = once\n" ORDERS
	    "[identity payments]\nconnector_url = https://a\nmodule = /m.so\ntoken = "
	    "pkcs11:token=a\n",
	    "main.conf: [identity orders] and [identity payments] have the same "
	    "enrollment_token_credential, once: a one-time token is for one identity");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(an_unknown_setting_is_refused_with_the_one_that_was_meant),
		in_a_folder(a_setting_may_stand_once_in_a_section_over_all_files),
		in_a_folder(an_unknown_section_and_a_name_that_is_no_folder_are_refused),
		in_a_folder(a_configuration_without_identity_is_refused),
		in_a_folder(what_is_required_must_be_there),
		in_a_folder(two_ways_to_the_pin_are_refused),
		in_a_folder(a_pin_in_the_wrong_place_is_refused_and_not_shown),
		in_a_folder(a_setting_of_the_agent_alone_is_refused_in_an_identity),
		in_a_folder(a_request_that_may_take_as_long_as_its_step_is_refused),
		in_a_folder(a_jitter_that_makes_a_certificate_due_at_once_is_refused),
		in_a_folder(a_window_that_is_always_ignored_is_refused),
		in_a_folder(one_file_for_the_tokens_of_two_identities_is_refused),
		in_a_folder(one_credential_for_the_tokens_of_two_identities_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
