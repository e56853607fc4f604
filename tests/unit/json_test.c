#include "base/json.h"

#include "base/scoped.h"
#include "base/text.h"
#include "tests/unit/json_texts.h"
#include "tests/unit/test.h"

#include <string.h>
#include <time.h>

static bool parse(const char *bytes, size_t length, cJSON **ret_value, struct error *error)
{
	return json_parse(bytes, length, "the answer", ERROR_CONNECTOR, ret_value, error);
}

static cJSON *value_of(const char *text)
{
	struct error error = ERROR_INIT;
	cJSON *value = NULL;

	assert_ok(parse(text, strlen(text), &value, &error), &error);
	return value;
}

static bool read_text(const char *bytes, size_t length, struct error *error)
{
	cJSON *value = NULL;
	bool good = parse(bytes, length, &value, error);

	assert_true(good == (value != NULL));
	cJSON_Delete(value);
	return good;
}

static void assert_all_refused(const struct json_text *texts, size_t count)
{
	json_texts_assert_refused(read_text, texts, count, "the answer is not valid JSON: ");
}

static void values_of_every_kind_are_accepted(void **state)
{
	(void)state;
	json_texts_assert_accepted(read_text);
}

static void what_is_no_json_is_refused(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT(""),
		JSON_TEXT("{} {}"),
		JSON_TEXT("{}\0"),
		JSON_TEXT("01"),
		JSON_TEXT("\"\\u0000\""),
		JSON_TEXT("\"\xff\""),
		JSON_TEXT("\"a\nb\""),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

/* Printed again they would be no numbers any more. */
static void numbers_that_a_double_can_barely_hold_are_refused(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT("1e309"),
		JSON_TEXT("-1e309"),
		JSON_TEXT("[1.7976931348623157e308]"),
		JSON_TEXT("{\"a\":-1.7976931348623157e308}"),
	};

	(void)state;
	cJSON_Delete(value_of("1e308"));
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

static void the_depth_is_that_of_the_header(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 3];
	const struct json_text refused = { text, sizeof(text) - 1 };

	(void)state;
	memset(text, '\0', sizeof(text));
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	cJSON_Delete(value_of(text));
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_all_refused(&refused, 1);
}

static void repeated_names_are_refused_wherever_and_however_written(void **state)
{
	static const struct json_text refused[] = {
		JSON_TEXT("{\"a\":1,\"a\":1}"),
		JSON_TEXT("{\"a\":1,\"b\":2,\"c\":3,\"a\":null}"),
		JSON_TEXT("{\"ab\":1,\"\\u0061b\":2}"),
		JSON_TEXT("{\"é\":1,\"\\u00e9\":2}"),
		JSON_TEXT("{\"\":1,\"\":2}"),
		JSON_TEXT("[1,{\"x\":{\"a\":1,\"a\":1}}]"),
	};

	(void)state;
	assert_all_refused(refused, ARRAY_LENGTH(refused));
}

/* Each name compared with each would be 10^10 comparisons: minutes. */
static void a_megabyte_of_names_is_read_at_once(void **state)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(4 << 20);
	scoped(cJSON) cJSON *value = NULL;
	struct error error = ERROR_INIT;
	clock_t start = clock();

	(void)state;
	text_add_string(&text, "{\"\":0");
	for (int i = 0; i < 100000; i++)
		text_printf(&text, ",\"%x\":0", i);
	assert_true(text_add_string(&text, "}"));
	assert_ok(json_parse(text.data, text.length, "x", ERROR_CONNECTOR, &value, &error), &error);
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
}

static void a_refusal_names_the_place_and_quotes_no_value(void **state)
{
	struct error error = ERROR_INIT;
	cJSON *value = NULL;

	(void)state;
	assert_refused(parse("{\"a\":swordfish}", 15, &value, &error), &error, ERROR_CONNECTOR);
	assert_string_equal(error.message, "the answer is not valid JSON: byte 6: no value");
	assert_refused(parse("{\"a\":1,\"a\":2}", 13, &value, &error), &error, ERROR_CONNECTOR);
	assert_string_equal(
	    error.message, "the answer is not valid JSON: an object has the name \"a\" twice");
}

static void members_are_found_by_their_exact_name(void **state)
{
	scoped(cJSON) cJSON *object =
	    value_of("{\"Name\":\"x\",\"nothing\":null,\"empty\":\"\",\"number\":1}");
	scoped(cJSON) cJSON *array = value_of("[\"Name\"]");

	(void)state;
	assert_string_equal(json_string(object, "Name"), "x");
	assert_string_equal(json_string(object, "empty"), "");
	assert_null(json_string(object, "name"));
	assert_null(json_string(object, "number"));
	assert_null(json_member(object, "nothing"));
	assert_null(json_member(object, "absent"));
	assert_null(json_member(array, "Name"));
	assert_null(json_member(NULL, "Name"));
	assert_null(json_string(NULL, "Name"));
}

