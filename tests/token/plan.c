/* The plan file: a line is a rule (`C_Sign 2 fail CKR_DEVICE_ERROR`) or a face (`no-token`). */
#include "tests/token/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 16, MAX_LINE = 2048 };

struct line {
	char *words[MAX_WORDS];
	size_t count;
};

static bool parse_number(const char *word, uint64_t *ret_number)
{
	char *end;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	*ret_number = strtoull(word, &end, 10);
	return *end == '\0' && errno == 0;
}

/* `*`, `3` or `3+` */
static bool parse_calls(const char *word, struct calls *calls)
{
	char *end;

	*calls = (struct calls){ .first = 1, .last = UINT64_MAX };
	if (strcmp(word, "*") == 0)
		return true;
	if (*word < '1' || *word > '9')
		return false;
	calls->first = strtoull(word, &end, 10);
	if (strcmp(end, "+") != 0)
		calls->last = calls->first;
	return *end == '\0' || strcmp(end, "+") == 0;
}

static bool parse_text(const struct line *line, char *text, size_t size)
{
	if (line->count != 2 || strlen(line->words[1]) >= size)
		return false;
	(void)snprintf(text, size, "%s", line->words[1]);
	return true;
}

static bool parse_module(struct plan *plan, const struct line *line)
{
	return parse_text(line, plan->module, sizeof(plan->module));
}

static bool parse_log(struct plan *plan, const struct line *line)
{
	return parse_text(line, plan->log, sizeof(plan->log));
}

static bool parse_counter(struct plan *plan, const struct line *line)
{
	return parse_text(line, plan->counter, sizeof(plan->counter));
}

static bool parse_flags(struct plan *plan, const struct line *line)
{
	for (size_t i = 1; i < line->count; i++) {
		const char *word = line->words[i];
		char name[MAX_TEXT];
		unsigned long flag;

		(void)snprintf(name, sizeof(name), "CKF_%s", word + 1);
		if (!name_to_number(word + 1, &flag) && !name_to_number(name, &flag))
			return false;
		if (*word != '+' && *word != '-')
			return false;
		if (*word == '+')
			plan->flags_set |= flag;
		else
			plan->flags_cleared |= flag;
	}
	return line->count > 1;
}

static bool add_mechanism(struct plan *plan, const char *name, struct mechanism_face face)
{
	if (plan->mechanism_count == MAX_MECHANISMS || !name_to_number(name, &face.type))
		return false;
	plan->mechanisms[plan->mechanism_count++] = face;
	return true;
}

static bool parse_mechanism(struct plan *plan, const struct line *line)
{
	return line->count == 3 && strcmp(line->words[2], "absent") == 0
	       && add_mechanism(plan, line->words[1], (struct mechanism_face){ .absent = true });
}

static bool parse_keysize(struct plan *plan, const struct line *line)
{
	uint64_t min;
	uint64_t max;

	return line->count == 4 && parse_number(line->words[2], &min)
	       && parse_number(line->words[3], &max)
	       && add_mechanism(plan, line->words[1],
		   (struct mechanism_face){ .min_bits = min, .max_bits = max });
}

/* The value is what remains of the line: labels have blanks in them. */
static bool parse_token_info(struct plan *plan, const struct line *line)
{
	const struct {
		const char *name;
		char *text;
	} fields[] = {
		{ "label", plan->label },
		{ "manufacturer", plan->manufacturer },
		{ "model", plan->model },
		{ "serial", plan->serial },
	};

	if (line->count < 3)
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(line->words[1], fields[i].name) != 0)
			continue;
		fields[i].text[0] = '\0';
		for (size_t word = 2; word < line->count; word++) {
			size_t used = strlen(fields[i].text);

			(void)snprintf(fields[i].text + used, MAX_TEXT - used, "%s%s",
			    word > 2 ? " " : "", line->words[word]);
		}
		return true;
	}
	return false;
}

static bool parse_duplicate_slot(struct plan *plan, const struct line *line)
{
	plan->duplicate_slot = true;
	return line->count == 1;
}

static bool parse_no_token(struct plan *plan, const struct line *line)
{
	plan->no_token = true;
	return line->count == 1;
}

static bool parse_token_count(struct plan *plan, const struct line *line)
{
	plan->counts_unknown = true;
	return line->count == 2 && strcmp(line->words[1], "UNKNOWN") == 0;
}

static bool parse_unlogin_required(struct plan *plan, const struct line *line)
{
	plan->no_login_needed = true;
	return line->count == 1
	       || parse_text(line, plan->login_pin_file, sizeof(plan->login_pin_file));
}

static bool parse_pin_pad(struct plan *plan, const struct line *line)
{
	return parse_text(line, plan->pin_pad_file, sizeof(plan->pin_pad_file));
}

static bool parse_bad_signature(struct plan *plan, const struct line *line)
{
	return line->count == 2 && parse_calls(line->words[1], &plan->bad_signatures);
}

static bool parse_always_authenticate(struct plan *plan, const struct line *line)
{
	plan->always_authenticate = true;
	return line->count == 1;
}

static bool parse_modulus_hidden(struct plan *plan, const struct line *line)
{
	plan->modulus_hidden = true;
	return line->count == 1;
}

