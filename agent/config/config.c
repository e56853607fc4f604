#include "agent/config/config.h"

#include "agent/config/config_files.h"
#include "agent/config/identity_settings.h"
#include "agent/config/ini.h"
#include "agent/config/setting_table.h"
#include "agent/config/setting_value.h"
#include "base/duration.h"
#include "base/hash.h"
#include "base/text.h"

#include <limits.h>
#include <string.h>

/* Where something stands; line 0: nowhere. */
struct place {
	const char *path; /* borrowed from the files */
	unsigned line;
};

struct section {
	struct identity_settings settings;
	struct place begins;
	struct place places[SETTING_COUNT];
};

struct reading {
	struct section agent;
	struct section *identities;
	uint64_t *hashes; /* of their names: hundreds of sections lie far apart */
	size_t count, room;
	struct section *current; /* one of the above */
	const char *path;        /* of the file being read */
};

static void reading_clear(struct reading *reading)
{
	identity_settings_clear(&reading->agent.settings);
	for (size_t i = 0; i < reading->count; i++)
		identity_settings_clear(&reading->identities[i].settings);
	free(reading->identities);
	free(reading->hashes);
}

__attribute__((unused)) static inline void scoped_destroy_reading(struct reading *reading)
{
	reading_clear(reading);
}

static struct section *find_identity(const struct reading *reading, const char *name)
{
	const uint64_t wanted = hash_text(HASH_INIT, name);

	for (size_t i = 0; i < reading->count; i++)
		if (reading->hashes[i] == wanted
		    && text_equal(reading->identities[i].settings.name, name))
			return &reading->identities[i];
	return NULL;
}

static bool make_room(struct reading *reading, struct error *error)
{
	const size_t room = reading->room == 0 ? 8 : reading->room * 2;
	struct section *sections;
	uint64_t *hashes;

	if (reading->count < reading->room)
		return true;
	sections = realloc(reading->identities, room * sizeof(*sections));
	if (sections)
		reading->identities = sections;
	hashes = realloc(reading->hashes, room * sizeof(*hashes));
	if (hashes)
		reading->hashes = hashes;
	if (!sections || !hashes)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	reading->room = room;
	return true;
}

static bool add_identity(struct reading *reading, const char *name, struct error *error)
{
	struct section *section;

	if (!identity_name_check(name, error))
		return false;
	if (reading->count == CONFIG_IDENTITIES_MAX)
		return error_set(
		    error, ERROR_CONFIG, "more than %d identities", CONFIG_IDENTITIES_MAX);
	if (!make_room(reading, error))
		return false;
	if (!reading->identities || !reading->hashes)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	reading->hashes[reading->count] = hash_text(HASH_INIT, name);
	section = &reading->identities[reading->count++];
	*section = (struct section){ .settings = identity_settings_empty() };
	/* identity_name_check has seen that it fits. */
	(void)!text_copy(section->settings.name, sizeof(section->settings.name), name);
	return true;
}

/* [agent] or [identity NAME]; a section may go on in another place. */
static bool enter_section(struct reading *reading, const struct ini_line *line, struct error *error)
{
	static const char identity[] = "identity";
	const char *name = line->section + strlen(identity);

	if (text_equal(line->section, "agent")) {
		reading->current = &reading->agent;
		return true;
	}
	if (!text_starts_with(line->section, identity) || !strchr(" \t", *name))
		return error_set(error, ERROR_CONFIG,
		    "unknown section [%.64s]: there are [agent] and [identity NAME]",
		    line->section);
	name += strspn(name, " \t");
	if (!find_identity(reading, name) && !add_identity(reading, name, error))
		return false;
	reading->current = find_identity(reading, name);
	if (reading->current->begins.line == 0)
		reading->current->begins = (struct place){ reading->path, line->number };
	return true;
}

static bool refuse_unknown(const char *name, struct error *error)
{
	const struct setting *nearest = setting_nearest(name);

	if (!nearest)
		return error_set(error, ERROR_CONFIG, "unknown setting \"%.64s\"", name);
	return error_set(error, ERROR_CONFIG, "unknown setting \"%.64s\": did you mean \"%s\"?",
	    name, nearest->name);
}

