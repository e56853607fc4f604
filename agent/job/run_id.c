#include "agent/job/run_id.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define UUID_BYTES 16

bool run_id_make(char run_id[RUN_ID_SIZE], struct error *error)
{
	static const size_t groups[] = { 4, 2, 2, 2, 6 };
	unsigned char bytes[UUID_BYTES];
	const unsigned char *from = bytes;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set(
		    error, ERROR_INTERNAL, "no random bytes for a run id: %s", strerror(errno));
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		text_to_hex(from, groups[i], run_id);
		run_id += 2 * groups[i];
		from += groups[i];
		*run_id++ = '-';
	}
	run_id[-1] = '\0';
	return true;
}
