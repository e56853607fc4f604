#include "agent/config/identity_settings.h"

#include "agent/config/config.h"
#include "agent/config/setting_table.h"
#include "agent/config/setting_value.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"

#include <string.h>

#define NO_DESCRIPTOR (-1)

/* Files of the agent's own in the state directory. */
static const char *const reserved_names[] = { "tag", "tag.tmp", "tokens" };

bool identity_name_check(const char *name, struct error *error)
{
	static const char letters_and_digits[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (name[0] == '\0' || strchr("_.-", name[0]) || name[strspn(name, letters_and_digits)]
	    || strlen(name) >= IDENTITY_NAME_SIZE)
		return error_set(error, ERROR_CONFIG,
		    "an identity's name has 1 to %d of the characters A-Z a-z 0-9 _ . - and "
		    "begins with a letter or digit",
		    IDENTITY_NAME_SIZE - 1);
	for (size_t i = 0; i < ARRAY_LENGTH(reserved_names); i++)
		if (text_equal(name, reserved_names[i]))
			return error_set(error, ERROR_CONFIG,
			    "no identity can be called \"%s\": the agent keeps something of that "
			    "name in its state directory",
			    name);
	return true;
}

struct identity_settings identity_settings_empty(void)
{
	return (struct identity_settings){ .pin_fd = NO_DESCRIPTOR };
}

void identity_settings_clear(struct identity_settings *settings)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		setting_clear(&setting_table[i], settings);
	free(settings->token_place);
	*settings = identity_settings_empty();
}

/* What is copied has been parsed before. */
static void set(const struct setting *setting, const char *text, struct identity_settings *settings)
{
	struct error error = ERROR_INIT;

	if (text && !setting_parse(setting, text, settings, &error))
		abort();
}

void identity_settings_fill(struct identity_settings *settings, const bool *is_set,
    const struct identity_settings *defaults, const bool *defaults_set)
{
	bool has_pin = false;

	for (size_t i = 0; i < SETTING_COUNT; i++)
		has_pin = has_pin || (is_set[i] && setting_table[i].of_pin);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *setting = &setting_table[i];

		if (is_set[i])
			continue;
		if (defaults && defaults_set[i] && !(has_pin && setting->of_pin)) {
			scoped(char) char *text = setting_format(setting, defaults);

			set(setting, text, settings);
		} else {
			set(setting, setting->standard, settings);
		}
	}
}

bool identity_settings_check(const struct identity_settings *settings, struct error *error)
{
	const bool pins[] = { settings->pin_file, settings->pin_credential, settings->pin_command,
		settings->pin_fd != NO_DESCRIPTOR, settings->pin_pad };
	unsigned count = 0;

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		scoped(char) char *text = NULL;

		if (!setting_table[i].required)
			continue;
		text = setting_format(&setting_table[i], settings);
		if (!text)
			return error_set(error, ERROR_CONFIG, "[identity %s] needs \"%s\"",
			    settings->name, setting_table[i].name);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(pins); i++)
		count += pins[i];
	if (count > 1)
		return error_set(error, ERROR_CONFIG,
		    "[identity %s] has several of pin_file, pin_credential, pin_fd, pin_command "
		    "and pin_pad: keep one",
		    settings->name);
	return true;
}

/* The first one to come by would take the token of another; and what one has sent, another, which
   cannot know that, would send again. */
static bool check_two(
    const struct identity_settings *a, const struct identity_settings *b, struct error *error)
{
	const char *setting = "enrollment_token_file";
	const char *shared = a->enrollment_token_file;

	if (!shared || !text_equal(shared, b->enrollment_token_file)) {
		setting = "enrollment_token_credential";
		shared = a->enrollment_token_credential;
		if (!shared || !text_equal(shared, b->enrollment_token_credential))
			return true;
	}
	return error_set(error, ERROR_CONFIG,
	    "[identity %s] and [identity %s] have the same %s, %s: a one-time token is for one "
	    "identity",
	    a->name, b->name, setting, shared);
}

bool identity_settings_check_together(
    const struct identity_settings *list, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (!check_two(&list[j], &list[i], error))
				return false;
	return true;
}

bool identity_settings_share_login(
    const struct identity_settings *a, const struct identity_settings *b)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		scoped(char) char *of_a = NULL;
		scoped(char) char *of_b = NULL;

		if (!setting_table[i].of_login)
			continue;
		of_a = setting_format(&setting_table[i], a);
		of_b = setting_format(&setting_table[i], b);
		if (!text_equal(of_a, of_b))
			return false;
	}
	return text_equal(a->state_directory, b->state_directory);
}

cJSON *identity_settings_to_json(const struct identity_settings *settings)
{
	cJSON *object = json_new_object();

	json_add_string(object, "name", settings->name);
	if (settings->token_place)
		json_add_string(object, "token_place", settings->token_place);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		scoped(char) char *text = setting_format(&setting_table[i], settings);

		if (text)
			json_add_string(object, setting_table[i].name, text);
	}
	return object;
}

/* One member of the JSON object. */
static bool take_member(
    const cJSON *member, struct identity_settings *settings, bool *is_set, struct error *error)
{
	const struct setting *setting = setting_find(member->string);

	if (!cJSON_IsString(member))
		return error_set(error, ERROR_INTERNAL, "\"%s\" is not a text", member->string);
	if (text_equal(member->string, "name"))
		return identity_name_check(member->valuestring, error)
		       && text_copy(settings->name, sizeof(settings->name), member->valuestring);
	if (text_equal(member->string, "token_place")) {
		free(settings->token_place);
		settings->token_place = text_duplicate(member->valuestring);
		return true;
	}
	if (!setting)
		return error_set(error, ERROR_INTERNAL, "unknown setting \"%s\"", member->string);
	is_set[setting - setting_table] = true;
	return setting_parse(setting, member->valuestring, settings, error);
}

static bool take_members(const cJSON *json, struct identity_settings *settings, struct error *error)
{
	bool is_set[SETTING_COUNT] = { false };
	const cJSON *member;

	cJSON_ArrayForEach (member, json) {
		if (!take_member(member, settings, is_set, error))
			return false;
	}
	if (settings->name[0] == '\0')
		return error_set(error, ERROR_INTERNAL, "the identity has no name");
	identity_settings_fill(settings, is_set, NULL, NULL);
	return identity_settings_check(settings, error);
}

bool identity_settings_from_json(
    const cJSON *json, struct identity_settings **ret_settings, struct error *error)
{
	scoped(identity_settings) struct identity_settings *settings = malloc(sizeof(*settings));

	if (!settings)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	*settings = identity_settings_empty();
	if (!cJSON_IsObject(json))
		return error_set(error, ERROR_INTERNAL, "the settings are not a JSON object");
	if (!take_members(json, settings, error))
		return false;

	*ret_settings = take(settings);
	return true;
}

void identity_settings_discard(struct identity_settings *settings)
{
	if (!settings)
		return;
	identity_settings_clear(settings);
	free(settings);
}
