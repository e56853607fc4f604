#include "rootca/wiping.h"

#include "base/json.h"
#include "base/scoped.h"
#include "rootca/gateway_bundle.h"
#include "rootca/input.h"
#include "rootca/secret_object.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <string.h>

/* Stands for a private key, as it is and in base64. */
#define MARK "-----BEGIN RSA PRIVATE KEY-----"
#define MARK_IN_BASE64 "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0t"

static struct {
	const void *watched; /* a block whose return is waited for */
	bool has_come_back;
	size_t with_a_mark; /* blocks that were given back as they were */
} memory;

void __real_free(void *block);
void __wrap_free(void *block);

/* Whatever is given back by the program, and by cJSON and OpenSSL for it. */
void __wrap_free(void *block)
{
	const size_t size = block ? malloc_usable_size(block) : 0;

	if (block
	    && (memmem(block, size, MARK, strlen(MARK))
		|| memmem(block, size, MARK_IN_BASE64, strlen(MARK_IN_BASE64))))
		memory.with_a_mark++;
	if (block && block == memory.watched)
		memory.has_come_back = true;
	__real_free(block);
}

static int forget(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	return 0;
}

static void watch(const void *block)
{
	memory.watched = block;
	memory.has_come_back = false;
}

static void assert_wiped(void)
{
	assert_true(memory.has_come_back);
	assert_int_equal(memory.with_a_mark, 0);
}

static void what_is_given_back_by_hand_is_wiped(void **state)
{
	char *text = strdup("key: " MARK);

	(void)state;
	assert_non_null(text);
	watch(text);
	wiped_free(text);
	assert_wiped();
	wiped_free(NULL);
}

static void a_json_objects_strings_are_wiped(void **state)
{
	const char text[] = "{\"" MARK "\": \"" MARK_IN_BASE64 "\"}";
	struct error error = ERROR_INIT;
	cJSON *object = NULL;

	(void)state;
	assert_ok(json_parse(text, strlen(text), "it", ERROR_CONFIG, &object, &error), &error);
	watch(object->child->valuestring);
	cJSON_Delete(object);
	assert_wiped();
}

/* cJSON starts with a small buffer, and leaves it for a larger one. */
static void each_buffer_that_a_json_text_outgrows_is_wiped(void **state)
{
	cJSON *object = json_new_object();
	char long_text[4096];
	char *text;

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	json_add_string(object, "key", MARK);
	json_add_string(object, "long", long_text);
	text = cJSON_Print(object);
	assert_non_null(strstr(text, MARK));
	watch(text);
	wiped_free(text);
	cJSON_Delete(object);
	assert_wiped();
}

static void what_openssl_gives_back_is_wiped(void **state)
{
	char *text = OPENSSL_strdup(MARK);

	(void)state;
	watch(text);
	OPENSSL_free(text);
	assert_wiped();
}

static void what_openssl_outgrows_is_wiped(void **state)
{
	char *text = OPENSSL_strdup(MARK);
	char *larger;

	(void)state;
	watch(text);
	larger = OPENSSL_realloc(text, 1 << 20);
	assert_wiped();
	assert_string_equal(larger, MARK);
	OPENSSL_free(larger);
	assert_int_equal(memory.with_a_mark, 0);
}

static void write_to(const char *path, const char *text)
{
	scoped(FILE) FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static void a_secret_is_read_and_changed_without_leaving_its_key_behind(void **state)
{
	char path[] = "/tmp/wiping-test-XXXXXX";
	scoped(fd) int file = mkstemp(path);
	struct error error = ERROR_INIT;
	struct input input = { .count = 0 };
	const char *paths[] = { path };
	char *key = NULL;
	size_t length = 0;

	(void)state;
	assert_true(file >= 0);
	write_to(path, "{\"data\": {\"ca.key\": \"" MARK_IN_BASE64 "LQ==\"}}");
	assert_ok(input_read(paths, 1, &input, &error), &error);
	assert_int_equal(unlink(path), 0);
	assert_ok(secret_object_get(input.objects[0], "ca.key", &key, &length, &error), &error);
	assert_int_equal(length, strlen(MARK));
	assert_ok(secret_object_set(input.objects[0], "ca.key", key, length, &error), &error);
	watch(key);
	wiped_free(key);
	input_clear(&input);
	assert_wiped();
}

/* As somebody may have put it there. */
static void a_key_in_the_gateways_bundle_is_wiped(void **state)
{
	const char text[] = "{\"data\": {\"cacert\": \"" MARK_IN_BASE64 "LQ==\"}}";
	struct error error = ERROR_INIT;
	STACK_OF(X509) *trusted = NULL;
	scoped(cJSON) cJSON *secret = NULL;

	(void)state;
	assert_ok(json_parse(text, strlen(text), "it", ERROR_CONFIG, &secret, &error), &error);
	assert_refused(gateway_bundle_read(secret, &trusted, &error), &error, ERROR_CONFIG);
	assert_int_equal(memory.with_a_mark, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_given_back_by_hand_is_wiped, forget),
		cmocka_unit_test_setup(a_json_objects_strings_are_wiped, forget),
		cmocka_unit_test_setup(each_buffer_that_a_json_text_outgrows_is_wiped, forget),
		cmocka_unit_test_setup(what_openssl_gives_back_is_wiped, forget),
		cmocka_unit_test_setup(what_openssl_outgrows_is_wiped, forget),
		cmocka_unit_test_setup(
		    a_secret_is_read_and_changed_without_leaving_its_key_behind, forget),
		cmocka_unit_test_setup(a_key_in_the_gateways_bundle_is_wiped, forget),
	};
	struct error error = ERROR_INIT;

	if (!wiping_begin(&error)) {
		(void)fprintf(stderr, "%s\n", error.message);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
