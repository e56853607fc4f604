#include "base/scoped.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/nameless.h"
#include "tests/unit/shim_run.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <string.h>

#define BITS 2048

static const struct key_id id = { { 1, 2, 3 }, 3 };
static const struct key_id other_id = { { 4, 5, 6 }, 3 };

static bool generate(struct soft_token *soft, struct shim_report *report)
{
	struct error *error = &report->error;

	return shim_open(soft, error) && key_pair_generate(soft->token, &id, "a", BITS, error)
	       && key_pair_find(soft->token, &id, &report->pair, error)
	       && key_pair_check(&report->pair, BITS, error);
}

static bool find(struct soft_token *soft, struct shim_report *report)
{
	return shim_open(soft, &report->error)
	       && key_pair_find(soft->token, &id, &report->pair, &report->error);
}

static bool destroy(struct soft_token *soft, struct shim_report *report)
{
	struct error *error = &report->error;

	return shim_open(soft, error)
	       && key_pair_destroy(soft->token, &id, "", &report->count, error);
}

static void run_well(
    const struct soft_token *soft, const char *plan, shim_action action, struct shim_report *report)
{
	shim_run(soft, plan, action, report);
	assert_ok(report->succeeded, &report->error);
}

/* tpm2-pkcs11 answers DECRYPT=FALSE with CKR_GENERAL_ERROR. */
static void a_token_that_refuses_usages_gets_a_template_without_them(void **state)
{
	static const char *const plans[] = {
		"C_GenerateKeyPair 1 fail CKR_GENERAL_ERROR\n",
		"C_GenerateKeyPair 1 fail CKR_ATTRIBUTE_VALUE_INVALID\n",
		"C_GenerateKeyPair 1 fail CKR_TEMPLATE_INCONSISTENT\n",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
		struct shim_report report;

		run_well(*state, plans[i], generate, &report);
		assert_int_equal(shim_calls(*state, "C_GenerateKeyPair"), 2);
		assert_int_equal(report.pair.attributes.sensitive, KEY_ATTRIBUTE_TRUE);
		assert_int_equal(report.pair.attributes.extractable, KEY_ATTRIBUTE_FALSE);
		assert_int_equal(report.pair.attributes.private_object, KEY_ATTRIBUTE_TRUE);
		/* SoftHSM's default, which shows that the second template was another one. */
		assert_int_equal(report.pair.attributes.decrypt, KEY_ATTRIBUTE_TRUE);
		run_well(*state, "", destroy, &report);
	}
}

static void a_generation_that_fails_for_good_is_tried_twice_at_most(void **state)
{
	static const struct {
		const char *plan;
		size_t calls;
		const char *complaint;
	} cases[] = {
		{ "C_GenerateKeyPair * fail CKR_GENERAL_ERROR\n", 2,
		    "the token fleet would not generate the key 010203 of 2048 bits: "
		    "CKR_GENERAL_ERROR (0x5)" },
		{ "C_GenerateKeyPair * fail CKR_TOKEN_WRITE_PROTECTED\n", 1, "write protected" },
		{ "C_GenerateKeyPair * fail CKR_KEY_SIZE_RANGE\n", 1, "CKR_KEY_SIZE_RANGE" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		shim_assert_fails(*state, cases[i].plan, generate, cases[i].complaint);
		assert_int_equal(shim_calls(*state, "C_GenerateKeyPair"), cases[i].calls);
	}
}

static void a_full_token_is_told_apart(void **state)
{
	struct shim_report report;

	shim_run(*state, "capacity 0\n", generate, &report);
	assert_refused(report.succeeded, &report.error, ERROR_CAPACITY);
	assert_non_null(strstr(report.error.message, "the token is full"));
	assert_int_equal(shim_calls(*state, "C_GenerateKeyPair"), 1);
}

static bool find_public_key(struct soft_token *soft, struct shim_report *report)
{
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	struct error *error = &report->error;

	return generate(soft, report) && key_pair_public_key(soft->token, &id, &key, error)
	       && EVP_PKEY_get_bits(key) == BITS;
}

static void a_private_key_that_does_not_tell_its_modulus_is_known_by_its_public_one(void **state)
{
	struct shim_report report;

	run_well(*state, "modulus-hidden\n", find_public_key, &report);
	assert_int_equal(report.pair.state, KEY_PAIR_WHOLE);
	run_well(*state, "", destroy, &report);
	shim_run(*state, "modulus-hidden\nno-public-keys\n", generate, &report);
	assert_refused(report.succeeded, &report.error, ERROR_TOKEN);
	assert_int_equal(report.pair.state, KEY_PAIR_HALF);
	run_well(*state, "", destroy, &report);
}

static void a_private_key_without_a_public_object_may_be_used(void **state)
{
	struct shim_report report;

	run_well(*state, "no-public-keys\n", find_public_key, &report);
	assert_int_equal(report.pair.state, KEY_PAIR_PRIVATE);
	run_well(*state, "", destroy, &report);
}

static bool look_for_keys_with_pin(struct soft_token *soft, struct shim_report *report)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;

	return generate(soft, report)
	       && key_pair_list_wanting_pin(soft->token, &pairs, &report->count, &report->error)
	       && (report->count == 0
		   || (key_id_equal(&pairs[0].id, &id) && strcmp(pairs[0].label, "a") == 0));
}

