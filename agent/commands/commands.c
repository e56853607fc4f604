#include "agent/commands/commands.h"

#include "agent/options.h"
#include "base/text.h"

#include <string.h>

/* clang-format off */
const struct command command_table[COMMAND_COUNT] = {
	{ .name = "enroll", .bit = COMMAND_ENROLL, .access = COMMAND_WRITES, .run = command_enroll,
	  .arguments = "--token-file FILE|- [--url URL] [--retry-pin]",
	  .sentence = "get a first certificate with the Connector's one-time token, or a new one when the old one is dead" },
	{ .name = "adopt", .bit = COMMAND_ADOPT, .access = COMMAND_WRITES, .run = command_adopt,
	  .arguments = "--certificate FILE --key FILE|pkcs11:URI [--ca FILE] [--force] [--retry-pin]",
	  .sentence = "take over a certificate and its key; the next renewal makes a key of its own in the token" },
	{ .name = "renew", .bit = COMMAND_RENEW, .access = COMMAND_WRITES, .run = command_renew,
	  .arguments = "[--force [--revoke-old] [--destroy-old]] [--dry-run] [--retry-pin]",
	  .sentence = "replace the certificate and its key when they are due" },
	{ .name = "status", .bit = COMMAND_STATUS, .access = COMMAND_READS, .run = command_status,
	  .arguments = "",
	  .sentence = "show the certificate, its key, the last run and the next renewal" },
	{ .name = "keys", .bit = COMMAND_KEYS, .access = COMMAND_WRITES, .run = command_keys,
	  .arguments = "[--prune [--unknown]]",
	  .sentence = "show the agent's keys in the token and their attributes" },
	{ .name = "revoke", .bit = COMMAND_REVOKE, .access = COMMAND_WRITES, .run = command_revoke,
	  .arguments = "--generation N | --active",
	  .sentence = "revoke a certificate, over a connection made with it" },
	{ .name = "rollback", .bit = COMMAND_ROLLBACK, .access = COMMAND_WRITES, .run = command_rollback,
	  .arguments = "[--retry-pin]",
	  .sentence = "go back to the newest retained generation, once a connection with it has worked" },
	{ .name = "doctor", .bit = COMMAND_DOCTOR, .access = COMMAND_EXAMINES, .run = command_doctor,
	  .arguments = "",
	  .sentence = "check every precondition and say what to do about what is wrong" },
	{ .name = "audit", .bit = COMMAND_AUDIT, .access = COMMAND_READS, .run = command_audit,
	  .arguments = "verify [--head [COUNT:]HASH]", .operands = 1,
	  .sentence = "verify that the audit log is what was written" },
	{ .name = "run", .bit = COMMAND_RUN, .access = COMMAND_WRITES, .run_whole = command_run,
	  .arguments = "",
	  .sentence = "stay and renew each identity at its moment: the daemon" },
	{ .name = "plan", .bit = COMMAND_PLAN, .access = COMMAND_READS, .run_whole = command_plan,
	  .arguments = "[--bucket SPAN] [FILE|FOLDER...]", .operands = OPTIONS_OPERANDS_MAX,
	  .sentence = "show when a fleet will renew, from its hosts' `status --json`, and the load on the Connector" },
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
