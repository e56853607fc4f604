#include "pkcs11/token_uri.h"

#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"
#include "tests/unit/test.h"

#include <string.h>

static void fill(unsigned char *field, size_t size, const char *text)
{
	memset(field, ' ', size);
	memcpy(field, text, strlen(text));
}

static struct token_info token(const char *label, const char *serial)
{
	struct token_info info = { .slot = 1 };

	fill(info.raw.label, sizeof(info.raw.label), label);
	fill(info.raw.serialNumber, sizeof(info.raw.serialNumber), serial);
	fill(info.raw.model, sizeof(info.raw.model), "SoftHSM v2");
	fill(info.raw.manufacturerID, sizeof(info.raw.manufacturerID), "SoftHSM project");
	return info;
}

static void a_token_is_named_by_any_of_its_four_attributes(void **state)
{
	static const char *const texts[] = {
		"pkcs11:token=my%20fleet",
		"pkcs11:serial=0123",
		"pkcs11:model=SoftHSM%20v2",
		"pkcs11:manufacturer=SoftHSM%20project",
		"pkcs11:model=SoftHSM%20v2;serial=0123",
		"pkcs11:token=my%20fleet;serial=0123;model=SoftHSM%20v2",
	};
	const struct token_info info = token("my fleet", "0123");

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		scoped(token_uri) struct token_uri *uri = NULL;
		struct error error = ERROR_INIT;

		assert_ok(token_uri_parse(texts[i], &uri, &error), &error);
		assert_true(token_uri_matches(uri, &info));
		assert_string_equal(token_uri_text(uri), texts[i]);
	}
}

static void every_attribute_of_the_uri_must_match(void **state)
{
	static const char *const texts[] = {
		"pkcs11:token=my",
		"pkcs11:token=my%20fleet2",
		"pkcs11:token=my%20fleet;serial=0124",
		"pkcs11:token=MY%20FLEET",
	};
	const struct token_info info = token("my fleet", "0123");

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		scoped(token_uri) struct token_uri *uri = NULL;
		struct error error = ERROR_INIT;

		assert_ok(token_uri_parse(texts[i], &uri, &error), &error);
		assert_false(token_uri_matches(uri, &info));
	}
}

static void a_uri_that_says_too_little_too_much_or_nonsense_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *complaint;
	} cases[] = {
		{ "", "begins with" },
		{ "token=a", "begins with" },
		{ "http://a", "begins with" },
		{ " pkcs11:token=a", "begins with" },
		{ "pkcs11:", "not allowed" },
		{ "pkcs11:;", "not allowed" },
		{ "pkcs11:token", "not allowed" },
		{ "pkcs11:token=", "empty token=" },
		{ "pkcs11:token=;serial=1", "empty token=" },
		{ "pkcs11:token=a;", "not allowed" },
		{ "pkcs11:token=a;token=b", "token= twice" },
		{ "pkcs11:token=my fleet", "blank" },
		{ "pkcs11:token=a\n", "blank" },
		{ "pkcs11:token=fl\xc3\xb6te", "not ASCII" },
		{ "pkcs11:token=%zz", "malformed" },
		{ "pkcs11:token=a%", "malformed" },
		{ "pkcs11:token=123456789012345678901234567890123", "no token or key can have" },
		{ "pkcs11:token=a;id=%01", "remove id=" },
		{ "pkcs11:token=a;object=b", "remove object=" },
		{ "pkcs11:token=a;type=private", "remove type=" },
		{ "pkcs11:slot-id=1", "not allowed" },
		{ "pkcs11:token=a;library-version=2", "not allowed" },
		{ "pkcs11:token=a;x-vendor=b", "not allowed" },
		{ "pkcs11:TOKEN=a", "not allowed" },
		{ "pkcs11:token=a?module-path=/lib/x.so", "a PIN or a module" },
		{ "pkcs11:token=a?module-name=x", "a PIN or a module" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct token_uri *uri = NULL;
		struct error error = ERROR_INIT;

		assert_refused(token_uri_parse(cases[i].text, &uri, &error), &error, ERROR_CONFIG);
		assert_null(uri);
		if (!strstr(error.message, cases[i].complaint))
			fail_msg("\"%s\": %s", cases[i].text, error.message);
	}
}

/* In the query, where it belongs, in the path, where people put it, and in capitals. */
static void a_pin_in_the_uri_is_refused_and_not_repeated(void **state)
{
	static const char *const texts[] = {
		"pkcs11:token=a?pin-value=8765",
		"pkcs11:token=a;pin-value=8765",
		"pkcs11:token=a?PIN-VALUE=8765",
		"pkcs11:token=a;Pin-Value=8765",
		"pkcs11:token=a?pin-source=file:8765",
		"pkcs11:pin-value=8765;token=%zz",
		"pkcs11:token=a?module-path=/x&pin-value=8765",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct token_uri *uri = NULL;
		struct error error = ERROR_INIT;

		assert_refused(token_uri_parse(texts[i], &uri, &error), &error, ERROR_CONFIG);
		assert_null(strstr(error.message, "8765"));
		assert_non_null(strstr(error.message, "settings of their own"));
	}
}

static void a_uri_of_exactly_the_longest_length_is_read_and_one_more_refused(void **state)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	struct error error = ERROR_INIT;
	char text[TOKEN_URI_LENGTH_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "pkcs11:token=", strlen("pkcs11:token="));
	text[TOKEN_URI_LENGTH_MAX + 1] = '\0';
	assert_refused(token_uri_parse(text, &uri, &error), &error, ERROR_CONFIG);
	assert_non_null(strstr(error.message, "longer than 1024 bytes"));
	text[TOKEN_URI_LENGTH_MAX] = '\0';
	assert_refused(token_uri_parse(text, &uri, &error), &error, ERROR_CONFIG);
	assert_non_null(strstr(error.message, "no token or key can have"));
}