static bool take_line(void *context, const struct ini_line *line, struct error *error)
{
	struct reading *reading = context;
	const struct setting *setting;
	struct place *place;

	if (!line->name)
		return enter_section(reading, line, error);
	setting = setting_find(line->name);
	if (!setting)
		return refuse_unknown(line->name, error);
	if (setting->of_agent && reading->current != &reading->agent)
		return error_set(error, ERROR_CONFIG, "\"%s\" belongs into [agent]", setting->name);
	place = &reading->current->places[setting - setting_table];
	if (place->line != 0 && setting->kind != SETTING_LIST
	    && setting->kind != SETTING_FINGERPRINTS)
		return error_set(error, ERROR_CONFIG,
		    "\"%s\" is set a second time in [%s]: first %s:%u", setting->name,
		    line->section, place->path, place->line);
	*place = (struct place){ reading->path, line->number };
	reading->current->settings.lines =
	    hash_text(hash_text(reading->current->settings.lines, line->name), line->value);
	return setting_parse(setting, line->value, &reading->current->settings, error);
}

static bool read_files(
    const struct config_files *files, struct reading *reading, struct error *error)
{
	for (size_t i = 0; i < files->count; i++) {
		scoped(char) char *text = NULL;
		size_t length = 0;

		reading->path = files->paths[i];
		if (!config_files_read(files->paths[i], &text, &length, error)
		    || !ini_parse(text, length, files->paths[i], take_line, reading, error))
			return false;
	}
	return true;
}

static void list_set(const struct section *section, bool is_set[SETTING_COUNT])
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		is_set[i] = section->places[i].line != 0;
}

/* Where an identity's setting was given, its own before the agent's; line 0: nowhere. */
static const struct place *place_of(
    const struct section *section, const struct section *agent, const char *name)
{
	const size_t at = (size_t)(setting_find(name) - setting_table);

	return section->places[at].line != 0 ? &section->places[at] : &agent->places[at];
}

/* A step makes one request at most. If the step's deadline came first, the worker would be ended
   in the middle of what is only a slow answer, and a one-time token lost. */
static bool check_timeouts(
    const struct section *section, const struct section *agent, struct error *error)
{
	const struct identity_settings *settings = &section->settings;
	const struct place *request = place_of(section, agent, "request_timeout");
	const struct place *step = place_of(section, agent, "step_timeout");
	const struct place *place = request->line != 0 ? request : step;
	char of_request[32];
	char of_step[32];

	if (settings->request_timeout < settings->step_timeout)
		return true;
	duration_format(settings->request_timeout, of_request, sizeof(of_request));
	duration_format(settings->step_timeout, of_step, sizeof(of_step));
	return error_set(error, ERROR_CONFIG,
	    "%s:%u: request_timeout (%s%s) is not shorter than step_timeout (%s%s), which would "
	    "end "
	    "the request: set both",
	    place->path, place->line, of_request, request->line == 0 ? ", the default" : "",
	    of_step, step->line == 0 ? ", the default" : "");
}

/* With a jitter as large as the fraction a certificate may be due as soon as it is there, and each
   run would make another key. */
static bool check_due_date(
    const struct section *section, const struct section *agent, struct error *error)
{
	const struct identity_settings *settings = &section->settings;
	const struct place *jitter = place_of(section, agent, "jitter");
	const struct place *fraction = place_of(section, agent, "lifetime_fraction");
	const struct place *place = jitter->line != 0 ? jitter : fraction;

	if (settings->jitter < settings->lifetime_fraction)
		return true;
	return error_set(error, ERROR_CONFIG,
	    "%s:%u: jitter (%g%s) is not smaller than lifetime_fraction (%g%s), so that a "
	    "certificate could be due at once: set both",
	    place->path, place->line, settings->jitter, jitter->line == 0 ? ", the default" : "",
	    settings->lifetime_fraction, fraction->line == 0 ? ", the default" : "");
}

/* Where windows are ignored from the due date on, somebody would trust in what has no effect. */
static bool check_window(
    const struct section *section, const struct section *agent, struct error *error)
{
	const struct identity_settings *settings = &section->settings;
	const struct place *window = place_of(section, agent, "window");
	const struct place *margin = place_of(section, agent, "window_margin");
	const struct place *fraction = place_of(section, agent, "lifetime_fraction");

	if (settings->window.count == 0
	    || settings->lifetime_fraction + settings->window_margin < 1)
		return true;
	return error_set(error, ERROR_CONFIG,
	    "%s:%u: window has no effect: window_margin (%g%s) begins before a certificate is due "
	    "(lifetime_fraction %g%s): set both",
	    window->path, window->line, settings->window_margin,
	    margin->line == 0 ? ", the default" : "", settings->lifetime_fraction,
	    fraction->line == 0 ? ", the default" : "");
}

