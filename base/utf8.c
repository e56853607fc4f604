#include "base/utf8.h"

/* Table 3-7 of the Unicode standard: what the second byte may be depends on the first. */
size_t utf8_length(const char *bytes, size_t length)
{
	const unsigned char *byte = (const unsigned char *)bytes;
	unsigned char least = 0x80;
	unsigned char most = 0xbf;
	size_t size;

	if (length == 0)
		return 0;
	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xc2 || byte[0] > 0xf4)
		return 0;
	size = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	if (byte[0] == 0xe0)
		least = 0xa0;
	if (byte[0] == 0xed)
		most = 0x9f;
	if (byte[0] == 0xf0)
		least = 0x90;
	if (byte[0] == 0xf4)
		most = 0x8f;
	if (length < size || byte[1] < least || byte[1] > most)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	return size;
}