static void the_uri_of_a_key_names_token_serial_id_object_and_type_and_nothing_else(void **state)
{
	const struct token_info info = token("my fleet", "0123");
	const struct key_id id = { { 0x00, 0xab, 'x' }, 3 };
	scoped(char) char *text = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(key_uri_format(&info, &id, "renewal-agent/a b/1", &text, &error), &error);
	assert_string_equal(text, "pkcs11:serial=0123;token=my%20fleet;id=%00%AB%78;"
				  "object=renewal-agent%2Fa%20b%2F1;type=private");
}

static void a_key_without_label_has_a_uri_without_object(void **state)
{
	const struct token_info info = token("fleet", "");
	const struct key_id id = { { 7 }, 1 };
	static const char *const labels[] = { NULL, "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(labels); i++) {
		scoped(char) char *text = NULL;
		struct error error = ERROR_INIT;

		assert_ok(key_uri_format(&info, &id, labels[i], &text, &error), &error);
		assert_string_equal(text, "pkcs11:token=fleet;id=%07;type=private");
	}
}

static void a_token_without_label_and_serial_is_named_by_model_and_manufacturer(void **state)
{
	const struct token_info info = token("", "");
	const struct key_id id = { { 7 }, 1 };
	scoped(char) char *text = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	assert_ok(key_uri_format(&info, &id, NULL, &text, &error), &error);
	assert_string_equal(text, "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;"
				  "id=%07;type=private");
}

static void the_uri_of_a_key_gives_back_the_token_and_the_id(void **state)
{
	const struct token_info info = token("fl\xc3\xb6te;?=", "0123");
	const struct token_info other = token("fl\xc3\xb6te", "0123");
	const struct key_id id = { { 0, 1, 0xff, '%' }, 4 };
	scoped(token_uri) struct token_uri *uri = NULL;
	scoped(char) char *text = NULL;
	struct error error = ERROR_INIT;
	struct key_id read;

	(void)state;
	assert_ok(key_uri_format(&info, &id, "a?pin-value=b", &text, &error), &error);
	assert_ok(key_uri_parse(text, &uri, &read, &error), &error);
	assert_true(key_id_equal(&read, &id));
	assert_true(token_uri_matches(uri, &info));
	assert_false(token_uri_matches(uri, &other));
}

static void the_uri_of_a_key_needs_a_token_an_id_and_no_other_type(void **state)
{
	static const struct {
		const char *text;
		const char *complaint;
	} cases[] = {
		{ "pkcs11:id=%01", "names no token" },
		{ "pkcs11:token=a", "add id=" },
		{ "pkcs11:token=a;object=b;type=private", "add id=" },
		{ "pkcs11:token=a;id=", "empty id=" },
		{ "pkcs11:token=a;id=%01;id=%02", "id= twice" },
		{ "pkcs11:token=a;id=123456789012345678901234567890123", "1 to 32 bytes" },
		{ "pkcs11:token=a;id=%01;type=public", "type=private" },
		{ "pkcs11:token=a;id=%01;type=cert", "type=private" },
		{ "pkcs11:token=a;id=%01;type=nonsense", "no token or key can have" },
		{ "pkcs11:token=a;id=%01?pin-value=1", "a PIN or a module" },
		{ "pkcs11:token=a;id=%01;slot-id=1", "not allowed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct token_uri *uri = NULL;
		struct error error = ERROR_INIT;
		struct key_id id = { .length = 0 };

		assert_refused(
		    key_uri_parse(cases[i].text, &uri, &id, &error), &error, ERROR_CONFIG);
		assert_null(uri);
		assert_int_equal(id.length, 0);
		if (!strstr(error.message, cases[i].complaint))
			fail_msg("\"%s\": %s", cases[i].text, error.message);
	}
}

static void the_token_of_a_keys_uri_is_written_without_the_key(void **state)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	scoped(token_uri) struct token_uri *again = NULL;
	scoped(char) char *text = NULL;
	struct error error = ERROR_INIT;
	struct key_id id;

	(void)state;
	assert_ok(key_uri_parse("pkcs11:token=a%20b;serial=7;id=%01;object=c;type=private", &uri,
		      &id, &error),
	    &error);
	assert_ok(token_uri_format(uri, &text, &error), &error);
	assert_string_equal(text, "pkcs11:serial=7;token=a%20b");
	assert_ok(token_uri_parse(text, &again, &error), &error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_named_by_any_of_its_four_attributes),
		cmocka_unit_test(every_attribute_of_the_uri_must_match),
		cmocka_unit_test(a_uri_that_says_too_little_too_much_or_nonsense_is_refused),
		cmocka_unit_test(a_pin_in_the_uri_is_refused_and_not_repeated),
		cmocka_unit_test(a_uri_of_exactly_the_longest_length_is_read_and_one_more_refused),
		cmocka_unit_test(
		    the_uri_of_a_key_names_token_serial_id_object_and_type_and_nothing_else),
		cmocka_unit_test(a_key_without_label_has_a_uri_without_object),
		cmocka_unit_test(
		    a_token_without_label_and_serial_is_named_by_model_and_manufacturer),
		cmocka_unit_test(the_uri_of_a_key_gives_back_the_token_and_the_id),
		cmocka_unit_test(the_token_of_a_keys_uri_is_written_without_the_key),
		cmocka_unit_test(the_uri_of_a_key_needs_a_token_an_id_and_no_other_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