/* For a message of the worker's, which does not see the files. */
static void note_place_of_token(struct section *section, const struct section *agent)
{
	const struct place *place = place_of(section, agent, "token");
	char text[PATH_MAX + 16];

	text_format(text, sizeof(text), "%s:%u", place->path, place->line);
	section->settings.token_place = text_duplicate(text);
}

static void add_lines(struct identity_settings *settings, const struct identity_settings *agent)
{
	settings->lines = hash_bytes(settings->lines, &agent->lines, sizeof(agent->lines));
}

static bool complete(const char *path, struct reading *reading, struct error *error)
{
	bool agent_set[SETTING_COUNT];
	bool is_set[SETTING_COUNT];

	/* `renew --all` would have nothing to do, and say so, until the certificates are dead. */
	if (reading->count == 0)
		return error_set(error, ERROR_CONFIG,
		    "%s has no [identity NAME] section, nor has a file in conf.d beside it", path);
	list_set(&reading->agent, agent_set);
	identity_settings_fill(&reading->agent.settings, agent_set, NULL, NULL);
	for (size_t i = 0; i < reading->count; i++) {
		struct section *section = &reading->identities[i];

		list_set(section, is_set);
		identity_settings_fill(
		    &section->settings, is_set, &reading->agent.settings, agent_set);
		if (!identity_settings_check(&section->settings, error))
			return error_prefix(
			    error, "%s:%u", section->begins.path, section->begins.line);
		if (!check_timeouts(section, &reading->agent, error)
		    || !check_due_date(section, &reading->agent, error)
		    || !check_window(section, &reading->agent, error))
			return false;
		note_place_of_token(section, &reading->agent);
		add_lines(&section->settings, &reading->agent.settings);
	}
	return true;
}

static bool make_config(
    const char *path, struct reading *reading, struct config **ret_config, struct error *error)
{
	scoped(config) struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	config->path = text_duplicate(path);
	config->identities = calloc(reading->count + 1, sizeof(*config->identities));
	if (!config->identities)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	/* Moved: what they own belongs to the configuration now. */
	for (size_t i = 0; i < reading->count; i++)
		config->identities[i] = reading->identities[i].settings;
	config->count = reading->count;
	reading->count = 0;
	if (!identity_settings_check_together(config->identities, config->count, error))
		return error_prefix(error, "%s", path);

	*ret_config = take(config);
	return true;
}

static bool load(const char *path, struct config **ret_config, struct error *error)
{
	scoped(config_files) struct config_files files = { .count = 0 };
	scoped(reading) struct reading reading = {
		.agent = { .settings = identity_settings_empty() },
	};

	return config_files_find(path, &files, error) && read_files(&files, &reading, error)
	       && complete(path, &reading, error) && make_config(path, &reading, ret_config, error);
}

const char *config_path(const char *path)
{
	if (!path)
		path = getenv("RENEWAL_AGENT_CONFIG");
	return path && path[0] ? path : CONFIG_PATH_DEFAULT;
}

bool config_load(const char *path, struct config **ret_config, struct error *error)
{
	return load(config_path(path), ret_config, error);
}

void config_discard(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->count; i++)
		identity_settings_clear(&config->identities[i]);
	free(config->identities);
	free(config->path);
	free(config);
}

bool config_identity(const struct config *config, const char *name,
    const struct identity_settings **ret_identity, struct error *error)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX;

	if (!name && config->count > 1)
		return error_set(error, ERROR_USAGE,
		    "%s has %zu identities: say which one with --identity NAME, or --all",
		    config->path, config->count);
	for (size_t i = 0; i < config->count; i++) {
		const char *candidate = config->identities[i].name;
		size_t distance = name ? text_distance(name, candidate) : 0;

		if (!name || text_equal(name, candidate)) {
			*ret_identity = &config->identities[i];
			return true;
		}
		if (distance < least) {
			least = distance;
			nearest = candidate;
		}
	}
	return error_set(error, ERROR_USAGE, "%s has no identity \"%.64s\": did you mean \"%s\"?",
	    config->path, name, nearest);
}
