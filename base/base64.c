#include "base/base64.h"

#include "base/scoped.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_encode(const void *bytes, size_t length, char **ret_text, struct error *error)
{
	scoped(char) char *text = NULL;

	if (length > INT_MAX / 2)
		return error_set(error, ERROR_INTERNAL, "%zu bytes are too many", length);
	text = malloc((length + 2) / 3 * 4 + 1);
	if (!text)
		return error_set(error, ERROR_INTERNAL, "no memory for %zu bytes", length);
	EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);

	*ret_text = take(text);
	return true;
}

static size_t count_padding(const char *text, size_t length)
{
	if (length < 2 || text[length - 1] != '=')
		return 0;
	return text[length - 2] == '=' ? 2 : 1;
}

bool base64_decode(const char *text, char **ret_bytes, size_t *ret_length)
{
	size_t length = strlen(text);
	size_t padding = count_padding(text, length);
	char *bytes;

	/* EVP_DecodeBlock leaves out blanks at both ends, so what it gets is looked at before;
	   after that it cannot fail. */
	if (length % 4 != 0 || length > INT_MAX / 2 || strspn(text, alphabet) < length - padding)
		return false;
	bytes = calloc(1, length / 4 * 3 + 1);
	if (!bytes)
		return false;
	EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)text, (int)length);

	*ret_length = length / 4 * 3 - padding;
	bytes[*ret_length] = '\0';
	*ret_bytes = bytes;
	return true;
}
