#include "pkcs11/field.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

static size_t unpadded_length(const unsigned char *bytes, size_t length)
{
	while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\0'))
		length--;
	return length;
}

/* C0, DEL and C1 (which UTF-8 writes as C2 80 to C2 9F). */
static bool is_control(const unsigned char *character, size_t length)
{
	if (length == 1)
		return character[0] < 0x20 || character[0] == 0x7f;
	return character[0] == 0xc2 && character[1] < 0xa0;
}

void field_text(const unsigned char *bytes, size_t length, char *target, size_t size)
{
	size_t used = 0;

	length = unpadded_length(bytes, length);
	for (size_t at = 0; at < length;) {
		size_t step = utf8_length((const char *)bytes + at, length - at);
		bool legible = step > 0 && !is_control(bytes + at, step);
		size_t room = legible ? step : 1;

		if (used + room >= size)
			break;
		if (legible)
			memcpy(target + used, bytes + at, step);
		else
			target[used] = '?';
		used += room;
		at += step > 0 ? step : 1;
	}
	target[used] = '\0';
}
