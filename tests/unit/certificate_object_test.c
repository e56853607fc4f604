#include "pkcs11/certificate_object.h"

#include "agent/x509/certificate.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"
#include "tests/fakes/authority.h"
#include "tests/unit/shim_run.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>

#define OURS "renewal-agent/1a2b3c4d/orders/"

static const struct key_id id = { { 1, 2, 3 }, 3 };
static const struct key_id other_id = { { 4, 5, 6 }, 3 };

/* The first and its successor: other keys, all else the same. */
static X509 *issue(unsigned key)
{
	const struct authority_recipe ca = authority_ca("CN=Kyma", authority_key(0));
	const struct authority_recipe leaf =
	    authority_leaf("C=DE,O=Org,OU=OrgUnit,CN=orders", authority_key(key));
	scoped(X509) X509 *issuer = authority_issue(&ca, NULL, authority_key(0));

	return authority_issue(&leaf, issuer, authority_key(0));
}

static void store(const struct soft_token *soft, unsigned key)
{
	scoped(X509) X509 *certificate = issue(key);
	struct error error = ERROR_INIT;

	assert_ok(certificate_object_store(soft->token, &id, OURS "2", OURS, certificate, &error),
	    &error);
}

/* As somebody else, or as a write of ours that was cut. */
static CK_OBJECT_HANDLE make(const struct soft_token *soft, const struct key_id *key_id,
    const char *label, const char *value)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL no = CK_FALSE;
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_LABEL, (void *)label, strlen(label) },
		{ CKA_ID, (void *)key_id->bytes, key_id->length },
		{ CKA_SUBJECT, "0", 1 },
		{ CKA_VALUE, (void *)value, strlen(value) },
	};

	assert_int_equal(token_functions(soft->token)
			     ->C_CreateObject(token_session(soft->token), attributes,
				 ARRAY_LENGTH(attributes), &object),
	    CKR_OK);
	return object;
}

static void assert_stored(const struct soft_token *soft, unsigned key)
{
	scoped(X509) X509 *certificate = issue(key);
	char expected[CERTIFICATE_SHA256_TEXT_SIZE];
	char sha256[CERTIFICATE_OBJECT_SHA256_SIZE];
	struct error error = ERROR_INIT;

	certificate_sha256(certificate, expected);
	assert_ok(certificate_object_sha256(soft->token, &id, OURS, sha256, &error), &error);
	assert_string_equal(sha256, expected);
}

static void assert_attribute(const struct soft_token *soft, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, const void *expected, size_t expected_length)
{
	unsigned char bytes[4096];
	size_t length = 0;

	assert_int_equal(
	    object_read(soft->token, object, type, bytes, sizeof(bytes), &length), CKR_OK);
	assert_int_equal(length, expected_length);
	assert_memory_equal(bytes, expected, length);
}

static void a_certificate_is_stored_with_what_others_look_for(void **state)
{
	static const unsigned char serial[] = { 2, 1, 2 };
	const struct soft_token *soft = *state;
	scoped(X509) X509 *certificate = issue(1);
	const X509_NAME *subject = X509_get_subject_name(certificate);
	const X509_NAME *issuer = X509_get_issuer_name(certificate);
	const unsigned char *name = NULL;
	const CK_CERTIFICATE_TYPE type = CKC_X_509;
	const CK_BBOOL yes = CK_TRUE;
	const CK_BBOOL no = CK_FALSE;
	CK_OBJECT_HANDLE object;
	size_t length;

	store(soft, 1);
	assert_stored(soft, 1);
	object = soft_token_object(soft, CKO_CERTIFICATE, &id);
	assert_attribute(soft, object, CKA_CERTIFICATE_TYPE, &type, sizeof(type));
	assert_attribute(soft, object, CKA_TOKEN, &yes, sizeof(yes));
	assert_attribute(soft, object, CKA_PRIVATE, &no, sizeof(no));
	assert_attribute(soft, object, CKA_LABEL, OURS "2", strlen(OURS "2"));
	assert_attribute(soft, object, CKA_SERIAL_NUMBER, serial, sizeof(serial));
	assert_true(X509_NAME_get0_der(subject, &name, &length));
	assert_attribute(soft, object, CKA_SUBJECT, name, length);
	assert_true(X509_NAME_get0_der(issuer, &name, &length));
	assert_attribute(soft, object, CKA_ISSUER, name, length);
}

static void one_that_is_there_is_not_stored_again(void **state)
{
	const struct soft_token *soft = *state;
	CK_OBJECT_HANDLE before;

	store(soft, 1);
	before = soft_token_object(soft, CKO_CERTIFICATE, &id);
	store(soft, 1);
	assert_int_equal(soft_token_object(soft, CKO_CERTIFICATE, &id), before);
}

static void another_one_of_ours_is_replaced(void **state)
{
	const struct soft_token *soft = *state;

	store(soft, 1);
	store(soft, 2);
	(void)soft_token_object(soft, CKO_CERTIFICATE, &id);
	assert_stored(soft, 2);
}

static void what_a_crash_left_is_cleared(void **state)
{
	const struct soft_token *soft = *state;

	make(soft, &id, OURS "2", "");
	make(soft, &id, OURS "2", "30");
	store(soft, 1);
	(void)soft_token_object(soft, CKO_CERTIFICATE, &id);
	assert_stored(soft, 1);
}

