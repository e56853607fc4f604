#pragma once
/*
 * What the shim is told to do: the plan file, read once in a process.
 *
 * README.md describes the file. A plan with a mistake stops the process with a
 * message on stderr, so that a mistake in a test never looks like a fault of
 * the token.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <p11-kit/pkcs11.h>

enum function {
#define FUNCTION(name, parameters, arguments) FUNCTION_##name,
#include "tests/token/functions.def"
	FUNCTION_SIGNATURE, /* C_Sign and C_SignFinal: which one is the caller's choice */
	FUNCTION_ANY,       /* also: how many there are */
};

enum action {
	ACTION_FAIL,       /* answer with an error instead of calling */
	ACTION_FAIL_AFTER, /* call, then answer with an error */
	ACTION_DELAY,
	ACTION_HANG,
	ACTION_KILL,
	ACTION_KILL_AFTER,
	ACTION_KILL_GROUP, /* the whole process group: a server and what it has forked */
	ACTION_KILL_GROUP_AFTER,
	ACTION_LOSE_SESSIONS, /* as a device does that restarts, or is left idle */
	ACTION_LOSE_SESSIONS_AFTER,
	ACTION_LOSE_LATER_SESSIONS, /* the first that was opened stays, and the login with it */
	ACTION_LOSE_LATER_SESSIONS_AFTER,
	ACTION_SEGFAULT,
	ACTION_ABORT,
};

/* Which calls: from `first` to `last`, counted from 1; none if `last` is 0. */
struct calls {
	uint64_t first;
	uint64_t last;
};

struct rule {
	enum function function;
	struct calls calls;
	enum action action;
	unsigned long value; /* the CKR, or milliseconds */
};

struct mechanism_face {
	CK_MECHANISM_TYPE type;
	bool absent;
	CK_ULONG min_bits; /* 0: as the token says */
	CK_ULONG max_bits;
};

enum { MAX_RULES = 64, MAX_MECHANISMS = 64, MAX_PATH = 1024, MAX_TEXT = 64 };

struct plan {
	struct rule rules[MAX_RULES];
	size_t rule_count;
	struct mechanism_face mechanisms[MAX_MECHANISMS];
	size_t mechanism_count;

	char module[MAX_PATH]; /* empty: not given; so for every text */
	char log[MAX_PATH];
	char counter[MAX_PATH];

	CK_FLAGS flags_set;
	CK_FLAGS flags_cleared;
	char label[MAX_TEXT];
	char manufacturer[MAX_TEXT];
	char model[MAX_TEXT];
	char serial[MAX_TEXT];
	bool duplicate_slot;
	bool no_token;
	bool counts_unknown;
	bool no_login_needed;
	char login_pin_file[MAX_PATH];
	char pin_pad_file[MAX_PATH];
	bool always_authenticate;
	bool modulus_hidden;
	bool no_public_keys;
	CK_RV usage_false; /* 0: such templates are taken */
	struct calls bad_signatures;
	uint64_t wrong_logins; /* 0: the token never locks */
	bool has_capacity;
	uint64_t capacity;
};

/* Prints what is wrong and aborts when the file is not a plan. */
void plan_load(struct plan *plan, const char *path);
/* The number of a CKR_, CKM_ or CKF_ name; an integer stands for itself. */
bool name_to_number(const char *name, unsigned long *ret_number);

const char *function_name(enum function function);
bool calls_include(const struct calls *calls, uint64_t nth);