static void integers_are_whole_and_exact(void **state)
{
	static const char *const refused[] = { "1.5", "-0.1", "9007199254740992",
		"-9007199254740992", "1e300", "\"1\"", "true", "null", "[1]" };
	static const struct {
		const char *text;
		int64_t number;
	} accepted[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "-7", -7 },
		{ "1.0", 1 },
		{ "12e2", 1200 },
		{ "2147483648", 2147483648 },
		{ "9007199254740991", 9007199254740991 },
		{ "-9007199254740991", -9007199254740991 },
	};
	char text[64];
	int64_t number = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(accepted); i++) {
		scoped(cJSON) cJSON *object = NULL;

		assert_true(text_format(text, sizeof(text), "{\"n\":%s}", accepted[i].text));
		object = value_of(text);
		assert_true(json_integer(object, "n", &number));
		assert_int_equal(number, accepted[i].number);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		scoped(cJSON) cJSON *object = NULL;

		assert_true(text_format(text, sizeof(text), "{\"n\":%s}", refused[i]));
		object = value_of(text);
		number = 4711;
		if (json_integer(object, "n", &number))
			fail_msg("%s is no integer", refused[i]);
		assert_int_equal(number, 4711);
		assert_false(json_integer(object, "absent", &number));
	}
}

static void booleans_are_true_false_or_otherwise(void **state)
{
	scoped(cJSON) cJSON *object = value_of("{\"t\":true,\"f\":false,\"n\":null,\"one\":1}");

	(void)state;
	assert_true(json_boolean(object, "t", false));
	assert_false(json_boolean(object, "f", true));
	assert_true(json_boolean(object, "n", true));
	assert_false(json_boolean(object, "one", false));
	assert_true(json_boolean(object, "one", true));
	assert_true(json_boolean(NULL, "t", true));
}

static size_t measure(const char *text)
{
	return json_measure(text, strlen(text));
}

static void an_object_is_measured_to_its_last_brace(void **state)
{
	(void)state;
	assert_int_equal(measure("{\"a\":{}} {}"), 8);
	assert_int_equal(measure("{\"}\\\"\\\\\":{\n}}{}"), strlen("{\"}\\\"\\\\\":{\n}}"));
	assert_int_equal(measure("{\"a\":"), strlen("{\"a\":"));
	assert_int_equal(measure("{\"\\"), strlen("{\"\\"));
}

static void an_object_that_is_cut_is_not_looked_for_through_all_of_the_text(void **state)
{
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(1 << 16);

	(void)state;
	assert_int_equal(measure("{\"a\": \"b\n{\"c\": \"d\"}"), strlen("{\"a\": \"b"));
	assert_int_equal(measure("{\"a\": \"b\\\n{}"), strlen("{\"a\": \"b\\"));
	for (int i = 0; i < 1000; i++)
		assert_true(text_add_string(&text, "{\"a\":\n"));
	assert_int_equal(
	    json_measure(text.data, text.length), JSON_DEPTH_MAX * strlen("{\"a\":\n") + 1);
}

static void what_is_added_is_printed_exactly(void **state)
{
	scoped(cJSON) cJSON *object = json_new_object();
	scoped(char) char *printed = NULL;

	(void)state;
	json_add_string(object, "text", "a\"\n\xc3\xa9");
	json_add_string(object, "none", NULL);
	json_add_integer(object, "small", -7);
	json_add_integer(object, "milliseconds", 1795211994123);
	json_add_integer(object, "limit", 999999999999999);
	json_add_integer(object, "large", 9007199254740991);
	json_add_integer(object, "huge", INT64_MIN);
	json_add_boolean(object, "yes", true);
	json_add_boolean(object, "no", false);
	json_add_time(object, "time", 1795211994);
	json_add_time(object, "never", 0);
	json_add_boolean(json_add_object(object, "inner"), "a", true);
	cJSON_AddItemToArray(json_add_array(object, "list"), cJSON_CreateNumber(1));
	json_add_item(object, "item", json_new_object());
	printed = json_print(object);
	assert_string_equal(printed,
	    "{\"text\":\"a\\\"\\n\xc3\xa9\",\"none\":null,\"small\":-7,"
	    "\"milliseconds\":1795211994123,\"limit\":999999999999999,"
	    "\"large\":9007199254740991,\"huge\":-9223372036854775808,"
	    "\"yes\":true,\"no\":false,\"time\":\"2026-11-20T21:59:54Z\",\"never\":null,"
	    "\"inner\":{\"a\":true},\"list\":[1],\"item\":{}}");
}

static void what_is_printed_is_always_utf8(void **state)
{
	scoped(cJSON) cJSON *object = json_new_object();

	(void)state;
	json_add_string(object, "file", "/srv/\xe9t\xc3\xa9/\xff");
	assert_string_equal(json_string(object, "file"), "/srv/?t\xc3\xa9/?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_every_kind_are_accepted),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(numbers_that_a_double_can_barely_hold_are_refused),
		cmocka_unit_test(the_depth_is_that_of_the_header),
		cmocka_unit_test(repeated_names_are_refused_wherever_and_however_written),
		cmocka_unit_test(a_megabyte_of_names_is_read_at_once),
		cmocka_unit_test(a_refusal_names_the_place_and_quotes_no_value),
		cmocka_unit_test(members_are_found_by_their_exact_name),
		cmocka_unit_test(integers_are_whole_and_exact),
		cmocka_unit_test(booleans_are_true_false_or_otherwise),
		cmocka_unit_test(an_object_is_measured_to_its_last_brace),
		cmocka_unit_test(an_object_that_is_cut_is_not_looked_for_through_all_of_the_text),
		cmocka_unit_test(what_is_added_is_printed_exactly),
		cmocka_unit_test(what_is_printed_is_always_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
