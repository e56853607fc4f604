#include "agent/state/gateway.h"

#include "tests/fakes/state_folder.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1800000000)

static int set_up(void **state)
{
	state_folder_make();
	*state = state_folder_open();
	return 0;
}

static int tear_down(void **state)
{
	store_close(*state);
	state_folder_discard();
	return 0;
}

static void what_was_saved_is_read(void **state)
{
	const struct store *store = *state;
	struct gateway gateway = {
		.seen = NOW,
		.generation = UINT32_MAX,
		.names = cJSON_Parse("[\"CN=a, O=\\\"b\", \"CN=c\"]"),
		.name_count = 7,
		.missing_since = NOW - 5,
		.in_vain = true,
		.server_end = NOW + 9,
		.has_date = true,
		.clock_ahead = -3600,
		.probed = NOW - 1,
		.probe_again = NOW + 60,
		.probe_refusals = 2,
	};
	struct error error = ERROR_INIT;
	struct gateway read;

	assert_ok(gateway_save(store, &gateway, &error), &error);
	assert_int_equal(state_folder_mode("orders/gateway.json"), 0600);
	gateway_read(store, &read);
	assert_true(cJSON_Compare(read.names, gateway.names, true));
	assert_int_equal(read.seen, NOW);
	assert_int_equal(read.generation, UINT32_MAX);
	assert_int_equal(read.name_count, 7);
	assert_int_equal(read.missing_since, NOW - 5);
	assert_true(read.in_vain && read.has_date);
	assert_int_equal(read.server_end, NOW + 9);
	assert_int_equal(read.clock_ahead, -3600);
	assert_int_equal(read.probed, NOW - 1);
	assert_int_equal(read.probe_again, NOW + 60);
	assert_int_equal(read.probe_refusals, 2);
	gateway_clear(&read);
	gateway_clear(&gateway);
}

static void what_is_absent_or_damaged_is_nothing_known(void **state)
{
	static const char *const texts[] = {
		NULL,
		"",
		"{\"schema_version\":1",
		"[]",
		"{\"schema_version\":1,\"seen\":\"2027-01-15T08:00:00Z\",\"generation\":-1,"
		"\"names\":[\"CN=a\"]}",
		"{\"schema_version\":1,\"generation\":1,\"name_count\":1,\"in_vain\":false,"
		"\"has_date\":false,\"clock_ahead\":0,\"probe_refusals\":0,\"names\":[1]}",
	};
	struct gateway read;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		if (texts[i])
			state_folder_write("orders/gateway.json", texts[i]);
		gateway_read(*state, &read);
		assert_int_equal(read.seen, 0);
		assert_int_equal(read.generation, 0);
		assert_null(read.names);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_saved_is_read),
		TEST(what_is_absent_or_damaged_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