static void a_key_that_wants_the_pin_for_each_signature_is_seen(void **state)
{
	struct shim_report report;

	run_well(*state, "", look_for_keys_with_pin, &report);
	assert_int_equal(report.count, 0);
	run_well(*state, "", destroy, &report);
	run_well(*state, "always-authenticate\n", look_for_keys_with_pin, &report);
	assert_int_equal(report.count, 1);
	run_well(*state, "", destroy, &report);
	run_well(*state, "C_FindObjectsInit 3 fail CKR_ATTRIBUTE_TYPE_INVALID\n",
	    look_for_keys_with_pin, &report);
	assert_int_equal(report.count, 0);
	run_well(*state, "", destroy, &report);
	shim_assert_fails(*state, "C_FindObjectsInit 3 fail CKR_DEVICE_ERROR\n",
	    look_for_keys_with_pin, "CKR_DEVICE_ERROR");
	run_well(*state, "", destroy, &report);
}

static void a_generation_during_which_the_session_ends_says_nothing_of_the_key(void **state)
{
	static const char *const plans[] = {
		"C_GenerateKeyPair 1 fail CKR_DEVICE_REMOVED\n",
		"C_GenerateKeyPair 1 fail CKR_TOKEN_NOT_PRESENT\n",
		"C_GenerateKeyPair 1 fail CKR_SESSION_HANDLE_INVALID\n",
		"C_GenerateKeyPair 1 fail CKR_SESSION_CLOSED\n",
		"C_GenerateKeyPair 1 lose-sessions\nC_GenerateKeyPair 1 fail CKR_DEVICE_ERROR\n",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
		struct shim_report report;

		shim_run(*state, plans[i], generate, &report);
		assert_refused(report.succeeded, &report.error, ERROR_SESSION);
		assert_int_equal(shim_calls(*state, "C_GenerateKeyPair"), 1);
	}
}

/* The deed is done, the answer is an error: what is there shows it. */
static void a_pair_whose_generation_lost_its_answer_is_found_whole(void **state)
{
	struct shim_report report;

	shim_run(*state, "C_GenerateKeyPair 1 fail-after CKR_DEVICE_ERROR\n", generate, &report);
	assert_refused(report.succeeded, &report.error, ERROR_TOKEN);
	run_well(*state, "", find, &report);
	assert_int_equal(report.pair.state, KEY_PAIR_WHOLE);
	run_well(*state, "", destroy, &report);
	assert_int_equal(report.count, 2);
}

static bool check_bits(struct soft_token *soft, struct shim_report *report)
{
	return shim_open(soft, &report->error)
	       && key_pair_check_bits(soft->token, 4096, &report->error);
}

#define UNKNOWN "18446744073709551615" /* CK_UNAVAILABLE_INFORMATION */

