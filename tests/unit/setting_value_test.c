#include "agent/config/setting_value.h"

#include "agent/config/identity_settings.h"
#include "agent/config/url_check.h"
#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/test.h"

#include <string.h>

#define A32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A32_SMALL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B32 "0123456789abcdef0123456789abcdef"
#define COLONS_16 "0F:1E:2D:3C:4B:5A:69:78:87:96:A5:B4:C3:D2:E1:F0"
#define COLONS_16_SMALL "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

struct given {
	const char *setting;
	const char *text;
	const char *formatted; /* NULL: refused */
};

static void assert_values(const struct given *given, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct identity_settings settings = identity_settings_empty();
		const struct setting *setting = setting_find(given[i].setting);
		struct error error = ERROR_INIT;
		bool good = setting_parse(setting, given[i].text, &settings, &error);
		scoped(char) char *formatted = good ? setting_format(setting, &settings) : NULL;

		if (!text_equal(formatted, given[i].formatted))
			fail_msg("%s = %s: %s (%s)", given[i].setting, given[i].text,
			    formatted ? formatted : "refused", error.message);
		identity_settings_clear(&settings);
	}
}

static void spans_have_units_and_bounds(void **state)
{
	static const struct given given[] = {
		{ "connect_timeout", "10s", "10s" },
		{ "connect_timeout", "10min", "600s" },
		{ "connect_timeout", "0s", NULL },
		{ "connect_timeout", "11min", NULL },
		{ "connect_timeout", "10", NULL },
		{ "connect_timeout", "-1s", NULL },
		{ "rejected_after", "0", "0s" },
		{ "rejected_after", "7d", "604800s" },
		{ "rejected_after", "8d", NULL },
		{ "key_generation_timeout", "1 h", "3600s" },
	};

	(void)state;
	assert_values(given, ARRAY_LENGTH(given));
}

static void numbers_have_bounds(void **state)
{
	static const struct given given[] = {
		{ "retain", "0", "0" },
		{ "retain", "16", "16" },
		{ "retain", "17", NULL },
		{ "retain", "-1", NULL },
		{ "retain", "1x", NULL },
		{ "retain", "", NULL },
		{ "key_bits", "2048", "2048" },
		{ "key_bits", "3072", "3072" },
		{ "key_bits", "4096", "4096" },
		{ "key_bits", "1024", NULL },
		{ "key_bits", "2049", NULL },
		{ "key_bits", "8192", NULL },
		{ "pin_fd", "0", "0" },
		{ "pin_fd", "5", "5" },
		{ "pin_fd", "1023", "1023" },
		{ "pin_fd", "1", NULL },
		{ "pin_fd", "4", NULL },
		{ "pin_fd", "1024", NULL },
	};

	(void)state;
	assert_values(given, ARRAY_LENGTH(given));
}

static void fractions_are_decimals_or_ratios(void **state)
{
	static const struct given given[] = {
		{ "lifetime_fraction", "0.5", "0.500000000000000" },
		{ "lifetime_fraction", "2/3", "0.666666666666667" },
		{ "lifetime_fraction", "0.1", "0.100000000000000" },
		{ "lifetime_fraction", "0.95", "0.950000000000000" },
		{ "lifetime_fraction", "0.951", NULL },
		{ "lifetime_fraction", "0.09", NULL },
		{ "lifetime_fraction", "1/0", NULL },
		{ "lifetime_fraction", "1/", NULL },
		{ "lifetime_fraction", "/2", NULL },
		{ "lifetime_fraction", "0.", NULL },
		{ "lifetime_fraction", ".5", NULL },
		{ "lifetime_fraction", "0.5 ", NULL },
		{ "lifetime_fraction", "0x1p-1", NULL },
		{ "lifetime_fraction", "nan", NULL },
		{ "lifetime_fraction", "5e-1", NULL },
		{ "lifetime_fraction", "0.500000000000000000000", NULL },
		{ "jitter", "0", "0.000000000000000" },
		{ "jitter", "0.5", "0.500000000000000" },
		{ "jitter", "1/1", NULL },
		{ "window_margin", "0", NULL },
		{ "window_margin", "1/4", "0.250000000000000" },
	};

	(void)state;
	assert_values(given, ARRAY_LENGTH(given));
}

static void windows_are_written_as_they_are_read(void **state)
{
	static const struct given given[] = {
		{ "window", "Mon-Fri 02:00-04:00 , Sat 22:00-06:00",
		    "Mon-Fri 02:00-04:00, Sat 22:00-06:00" },
		{ "window", "nightly", NULL },
	};

	(void)state;
	assert_values(given, ARRAY_LENGTH(given));
}

static void a_choice_is_one_of_its_words(void **state)
{
	static const struct given given[] = {
		{ "revoke_old", "yes", "yes" },
		{ "revoke_old", "no", "no" },
		{ "revoke_old", "true", NULL },
		{ "revoke_old", "YES", NULL },
		{ "signer", "auto", "auto" },
		{ "signer", "engine", "engine" },
		{ "signer", "provider", "provider" },
		{ "signer", "pkcs11prov", "pkcs11prov" },
		{ "signer", "gpg", NULL },
	};

	(void)state;
	assert_values(given, ARRAY_LENGTH(given));
}

