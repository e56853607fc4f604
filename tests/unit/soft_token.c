#include "tests/unit/soft_token.h"

#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"
#include "pkcs11/pin.h"
#include "pkcs11/token.h"
#include "pkcs11/token_uri.h"
#include "tests/unit/test.h"

#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

static bool run(const char *const *words)
{
	int status = -1;
	pid_t child;

	return posix_spawnp(&child, words[0], NULL, NULL, (char *const *)words, environ) == 0
	       && waitpid(child, &status, 0) == child && status == 0;
}

int soft_token_make(void **state)
{
	struct soft_token *soft = calloc(1, sizeof(*soft));
	const char *const make_token[] = { MAKE_TOKEN, soft->folder, NULL };
	char configuration[128];

	scratch_folder_make(soft->folder);
	text_format(soft->pin_file, sizeof(soft->pin_file), "%s/pin", soft->folder);
	text_format(configuration, sizeof(configuration), "%s/softhsm2.conf", soft->folder);
	*state = soft;
	if (!run(make_token))
		return -1;
	return setenv("SOFTHSM2_CONF", configuration, 1);
}

void soft_token_add(const struct soft_token *soft, const char *label)
{
	const char *const add_token[] = { "softhsm2-util", "--init-token", "--free", "--label",
		label, "--so-pin", "13572468", "--pin", SOFT_TOKEN_ADDED_PIN, NULL };

	assert_null(soft->module);
	assert_true(run(add_token));
}

int soft_token_make_and_open(void **state)
{
	if (soft_token_make(state) != 0)
		return -1;
	soft_token_open(*state, SOFT_TOKEN_MODULE);
	return 0;
}

int soft_token_remove(void **state)
{
	struct soft_token *soft = *state;

	soft_token_close(soft);
	scratch_folder_remove(soft->folder);
	free(soft);
	return 0;
}

bool soft_token_try_to_open(struct soft_token *soft, const char *module, struct error *error)
{
	const struct pin_source source = { .kind = PIN_FILE, .name = soft->pin_file };
	scoped(token_uri) struct token_uri *uri = NULL;
	scoped(secret) struct secret *pin = NULL;
	enum token_login login;

	return pin_read(&source, &pin, error) && token_uri_parse(SOFT_TOKEN_URI, &uri, error)
	       && module_open(module, NULL, &soft->module, error)
	       && token_find(soft->module, uri, &soft->token, error)
	       && token_open_session(soft->token, true, error)
	       && token_log_in(soft->token, pin, &login, error);
}

void soft_token_open(struct soft_token *soft, const char *module)
{
	struct error error = ERROR_INIT;

	assert_ok(soft_token_try_to_open(soft, module, &error), &error);
}

void soft_token_close(struct soft_token *soft)
{
	token_close(take(soft->token));
	module_close(take(soft->module));
}

static struct object_list all_objects(const struct soft_token *soft)
{
	struct object_list all = { NULL, 0 };

	assert_int_equal(object_find(soft->token, NULL, 0, &all), CKR_OK);
	return all;
}

int soft_token_empty(void **state)
{
	const struct soft_token *soft = *state;
	scoped(object_list) struct object_list all = all_objects(soft);

	for (size_t i = 0; i < all.count; i++)
		soft_token_destroy_object(soft, all.handles[i]);
	return 0;
}

size_t soft_token_count(const struct soft_token *soft)
{
	scoped(object_list) struct object_list all = all_objects(soft);

	return all.count;
}

CK_OBJECT_HANDLE soft_token_object(
    const struct soft_token *soft, CK_OBJECT_CLASS class, const struct key_id *id)
{
	scoped(object_list) struct object_list found = { NULL, 0 };

	assert_int_equal(object_find_class(soft->token, class, id, &found), CKR_OK);
	assert_int_equal(found.count, 1);
	return found.handles[0];
}

void soft_token_destroy_object(const struct soft_token *soft, CK_OBJECT_HANDLE object)
{
	size_t count = 0;

	assert_int_equal(object_destroy(soft->token, object, &count), CKR_OK);
	assert_int_equal(count, 1);
}

static CK_OBJECT_HANDLE create(
    const struct soft_token *soft, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_RV result = token_functions(soft->token)
			   ->C_CreateObject(token_session(soft->token), attributes, count, &object);

	assert_int_equal(result, CKR_OK);
	return object;
}

static unsigned char exponent[] = { 1, 0, 1 };

CK_OBJECT_HANDLE soft_token_create_public_key(const struct soft_token *soft,
    const struct key_id *id, const char *label, const unsigned char *modulus, size_t length)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_ID, id ? (void *)id->bytes : NULL, id ? id->length : 0 },
		{ CKA_LABEL, (void *)label, label ? strlen(label) : 0 },
		{ CKA_MODULUS, (void *)modulus, length },
		{ CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent) },
	};

	return create(soft, attributes, ARRAY_LENGTH(attributes));
}

CK_OBJECT_HANDLE soft_token_create_private_key(const struct soft_token *soft,
    const struct key_id *id, const char *label, const unsigned char *modulus, size_t length)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_ID, id ? (void *)id->bytes : NULL, id ? id->length : 0 },
		{ CKA_LABEL, (void *)label, label ? strlen(label) : 0 },
		{ CKA_MODULUS, (void *)modulus, length },
		{ CKA_PRIVATE_EXPONENT, exponent, sizeof(exponent) },
	};

	return create(soft, attributes, ARRAY_LENGTH(attributes));
}

void soft_token_generate_otherwise(const struct soft_token *soft, const struct key_id *id,
    bool sensitive, bool extractable, bool sign)
{
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL is_sensitive = sensitive;
	CK_BBOOL is_extractable = extractable;
	CK_BBOOL may_sign = sign;
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &is_sensitive, sizeof(is_sensitive) },
		{ CKA_EXTRACTABLE, &is_extractable, sizeof(is_extractable) },
		{ CKA_SIGN, &may_sign, sizeof(may_sign) },
		{ CKA_ID, (void *)id->bytes, id->length },
	};
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_MODULUS_BITS, &bits, sizeof(bits) },
		{ CKA_ID, (void *)id->bytes, id->length },
	};
	CK_MECHANISM mechanism = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE public_object;
	CK_OBJECT_HANDLE private_object;

	assert_int_equal(token_functions(soft->token)
			     ->C_GenerateKeyPair(token_session(soft->token), &mechanism, public,
				 ARRAY_LENGTH(public), private, ARRAY_LENGTH(private),
				 &public_object, &private_object),
	    CKR_OK);
}
