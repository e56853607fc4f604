#include "base/text.h"
#include "pkcs11/key_pair.h"

#include <string.h>

bool key_id_equal(const struct key_id *a, const struct key_id *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

void key_id_format(const struct key_id *id, char text[KEY_ID_TEXT_SIZE])
{
	text_to_hex(id->bytes, id->length, text);
}

bool key_id_parse(const char *text, struct key_id *ret_id)
{
	struct key_id id = { .length = strnlen(text, KEY_ID_TEXT_SIZE) / 2 };

	if (id.length == 0 || id.length > KEY_ID_SIZE_MAX)
		return false;
	if (!text_from_hex(text, id.bytes, id.length))
		return false;
	*ret_id = id;
	return true;
}