static void texts_have_the_form_of_what_they_name(void **state)
{
	static const struct given given[] = {
		{ "module", "/usr/lib/a.so", "/usr/lib/a.so" },
		{ "module", "a.so", NULL },
		{ "pin_command", "/bin/cat x", "/bin/cat x" },
		{ "pin_command", "cat x", NULL },
		{ "pin_credential", "orders.pin", "orders.pin" },
		{ "pin_credential", "../orders", NULL },
		{ "pin_credential", "..", NULL },
		{ "token", "pkcs11:token=fleet", "pkcs11:token=fleet" },
		{ "token", "pkcs11:serial=1;token=a%20b", "pkcs11:serial=1;token=a%20b" },
		{ "token", "pkcs11:", NULL },
		{ "token", "fleet", NULL },
		{ "token", "pkcs11:token=a?module-path=/m.so", NULL },
		{ "token", "pkcs11:token=a?module-name=m", NULL },
		{ "token", "pkcs11:token=a?pin-value=1", NULL },
		{ "token", "pkcs11:token=a&pin-source=/x", NULL },
		{ "connector_hosts", " a.example.com,b.example.com  c ",
		    "a.example.com b.example.com c" },
		{ "connector_hosts", ",", NULL },
		{ "distrusted_ca", A32 A32 ", " B32 B32, A32_SMALL A32_SMALL " " B32 B32 },
		{ "distrusted_ca", COLONS_16 ":" COLONS_16, COLONS_16_SMALL COLONS_16_SMALL },
		{ "distrusted_ca", A32 A32 "a", NULL },
		{ "distrusted_ca", A32 B32 "\xc3\xa9", NULL },
		{ "distrusted_ca", A32 "0g" B32, NULL },
		{ "distrusted_ca", COLONS_16 "-" COLONS_16, NULL },
		{ "distrusted_ca", COLONS_16 ":" COLONS_16 ":", NULL },
		{ "distrusted_ca", "", NULL },
	};

	(void)state;
	assert_values(given, ARRAY_LENGTH(given));
}

static void a_list_that_is_too_long_is_refused(void **state)
{
	struct identity_settings settings = identity_settings_empty();
	const struct setting *setting = setting_find("worker_env");
	struct error error = ERROR_INIT;

	(void)state;
	for (int i = 0; i < SETTINGS_LIST_MAX; i++)
		assert_ok(setting_parse(setting, "A", &settings, &error), &error);
	assert_refused(setting_parse(setting, "A", &settings, &error), &error, ERROR_CONFIG);
	identity_settings_clear(&settings);
}

static void only_plain_https_urls_are_taken(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} cases[] = {
		{ "https://a", true },
		{ "https://gateway.example.com/connector/graphql", true },
		{ "https://gateway.example.com:8443", true },
		{ "https://192.0.2.1:1/x?y=z", true },
		{ "https://[2001:db8::1]:443/x", true },
		{ "https://a/x@y", true },
		{ "http://a", false },
		{ "HTTPS://a", false },
		{ "https:///x", false },
		{ "https://", false },
		{ "https://:443", false },
		{ "https://a:", false },
		{ "https://a:0", false },
		{ "https://a:65536", false },
		{ "https://a:1x", false },
		{ "https://a:000443", false },
		{ "https://user@a", false },
		{ "https://user:secret@a/", false },
		{ "https://a\\@b", false },
		{ "https://a/#x", false },
		{ "https://a /", false },
		{ "https://a/\xc3\xa4", false },
		{ "https://a_b/", false },
		{ "https://-a/", false },
		{ "https://[::1/", false },
		{ "https://[]/", false },
		{ "https://[::1]x/", false },
		{ "file:///etc/passwd", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error error = ERROR_INIT;

		if (url_check(cases[i].url, &error) != cases[i].good)
			fail_msg("%s: %s", cases[i].url, error.message);
	}
}

static void a_url_with_a_secret_is_not_shown(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_refused(url_check("https://a:secret@b/?token=secret", &error), &error, ERROR_CONFIG);
	assert_string_equal(error.message, "must not hold a user name or password");
}

static void every_row_of_the_table_is_complete_and_its_default_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *setting = &setting_table[i];
		struct identity_settings settings = identity_settings_empty();
		struct error error = ERROR_INIT;
		size_t length = strlen(setting->sentence);

		assert_ptr_equal(setting_find(setting->name), setting);
		assert_ptr_equal(setting_nearest(setting->name), setting);
		assert_true(length > 20 && setting->sentence[length - 1] == '.');
		assert_false(setting->required && setting->standard);
		if (setting->standard)
			assert_ok(
			    setting_parse(setting, setting->standard, &settings, &error), &error);
		identity_settings_clear(&settings);
	}
}

static void another_word_is_not_suggested(void **state)
{
	(void)state;
	assert_null(setting_find("retai"));
	assert_string_equal(setting_nearest("retai")->name, "retain");
	assert_string_equal(setting_nearest("pin_flie")->name, "pin_file");
	assert_null(setting_nearest("hook"));
	assert_null(setting_nearest(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_have_units_and_bounds),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(fractions_are_decimals_or_ratios),
		cmocka_unit_test(windows_are_written_as_they_are_read),
		cmocka_unit_test(a_choice_is_one_of_its_words),
		cmocka_unit_test(texts_have_the_form_of_what_they_name),
		cmocka_unit_test(a_list_that_is_too_long_is_refused),
		cmocka_unit_test(only_plain_https_urls_are_taken),
		cmocka_unit_test(a_url_with_a_secret_is_not_shown),
		cmocka_unit_test(every_row_of_the_table_is_complete_and_its_default_good),
		cmocka_unit_test(another_word_is_not_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
