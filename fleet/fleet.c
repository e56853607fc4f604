#include "fleet/fleet.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "fleet/fleet_files.h"

#include <string.h>

/* One file, or all of them. */
struct reading {
	struct fleet fleet;
	size_t room;
	const struct fleet_refusals *refusals; /* NULL: the first one is the end */
};

/* What is known of the report that is being read. */
struct report {
	const char *file;
	size_t number; /* in its file, from 1 */
	size_t line;   /* where it begins */
	bool alone;    /* in its file */
	const cJSON *whole;
};

void fleet_clear(struct fleet *fleet)
{
	free(fleet->identities);
	*fleet = (struct fleet){ .count = 0 };
}

static bool refuse(const struct report *report, struct error *error, const char *why)
{
	return error_set(error, ERROR_CONFIG,
	    "%s, report %zu, line %zu: %s; what `renewal-agent status --json` prints was expected",
	    report->file, report->number, report->line, why);
}

/* The file's name without folders and ending. */
static void name_by_file(const struct report *report, char name[FLEET_NAME_SIZE])
{
	const char *slash = strrchr(report->file, '/');
	const char *base = slash ? slash + 1 : report->file;
	const char *dot = strrchr(base, '.');
	int length = (int)(dot && dot != base ? (size_t)(dot - base) : strlen(base));

	if (report->alone)
		(void)text_format(name, FLEET_NAME_SIZE, "%.*s", length, base);
	else
		(void)text_format(name, FLEET_NAME_SIZE, "%.*s:%zu", length, base, report->number);
}

/* Absent is fine and "". */
static bool copy(const cJSON *object, const char *member, char *target, size_t size)
{
	const char *text = json_string(object, member);

	return text_copy(target, size, text ? text : "");
}

static bool copy_sha256(const cJSON *object, const char *member, char target[65])
{
	unsigned char bytes[32];

	return copy(object, member, target, 65)
	       && (target[0] == '\0' || text_from_hex(target, bytes, sizeof(bytes)));
}

static bool copy_time(const cJSON *object, const char *member, int64_t *target)
{
	const char *text = json_string(object, member);

	*target = 0;
	return !text || clock_parse(text, target);
}

static bool add(struct reading *reading, const struct fleet_identity *identity, struct error *error)
{
	struct fleet *fleet = &reading->fleet;
	struct fleet_identity *more;
	size_t room = reading->room == 0 ? 64 : 2 * reading->room;

	if (fleet->count == FLEET_IDENTITIES_MAX)
		return error_set(
		    error, ERROR_CONFIG, "more than %d identities", FLEET_IDENTITIES_MAX);
	if (fleet->count == reading->room) {
		more = reallocarray(fleet->identities, room, sizeof(*more));
		if (!more)
			return error_set(error, ERROR_INTERNAL, "out of memory");
		fleet->identities = more;
		reading->room = room;
	}
	fleet->identities[fleet->count++] = *identity;
	return true;
}

static bool take_identity(
    struct reading *reading, const struct report *report, const cJSON *object, struct error *error)
{
	const cJSON *certificate = json_member(object, "certificate");
	struct fleet_identity identity = { .not_after = 0 };

	if (!json_string(object, "identity"))
		return refuse(report, error, "it names no identity");
	if (!cJSON_GetObjectItemCaseSensitive(object, "state"))
		return refuse(report, error, "it is not one of status");
	if (!copy(report->whole, "host", identity.host, sizeof(identity.host))
	    || !copy(object, "identity", identity.identity, sizeof(identity.identity))
	    || !copy(object, "state", identity.state, sizeof(identity.state)))
		return refuse(report, error, "a name in it is too long");
	if (!copy_sha256(certificate, "sha256", identity.sha256)
	    || !copy_sha256(certificate, "issuer_sha256", identity.issuer_sha256))
		return refuse(report, error, "a SHA-256 in it is none");
	if (!copy_time(certificate, "not_after", &identity.not_after)
	    || !copy_time(object, "next_renewal", &identity.next_renewal)
	    || !copy_time(object, "next_attempt", &identity.next_attempt))
		return refuse(report, error, "a time in it is not RFC 3339 in UTC");
	if (identity.host[0] == '\0')
		name_by_file(report, identity.host);
	return add(reading, &identity, error);
}

