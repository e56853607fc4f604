#include "pkcs11/nameless.h"

#include "base/scoped.h"
#include "base/text.h"
#include "pkcs11/token.h"
#include "tests/unit/soft_token.h"
#include "tests/unit/test.h"

#include <glob.h>
#include <string.h>

static const struct key_id id = { { 1 }, 1 };
static const unsigned char modulus[256] = { 0xc0, [255] = 1 };

static struct nameless find(const struct soft_token *soft)
{
	struct nameless nameless = { .count = 99 };
	struct error error = ERROR_INIT;

	assert_ok(nameless_find(soft->token, &nameless, &error), &error);
	return nameless;
}

static void make_certificate(const struct soft_token *soft, const struct key_id *with_id,
    const char *label, const char *value)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_SUBJECT, (void *)"0", 1 },
		{ CKA_ID, with_id ? (void *)with_id->bytes : NULL, with_id ? with_id->length : 0 },
		{ CKA_LABEL, (void *)label, strlen(label) },
		{ CKA_VALUE, (void *)value, strlen(value) },
	};
	CK_OBJECT_HANDLE object;

	assert_int_equal(token_functions(soft->token)
			     ->C_CreateObject(token_session(soft->token), attributes,
				 ARRAY_LENGTH(attributes), &object),
	    CKR_OK);
}

static void make_elliptic_key(const struct soft_token *soft)
{
	/* prime256v1, and a point that nobody looks at */
	static unsigned char curve[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	static unsigned char point[] = { 4, 3, 4, 1, 1 };
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_EC_PARAMS, curve, sizeof(curve) },
		{ CKA_EC_POINT, point, sizeof(point) },
	};
	CK_OBJECT_HANDLE object;

	assert_int_equal(token_functions(soft->token)
			     ->C_CreateObject(token_session(soft->token), attributes,
				 ARRAY_LENGTH(attributes), &object),
	    CKR_OK);
}

static void write_file(const char *folder, const char *name, const char *bytes, size_t length)
{
	scoped(FILE) FILE *file = NULL;
	char path[256];

	assert_true(text_format(path, sizeof(path), "%s/%s", folder, name));
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
}

/* What SoftHSM has written when it is killed a moment after it made an object's files: only the
   number of the object's revision. */
static void make_classless_object(const struct soft_token *soft)
{
	glob_t folders;
	char pattern[128];

	assert_true(text_format(pattern, sizeof(pattern), "%s/tokens/*", soft->folder));
	assert_int_equal(glob(pattern, 0, NULL, &folders), 0);
	write_file(folders.gl_pathv[0], "classless.lock", "", 0);
	write_file(folders.gl_pathv[0], "classless.object", "\0\0\0\0\0\0\0\1", 8);
	globfree(&folders);
}

static void named_objects_and_objects_of_other_kinds_are_never_nameless(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;

	assert_ok(key_pair_generate(soft->token, &id, "a", 2048, &error), &error);
	soft_token_create_public_key(soft, &id, NULL, NULL, 0);
	soft_token_create_public_key(soft, NULL, "a label", NULL, 0);
	soft_token_create_public_key(soft, NULL, NULL, modulus, sizeof(modulus));
	soft_token_create_private_key(soft, &id, NULL, NULL, 0);
	soft_token_create_private_key(soft, NULL, "a label", NULL, 0);
	soft_token_create_private_key(soft, NULL, NULL, modulus, sizeof(modulus));
	make_certificate(soft, NULL, "", "0");
	make_certificate(soft, NULL, "a label", "");
	make_certificate(soft, &id, "", "");
	make_elliptic_key(soft);
	assert_int_equal(find(soft).count, 0);
	assert_int_equal(soft_token_count(soft), 12);
}

static CK_RV answer_as_an_elliptic_key(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	(void)session;
	(void)object;
	for (CK_ULONG i = 0; i < count; i++) {
		if (attributes[i].type == CKA_CLASS)
			*(CK_OBJECT_CLASS *)attributes[i].pValue = CKO_PRIVATE_KEY;
		else if (attributes[i].type == CKA_KEY_TYPE)
			*(CK_KEY_TYPE *)attributes[i].pValue = CKK_EC;
		else
			attributes[i].ulValueLen = 0;
	}
	return CKR_OK;
}

