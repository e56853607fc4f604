/*
 * pkcs11/token_uri: what is accepted names a token, matches only by what it says, and never holds
 * a PIN; the URI of a key comes back from its text.
 */
#include "pkcs11/token_uri.h"

#include "base/text.h"
#include "pkcs11/key_pair.h"
#include "pkcs11/token.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A token whose fields are made of the input. */
static struct token_info token_of(const uint8_t *data, size_t size)
{
	struct token_info info = { .slot = 0 };
	size_t used = size < sizeof(info.raw.label) ? size : sizeof(info.raw.label);

	memset(&info.raw, ' ', sizeof(info.raw));
	info.raw.model[0] = 'm'; /* so that no token is without any name */
	memcpy(info.raw.label, data, used);
	used = size < sizeof(info.raw.serialNumber) ? size : sizeof(info.raw.serialNumber);
	memcpy(info.raw.serialNumber, data + size - used, used);
	return info;
}

static void check_key_uri(const struct token_info *info, const struct key_id *id, const char *label)
{
	scoped(token_uri) struct token_uri *uri = NULL;
	scoped(char) char *text = NULL;
	struct error error = ERROR_INIT;
	struct key_id again;

	must(key_uri_format(info, id, label, &text, &error));
	must(strlen(text) > TOKEN_URI_LENGTH_MAX || key_uri_parse(text, &uri, &again, &error));
	if (!uri)
		return;
	must(token_uri_matches(uri, info));
	must(key_id_equal(id, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct token_info info = token_of(data, size);
	scoped(token_uri) struct token_uri *token = NULL;
	scoped(token_uri) struct token_uri *key = NULL;
	scoped(char) char *text = malloc(size + 1);
	struct error error = ERROR_INIT;
	struct key_id id = { .length = 0 };

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (token_uri_parse(text, &token, &error)) {
		must(text_equal(token_uri_text(token), text));
		must(text_starts_with(text, "pkcs11:") && !strchr(text, '?'));
		must(!strcasestr(text, ";pin-value=") && !strcasestr(text, ";pin-source="));
		(void)token_uri_matches(token, &info);
	} else {
		must(error.kind == ERROR_CONFIG && !token);
	}
	if (key_uri_parse(text, &key, &id, &error)) {
		must(id.length > 0 && id.length <= KEY_ID_SIZE_MAX);
		check_key_uri(&info, &id, text);
	}
	return 0;
}