static bool take_report(
    struct reading *reading, struct report *report, const cJSON *object, struct error *error)
{
	const cJSON *identities = cJSON_GetObjectItemCaseSensitive(object, "identities");
	const cJSON *each;
	int64_t version = 0;

	report->whole = object;
	if (!json_integer(object, "schema_version", &version) || version != 1)
		return refuse(report, error, "its schema_version is not 1");
	if (!identities)
		return take_identity(reading, report, object, error);
	if (!cJSON_IsArray(identities) || !identities->child)
		return refuse(report, error, "its identities are no list, or an empty one");
	cJSON_ArrayForEach (each, identities) {
		if (!take_identity(reading, report, each, error))
			return false;
	}
	return true;
}

/* Whether to go on. One that could not be used leaves nothing behind. */
static bool pass_over(void *context, struct error *error)
{
	const struct reading *reading = context;

	if (!reading->refusals || error->kind == ERROR_INTERNAL)
		return false;
	reading->refusals->tell(reading->refusals->context, error);
	error_clear(error);
	return true;
}

/* Where the next one begins behind one that is none: at the next line, which is another report in
   a file with one a line. */
static size_t find_next(const char *text, size_t at, size_t length)
{
	const char *newline = memchr(text + at, '\n', length - at);

	return newline ? (size_t)(newline - text) + 1 : length;
}

static size_t count_lines(const char *text, size_t from, size_t to)
{
	size_t count = 0;

	for (; from < to; from++)
		count += text[from] == '\n';
	return count;
}

/* How long the report at the start of the text is: one that is not closed does not lead through all of a file. */
static size_t measure(const char *text, size_t length)
{
	return json_measure(text, length < FLEET_REPORT_SIZE_MAX ? length : FLEET_REPORT_SIZE_MAX);
}

static bool take_text(struct reading *reading, struct report *report, const char *text,
    size_t length, size_t *ret_size, struct error *error)
{
	const size_t before = reading->fleet.count;
	scoped(cJSON) cJSON *object = NULL;
	char what[FLEET_NAME_SIZE * 2];

	(void)text_format(what, sizeof(what), "%.200s, report %zu, line %zu,", report->file,
	    report->number, report->line);
	if (!json_parse(text, length, what, ERROR_CONFIG, &object, error)) {
		*ret_size = find_next(text, 0, length);
		return pass_over(reading, error);
	}
	*ret_size = length;
	if (take_report(reading, report, object, error))
		return true;
	reading->fleet.count = before;
	return pass_over(reading, error);
}

static bool take_file(
    void *context, const char *name, const char *text, size_t length, struct error *error)
{
	struct reading *reading = context;
	struct report report = { .file = name, .line = 1 };
	size_t at = json_skip(text, 0, length);
	size_t before = 0;

	while (at < length) {
		size_t size = measure(text + at, length - at);

		report.number++;
		report.line += count_lines(text, before, at);
		report.alone = report.number == 1 && json_skip(text, at + size, length) == length;
		before = at;
		if (!take_text(reading, &report, text + at, size, &size, error))
			return false;
		at = json_skip(text, at + size, length);
	}
	return true;
}

bool fleet_read(const char *const *paths, size_t count, const struct fleet_refusals *refusals,
    struct fleet *ret_fleet, struct error *error)
{
	struct reading reading = { .refusals = refusals };
	bool read = true;

	for (size_t i = 0; read && i < count; i++)
		read = fleet_files_read(paths[i], take_file, pass_over, &reading, error);
	if (read && reading.fleet.count == 0) {
		(void)error_set(error, ERROR_CONFIG,
		    "no report: what `renewal-agent status --json` prints was expected");
		read = pass_over(&reading, error);
	}
	if (!read) {
		fleet_clear(&reading.fleet);
		return false;
	}
	*ret_fleet = reading.fleet;
	return true;
}