/* SoftHSM says that such a key has no modulus; another token may say that it is empty. */
static void a_key_that_is_not_rsa_is_never_nameless(void **state)
{
	const struct soft_token *soft = *state;
	CK_FUNCTION_LIST *functions = token_functions(soft->token);
	CK_C_GetAttributeValue original = functions->C_GetAttributeValue;
	struct nameless nameless;

	make_elliptic_key(soft);
	functions->C_GetAttributeValue = answer_as_an_elliptic_key;
	nameless = find(soft);
	functions->C_GetAttributeValue = original;
	assert_int_equal(nameless.count, 0);
}

static void keys_without_id_label_and_modulus_are_found_and_destroyed(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	struct nameless nameless;
	size_t destroyed = 99;

	soft_token_create_public_key(soft, &id, "a", modulus, sizeof(modulus));
	soft_token_create_public_key(soft, NULL, NULL, NULL, 0);
	soft_token_create_private_key(soft, NULL, NULL, NULL, 0);
	nameless = find(soft);
	assert_int_equal(nameless.count, 2);
	assert_ok(nameless_destroy(soft->token, &nameless, &destroyed, &error), &error);
	assert_int_equal(destroyed, 2);
	assert_int_equal(find(soft).count, 0);
	assert_int_equal(soft_token_count(soft), 1);
	/* Once more: they are gone, and that is fine. */
	assert_ok(nameless_destroy(soft->token, &nameless, &destroyed, &error), &error);
	assert_int_equal(destroyed, 0);
}

static void a_certificate_without_id_label_and_value_is_nameless_too(void **state)
{
	const struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	struct nameless nameless;
	size_t destroyed = 99;

	make_certificate(soft, NULL, "", "");
	make_certificate(soft, NULL, "", "theirs");
	nameless = find(soft);
	assert_int_equal(nameless.count, 1);
	assert_ok(nameless_destroy(soft->token, &nameless, &destroyed, &error), &error);
	assert_int_equal(destroyed, 1);
	assert_int_equal(soft_token_count(soft), 1);
}

static void an_object_without_a_class_is_nameless_too(void **state)
{
	struct soft_token *soft = *state;
	struct error error = ERROR_INIT;
	struct nameless nameless;
	size_t destroyed = 99;

	soft_token_close(soft);
	make_classless_object(soft);
	soft_token_open(soft, SOFT_TOKEN_MODULE);
	nameless = find(soft);
	assert_int_equal(nameless.count, 1);
	assert_ok(nameless_destroy(soft->token, &nameless, &destroyed, &error), &error);
	assert_int_equal(destroyed, 1);
	assert_int_equal(soft_token_count(soft), 0);
}

/* Another program's key in the making: a moment later it has its id. */
static void an_object_that_has_got_a_name_meanwhile_is_left_alone(void **state)
{
	const struct soft_token *soft = *state;
	CK_ATTRIBUTE name = { CKA_ID, (void *)id.bytes, id.length };
	CK_OBJECT_HANDLE object = soft_token_create_public_key(soft, NULL, NULL, NULL, 0);
	struct nameless nameless = find(soft);
	struct error error = ERROR_INIT;
	size_t destroyed = 99;

	assert_int_equal(nameless.count, 1);
	assert_int_equal(token_functions(soft->token)
			     ->C_SetAttributeValue(token_session(soft->token), object, &name, 1),
	    CKR_OK);
	assert_ok(nameless_destroy(soft->token, &nameless, &destroyed, &error), &error);
	assert_int_equal(destroyed, 0);
	assert_int_equal(soft_token_count(soft), 1);
}

/* One appeared since: it may be another program's. */
static void only_what_was_handed_in_is_destroyed(void **state)
{
	const struct soft_token *soft = *state;
	struct nameless before;
	struct nameless after;
	struct error error = ERROR_INIT;
	size_t destroyed = 99;

	soft_token_create_public_key(soft, NULL, NULL, NULL, 0);
	before = find(soft);
	soft_token_create_public_key(soft, NULL, NULL, NULL, 0);
	after = find(soft);
	assert_false(nameless_equal(&before, &after));
	assert_ok(nameless_destroy(soft->token, &before, &destroyed, &error), &error);
	assert_int_equal(destroyed, 1);
	assert_int_equal(find(soft).count, 1);
}