static bool parse_no_public_keys(struct plan *plan, const struct line *line)
{
	plan->no_public_keys = true;
	return line->count == 1;
}

static bool parse_usage_false(struct plan *plan, const struct line *line)
{
	return line->count == 2 && name_to_number(line->words[1], &plan->usage_false);
}

static bool parse_wrong_logins(struct plan *plan, const struct line *line)
{
	return line->count == 2 && parse_number(line->words[1], &plan->wrong_logins)
	       && plan->wrong_logins > 0;
}

static bool parse_capacity(struct plan *plan, const struct line *line)
{
	plan->has_capacity = true;
	return line->count == 2 && parse_number(line->words[1], &plan->capacity);
}

static const struct {
	const char *name;
	bool (*parse)(struct plan *plan, const struct line *line);
} faces[] = {
	{ "module", parse_module },
	{ "log", parse_log },
	{ "counter", parse_counter },
	{ "flags", parse_flags },
	{ "mechanism", parse_mechanism },
	{ "keysize", parse_keysize },
	{ "token-info", parse_token_info },
	{ "duplicate-slot", parse_duplicate_slot },
	{ "no-token", parse_no_token },
	{ "token-count", parse_token_count },
	{ "unlogin-required", parse_unlogin_required },
	{ "pin-pad", parse_pin_pad },
	{ "always-authenticate", parse_always_authenticate },
	{ "modulus-hidden", parse_modulus_hidden },
	{ "no-public-keys", parse_no_public_keys },
	{ "usage-false", parse_usage_false },
	{ "bad-signature", parse_bad_signature },
	{ "count-wrong-logins", parse_wrong_logins },
	{ "capacity", parse_capacity },
};

static const struct {
	const char *name;
	enum action action;
	bool (*parse_value)(const char *word, unsigned long *ret_number); /* NULL: has no value */
} actions[] = {
	{ "fail", ACTION_FAIL, name_to_number },
	{ "fail-after", ACTION_FAIL_AFTER, name_to_number },
	{ "delay", ACTION_DELAY, parse_number },
	{ "hang", ACTION_HANG, NULL },
	{ "kill", ACTION_KILL, NULL },
	{ "kill-after", ACTION_KILL_AFTER, NULL },
	{ "kill-group", ACTION_KILL_GROUP, NULL },
	{ "kill-group-after", ACTION_KILL_GROUP_AFTER, NULL },
	{ "lose-sessions", ACTION_LOSE_SESSIONS, NULL },
	{ "lose-sessions-after", ACTION_LOSE_SESSIONS_AFTER, NULL },
	{ "lose-later-sessions", ACTION_LOSE_LATER_SESSIONS, NULL },
	{ "lose-later-sessions-after", ACTION_LOSE_LATER_SESSIONS_AFTER, NULL },
	{ "segfault", ACTION_SEGFAULT, NULL },
	{ "abort", ACTION_ABORT, NULL },
};

static bool parse_action(struct rule *rule, const struct line *line)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(line->words[2], actions[i].name) != 0)
			continue;
		rule->action = actions[i].action;
		if (!actions[i].parse_value)
			return line->count == 3;
		return line->count == 4 && actions[i].parse_value(line->words[3], &rule->value);
	}
	return false;
}

static bool parse_rule(struct plan *plan, const struct line *line)
{
	struct rule rule = { .function = 0 };

	while (rule.function < FUNCTION_ANY
	       && strcmp(line->words[0], function_name(rule.function)) != 0)
		rule.function++;
	if (strcmp(line->words[0], function_name(rule.function)) != 0)
		return false;
	if (plan->rule_count == MAX_RULES || line->count < 3
	    || !parse_calls(line->words[1], &rule.calls) || !parse_action(&rule, line))
		return false;
	plan->rules[plan->rule_count++] = rule;
	return true;
}

static bool parse_line(struct plan *plan, const struct line *line)
{
	for (size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
		if (strcmp(line->words[0], faces[i].name) == 0)
			return faces[i].parse(plan, line);
	}
	return parse_rule(plan, line);
}

static bool split_line(char *text, struct line *line)
{
	char *word = strsep(&text, " \t\n");

	line->count = 0;
	for (; word; word = strsep(&text, " \t\n")) {
		if (*word == '\0')
			continue;
		if (line->count == MAX_WORDS)
			return false;
		line->words[line->count++] = word;
	}
	return true;
}

void plan_load(struct plan *plan, const char *path)
{
	FILE *file = fopen(path, "re");
	char text[MAX_LINE];

	if (!file) {
		(void)fprintf(
		    stderr, "token-shim: cannot read the plan %s: %s\n", path, strerror(errno));
		abort();
	}
	for (unsigned number = 1; fgets(text, sizeof(text), file); number++) {
		struct line line;

		if (*text == '#')
			continue;
		if (!split_line(text, &line) || (line.count > 0 && !parse_line(plan, &line))) {
			(void)fprintf(
			    stderr, "token-shim: %s:%u: not a rule and not a face\n", path, number);
			abort();
		}
	}
	(void)fclose(file);
}

bool calls_include(const struct calls *calls, uint64_t nth)
{
	return calls->first <= nth && nth <= calls->last;
}