static void what_the_token_can_make_is_known_before_it_is_asked_to(void **state)
{
	struct shim_report report;

	run_well(*state, "", check_bits, &report);
	shim_assert_fails(*state, "mechanism CKM_RSA_PKCS_KEY_PAIR_GEN absent\n", check_bits,
	    "the token fleet does not make RSA keys (CKM_RSA_PKCS_KEY_PAIR_GEN: "
	    "CKR_MECHANISM_INVALID)");
	shim_assert_fails(*state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN 1024 2048\n", check_bits,
	    "RSA keys of 1024 to 2048 bits, not of 4096: set key_bits");
	/* Some count bytes. */
	run_well(*state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN 128 512\n", check_bits, &report);
	run_well(
	    *state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN " UNKNOWN " 4096\n", check_bits, &report);
	run_well(
	    *state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN 1024 " UNKNOWN "\n", check_bits, &report);
	run_well(*state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN 2048 0\n", check_bits, &report);
	run_well(
	    *state, "C_GetMechanismInfo * fail CKR_FUNCTION_NOT_SUPPORTED\n", check_bits, &report);
	shim_assert_fails(*state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN " UNKNOWN " 2048\n",
	    check_bits, "RSA keys of 2048 bits at most, not of 4096");
	shim_assert_fails(*state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN 8192 0\n", check_bits,
	    "RSA keys of 8192 bits at least, not of 4096");
	shim_assert_fails(*state, "keysize CKM_RSA_PKCS_KEY_PAIR_GEN 128 256\n", check_bits,
	    "RSA keys of 1024 to 2048 bits");
}

/* Label, two numbers of each object, then all attributes in one call, then one by one. */
#define ATTRIBUTES_AT_ONCE "C_GetAttributeValue 6 fail CKR_ATTRIBUTE_TYPE_INVALID\n"
#define SENSITIVE_ALONE "C_GetAttributeValue 9 fail CKR_ATTRIBUTE_TYPE_INVALID\n"

static void an_attribute_that_the_token_does_not_know_hides_no_other(void **state)
{
	struct shim_report report;
	struct error error = ERROR_INIT;

	run_well(*state, "", generate, &report);
	run_well(*state, ATTRIBUTES_AT_ONCE, find, &report);
	assert_ok(key_pair_check(&report.pair, BITS, &error), &error);
	run_well(*state, ATTRIBUTES_AT_ONCE SENSITIVE_ALONE, find, &report);
	assert_int_equal(report.pair.state, KEY_PAIR_WHOLE);
	assert_int_equal(report.pair.attributes.sensitive, KEY_ATTRIBUTE_UNKNOWN);
	assert_int_equal(report.pair.attributes.extractable, KEY_ATTRIBUTE_FALSE);
	assert_refused(key_pair_check(&report.pair, BITS, &error), &error, ERROR_TOKEN);
	run_well(*state, "", destroy, &report);
}

/* Else a token that is pulled out would make a key look as if it were to be refused. */
static void a_token_that_fails_is_not_taken_for_one_without_the_attribute(void **state)
{
	static const char *const plans[] = {
		"C_GetAttributeValue 1 fail CKR_DEVICE_REMOVED\n",
		"C_GetAttributeValue 2 fail CKR_DEVICE_REMOVED\n",
		"C_GetAttributeValue 5 fail CKR_DEVICE_REMOVED\n",
		"C_GetAttributeValue 6+ fail CKR_DEVICE_REMOVED\n",
		"C_FindObjectsInit 1 fail CKR_DEVICE_REMOVED\n",
		"C_FindObjects 1 fail CKR_DEVICE_REMOVED\n",
		"C_FindObjectsFinal 2 fail CKR_DEVICE_REMOVED\n",
	};
	struct shim_report report;

	run_well(*state, "", generate, &report);
	for (size_t i = 0; i < ARRAY_LENGTH(plans); i++)
		shim_assert_fails(*state, plans[i], find,
		    "cannot read the key 010203 of the token fleet: CKR_DEVICE_REMOVED (0x32)");
	run_well(*state, "", destroy, &report);
}

static bool find_twice(struct soft_token *soft, struct shim_report *report)
{
	struct error ignored = ERROR_INIT;

	if (!shim_open(soft, &report->error)
	    || key_pair_find(soft->token, &id, &report->pair, &ignored))
		return false;
	return key_pair_find(soft->token, &id, &report->pair, &report->error);
}

/* A search that was left open would block the next one: CKR_OPERATION_ACTIVE. */
static void a_search_that_failed_does_not_stand_in_the_way_of_the_next(void **state)
{
	struct shim_report report;

	run_well(*state, "C_FindObjects 1 fail CKR_DEVICE_ERROR\n", find_twice, &report);
	assert_int_equal(report.pair.state, KEY_PAIR_ABSENT);
}

static void a_destruction_that_fails_or_is_only_pretended_is_an_error(void **state)
{
	struct shim_report report;

	run_well(*state, "", generate, &report);
	shim_assert_fails(*state, "C_DestroyObject 1 fail CKR_ACTION_PROHIBITED\n", destroy,
	    "cannot destroy the key 010203 of the token fleet: CKR_ACTION_PROHIBITED");
	/* The public object stays with the private one. */
	assert_int_equal(shim_calls(*state, "C_DestroyObject"), 1);
	shim_assert_fails(
	    *state, "C_DestroyObject 1 fail CKR_OK\n", destroy, "1 of its objects is left");
	run_well(*state, "", destroy, &report);
	assert_int_equal(report.count, 1);
}

static void an_object_that_somebody_else_destroyed_first_is_destroyed(void **state)
{
	struct shim_report report;

	run_well(*state, "", generate, &report);
	run_well(
	    *state, "C_DestroyObject 1 fail-after CKR_OBJECT_HANDLE_INVALID\n", destroy, &report);
	assert_int_equal(report.count, 1);
	run_well(*state, "", find, &report);
	assert_int_equal(report.pair.state, KEY_PAIR_ABSENT);
}

static bool list(struct soft_token *soft, struct shim_report *report)
{
	scoped(key_pair_list) struct key_pair *pairs = NULL;

	return shim_open(soft, &report->error)
	       && key_pair_list(soft->token, "a", &pairs, &report->count, &report->error);
}

static bool generate_two(struct soft_token *soft, struct shim_report *report)
{
	return generate(soft, report)
	       && key_pair_generate(soft->token, &other_id, "a2", BITS, &report->error);
}

static void keys_that_vanish_while_they_are_listed_are_left_out(void **state)
{
	struct shim_report report;

	run_well(*state, "", generate_two, &report);
	run_well(*state, "", list, &report);
	assert_int_equal(report.count, 2);
	/* Ids and labels of four objects, then the whole pairs. */
	run_well(*state, "C_GetAttributeValue 9 fail CKR_OBJECT_HANDLE_INVALID\n", list, &report);
	assert_int_equal(report.count, 1);
	run_well(*state, "C_GetAttributeValue 1+ fail CKR_OBJECT_HANDLE_INVALID\n", list, &report);
	assert_int_equal(report.count, 0);
	shim_assert_fails(*state, "C_GetAttributeValue 3 fail CKR_DEVICE_ERROR\n", list,
	    "cannot list the keys of the token fleet: CKR_DEVICE_ERROR");
	shim_assert_fails(
	    *state, "C_FindObjects 3+ fail CKR_DEVICE_ERROR\n", list, "CKR_DEVICE_ERROR");
}

static bool look_for_nameless(struct soft_token *soft, struct shim_report *report)
{
	struct nameless nameless = { .count = 0 };
	bool found = shim_open(soft, &report->error)
		     && nameless_find(soft->token, &nameless, &report->error);

	report->count = nameless.count;
	return found;
}

static void what_cannot_be_read_for_certain_is_never_nameless(void **state)
{
	static const char *const answers[] = {
		"C_GetAttributeValue * fail CKR_ATTRIBUTE_SENSITIVE\n",
		"C_GetAttributeValue * fail CKR_ATTRIBUTE_TYPE_INVALID\n",
		"C_GetAttributeValue * fail CKR_OBJECT_HANDLE_INVALID\n",
		/* SoftHSM's answer for an object of a kind that it does not know. */
		"C_GetAttributeValue * fail CKR_ATTRIBUTE_VALUE_INVALID\n",
		/* Says that it answered, and did not. */
		"C_GetAttributeValue * fail CKR_OK\n",
	};
	struct shim_report report;

	for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
		run_well(*state, answers[i], look_for_nameless, &report);
		assert_int_equal(report.count, 0);
	}
	shim_assert_fails(*state, "C_GetAttributeValue 2 fail CKR_DEVICE_ERROR\n",
	    look_for_nameless,
	    "cannot look for objects without id in the token fleet: CKR_DEVICE_ERROR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_that_refuses_usages_gets_a_template_without_them),
		cmocka_unit_test(a_generation_that_fails_for_good_is_tried_twice_at_most),
		cmocka_unit_test(
		    a_generation_during_which_the_session_ends_says_nothing_of_the_key),
		cmocka_unit_test(a_full_token_is_told_apart),
		cmocka_unit_test(
		    a_private_key_that_does_not_tell_its_modulus_is_known_by_its_public_one),
		cmocka_unit_test(a_private_key_without_a_public_object_may_be_used),
		cmocka_unit_test(a_key_that_wants_the_pin_for_each_signature_is_seen),
		cmocka_unit_test(a_pair_whose_generation_lost_its_answer_is_found_whole),
		cmocka_unit_test(what_the_token_can_make_is_known_before_it_is_asked_to),
		cmocka_unit_test(an_attribute_that_the_token_does_not_know_hides_no_other),
		cmocka_unit_test(a_token_that_fails_is_not_taken_for_one_without_the_attribute),
		cmocka_unit_test(a_search_that_failed_does_not_stand_in_the_way_of_the_next),
		cmocka_unit_test(a_destruction_that_fails_or_is_only_pretended_is_an_error),
		cmocka_unit_test(an_object_that_somebody_else_destroyed_first_is_destroyed),
		cmocka_unit_test(keys_that_vanish_while_they_are_listed_are_left_out),
		cmocka_unit_test(what_cannot_be_read_for_certain_is_never_nameless),
	};

	return cmocka_run_group_tests(tests, soft_token_make, soft_token_remove);
}
