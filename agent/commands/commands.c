#include "agent/commands/commands.h"

#include "base/text.h"

#include <string.h>

/* clang-format off */
const struct command command_table[COMMAND_COUNT] = {
	{ "enroll", COMMAND_ENROLL, COMMAND_WRITES, command_enroll,
	  "--token-file FILE|- [--url URL] [--retry-pin]",
	  "get a first certificate with the Connector's one-time token, or a new one when the old one is dead" },
	{ "renew",  COMMAND_RENEW,  COMMAND_WRITES, command_renew,
	  "[--force] [--dry-run] [--retry-pin]",
	  "replace the certificate and its key when they are due" },
	{ "status", COMMAND_STATUS, COMMAND_READS,  command_status,
	  "",
	  "show the certificate, its key, the last run and the next renewal" },
	{ "keys",   COMMAND_KEYS,   COMMAND_WRITES, command_keys,
	  "[--prune [--unknown]]",
	  "show the agent's keys in the token and their attributes" },
	{ "revoke", COMMAND_REVOKE, COMMAND_WRITES, command_revoke,
	  "--generation N | --active",
	  "revoke a certificate, over a connection made with it" },
	{ "doctor", COMMAND_DOCTOR, COMMAND_EXAMINES, command_doctor,
	  "",
	  "check every precondition and say what to do about what is wrong" },
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(command_table); i++)
		if (text_equal(command_table[i].name, name))
			return &command_table[i];
	return NULL;
}

const struct command *command_nearest(const char *name)
{
	const struct command *nearest = NULL;
	/* Further apart is another word, not one that was mistyped. */
	size_t least = strlen(name) < 6 ? (strlen(name) + 1) / 2 : 3;

	for (size_t i = 0; i < ARRAY_LENGTH(command_table); i++) {
		size_t distance = text_distance(name, command_table[i].name);

		if (distance >= least)
			continue;
		least = distance;
		nearest = &command_table[i];
	}
	return nearest;
}