static void two_looks_are_equal_when_they_saw_the_same_in_any_order(void **state)
{
	const struct nameless none = { .count = 0 };
	const struct nameless one = { { 5 }, 1 };
	const struct nameless two = { { 5, 7 }, 2 };
	const struct nameless turned = { { 7, 5 }, 2 };
	const struct nameless other = { { 5, 8 }, 2 };

	(void)state;
	assert_true(nameless_equal(&none, &none));
	assert_true(nameless_equal(&two, &turned));
	assert_false(nameless_equal(&none, &one));
	assert_false(nameless_equal(&one, &two));
	assert_false(nameless_equal(&two, &one));
	assert_false(nameless_equal(&two, &other));
}

static void more_than_can_be_leftovers_are_only_counted(void **state)
{
	const struct soft_token *soft = *state;
	struct nameless many;
	struct error error = ERROR_INIT;
	size_t destroyed = 0;

	for (size_t i = 0; i < NAMELESS_MAX; i++)
		soft_token_create_public_key(soft, NULL, NULL, NULL, 0);
	assert_int_equal(find(soft).count, NAMELESS_MAX);
	soft_token_create_private_key(soft, NULL, NULL, NULL, 0);
	many = find(soft);
	assert_int_equal(many.count, NAMELESS_MAX + 1);
	assert_false(nameless_equal(&many, &many));
	assert_ok(nameless_destroy(soft->token, &many, &destroyed, &error), &error);
	assert_int_equal(destroyed, NAMELESS_MAX);
	assert_int_equal(find(soft).count, 1);
}

#define ON_AN_EMPTY_TOKEN(test) cmocka_unit_test_teardown(test, soft_token_empty)

static CK_RV find_without_end(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count)
{
	(void)session;
	for (*count = 0; *count < most; ++*count)
		objects[*count] = *count;
	return CKR_OK;
}

static void a_token_with_more_objects_than_are_searched_is_told_with_what_to_do(void **state)
{
	const struct soft_token *soft = *state;
	CK_FUNCTION_LIST *functions = token_functions(soft->token);
	const CK_C_FindObjects find_objects = functions->C_FindObjects;
	struct nameless nameless = { .count = 0 };
	struct error error = ERROR_INIT;
	bool found;

	functions->C_FindObjects = find_without_end;
	found = nameless_find(soft->token, &nameless, &error);
	functions->C_FindObjects = find_objects;
	assert_refused(found, &error, ERROR_TOKEN);
	assert_non_null(strstr(error.message, "in the token fleet: it shows more objects than"));
	assert_non_null(strstr(error.message, "give the agent a token or partition of its own"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_AN_EMPTY_TOKEN(named_objects_and_objects_of_other_kinds_are_never_nameless),
		ON_AN_EMPTY_TOKEN(a_key_that_is_not_rsa_is_never_nameless),
		ON_AN_EMPTY_TOKEN(keys_without_id_label_and_modulus_are_found_and_destroyed),
		ON_AN_EMPTY_TOKEN(a_certificate_without_id_label_and_value_is_nameless_too),
		ON_AN_EMPTY_TOKEN(an_object_without_a_class_is_nameless_too),
		ON_AN_EMPTY_TOKEN(an_object_that_has_got_a_name_meanwhile_is_left_alone),
		ON_AN_EMPTY_TOKEN(only_what_was_handed_in_is_destroyed),
		ON_AN_EMPTY_TOKEN(two_looks_are_equal_when_they_saw_the_same_in_any_order),
		ON_AN_EMPTY_TOKEN(more_than_can_be_leftovers_are_only_counted),
		ON_AN_EMPTY_TOKEN(
		    a_token_with_more_objects_than_are_searched_is_told_with_what_to_do),
	};

	return cmocka_run_group_tests(tests, soft_token_make_and_open, soft_token_remove);
}