static void those_of_others_are_never_touched(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	char sha256[CERTIFICATE_OBJECT_SHA256_SIZE];
	size_t destroyed = 99;

	make(soft, &id, "their certificate", "theirs");
	make(soft, &id, "renewal-agent/1a2b3c4d/order/2", "theirs");
	make(soft, &other_id, OURS "1", "another key's");
	soft_token_create_public_key(soft, &id, OURS "2", NULL, 0);
	assert_ok(certificate_object_sha256(soft->token, &id, OURS, sha256, &error), &error);
	assert_string_equal(sha256, "");
	store(soft, 1);
	store(soft, 2);
	assert_int_equal(soft_token_count(soft), 5);
	assert_ok(certificate_object_destroy(soft->token, &id, OURS, &destroyed, &error), &error);
	assert_int_equal(destroyed, 1);
	assert_ok(certificate_object_destroy(soft->token, &id, OURS, &destroyed, &error), &error);
	assert_int_equal(destroyed, 0);
	assert_int_equal(soft_token_count(soft), 4);
}

/* In a process of its own, which must not make keys. */
static X509 *first;
static X509 *second;

static int make_certificates(void **state)
{
	first = issue(1);
	second = issue(2);
	return soft_token_make(state);
}

static int discard_certificates(void **state)
{
	X509_free(first);
	X509_free(second);
	return soft_token_remove(state);
}

static bool store_first(struct soft_token *soft, struct shim_report *report)
{
	return shim_open(soft, &report->error)
	       && certificate_object_store(soft->token, &id, OURS "2", OURS, first, &report->error);
}

static bool store_second(struct soft_token *soft, struct shim_report *report)
{
	return shim_open(soft, &report->error)
	       && certificate_object_store(
		   soft->token, &id, OURS "2", OURS, second, &report->error);
}

static bool count(struct soft_token *soft, struct shim_report *report)
{
	scoped(object_list) struct object_list objects = { NULL, 0 };

	if (!shim_open(soft, &report->error)
	    || object_find_class(soft->token, CKO_CERTIFICATE, &id, &objects) != CKR_OK)
		return false;
	report->count = objects.count;
	return true;
}

static void assert_count(const struct soft_token *soft, size_t expected)
{
	struct shim_report report;

	shim_run(soft, "", count, &report);
	assert_ok(report.succeeded, &report.error);
	assert_int_equal(report.count, expected);
}

static void a_failing_token_is_named_and_the_next_try_ends_with_one(void **state)
{
	static const struct {
		const char *plan, *complaint;
		size_t left;
	} rows[] = {
		{ "C_CreateObject 1 fail CKR_DEVICE_MEMORY\n", "CKR_DEVICE_MEMORY (0x31)", 1 },
		{ "C_CreateObject 1 fail-after CKR_DEVICE_ERROR\n", "CKR_DEVICE_ERROR", 2 },
		{ "C_DestroyObject 1 fail CKR_DEVICE_ERROR\n", "cannot replace", 2 },
		{ "C_FindObjectsInit 1 fail CKR_DEVICE_ERROR\n", "cannot look for", 1 },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct shim_report report;

		shim_run(*state, "", store_first, &report);
		assert_ok(report.succeeded, &report.error);
		shim_run(*state, rows[i].plan, store_second, &report);
		assert_refused(report.succeeded, &report.error, ERROR_TOKEN);
		if (!strstr(report.error.message, rows[i].complaint))
			fail_msg(
			    "\"%s\" is not about \"%s\"", report.error.message, rows[i].complaint);
		assert_count(*state, rows[i].left);
		shim_run(*state, "", store_second, &report);
		assert_ok(report.succeeded, &report.error);
		assert_count(*state, 1);
	}
}

static void a_token_that_keeps_one_of_a_serial_number_gets_the_new_one(void **state)
{
	struct shim_report report;

	shim_run(*state, "", store_first, &report);
	assert_ok(report.succeeded, &report.error);
	shim_run(*state, "C_CreateObject * fail CKR_GENERAL_ERROR\n", store_second, &report);
	assert_refused(report.succeeded, &report.error, ERROR_TOKEN);
	assert_count(*state, 0);
	shim_run(*state, "", store_first, &report);
	assert_ok(report.succeeded, &report.error);
	shim_run(*state, "C_CreateObject 1 fail CKR_GENERAL_ERROR\n", store_second, &report);
	assert_ok(report.succeeded, &report.error);
	assert_count(*state, 1);
}

#define ON_AN_EMPTY_TOKEN(test) cmocka_unit_test_teardown(test, soft_token_empty)

int main(void)
{
	const struct CMUnitTest faults[] = {
		cmocka_unit_test(a_failing_token_is_named_and_the_next_try_ends_with_one),
		cmocka_unit_test(a_token_that_keeps_one_of_a_serial_number_gets_the_new_one),
	};
	const struct CMUnitTest tests[] = {
		ON_AN_EMPTY_TOKEN(a_certificate_is_stored_with_what_others_look_for),
		ON_AN_EMPTY_TOKEN(one_that_is_there_is_not_stored_again),
		ON_AN_EMPTY_TOKEN(another_one_of_ours_is_replaced),
		ON_AN_EMPTY_TOKEN(what_a_crash_left_is_cleared),
		ON_AN_EMPTY_TOKEN(those_of_others_are_never_touched),
	};
	/* The first forks, so no module may be loaded yet. */
	int failed = cmocka_run_group_tests(faults, make_certificates, discard_certificates);

	return failed + cmocka_run_group_tests(tests, soft_token_make_and_open, soft_token_remove);
}
