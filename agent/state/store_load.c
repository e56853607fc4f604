#include "agent/state/generation_json.h"
#include "agent/state/store_folder.h"
#include "agent/x509/bundle.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define URI_SIZE_MAX 4096
#define JSON_SIZE_MAX 32768

/* One generation's folder while it is read. */
struct reading {
	int folder;
	const char *path;
	struct error *error;
	bool skims;
};

static bool damaged(const struct reading *reading, const char *name, const char *problem)
{
	return error_set(reading->error, ERROR_DAMAGED, "%s/%s %s", reading->path, name, problem);
}

static bool read_text(const struct reading *reading, const char *name, size_t limit,
    char **ret_text, size_t *ret_length)
{
	char path[PATH_MAX];

	text_format(path, sizeof(path), "%s/%s", reading->path, name);
	if (!file_read(reading->folder, name, limit, path, ret_text, ret_length, reading->error))
		return false;
	return *ret_text || damaged(reading, name, "is missing");
}

static bool read_uri(const struct reading *reading, char **ret_uri)
{
	scoped(char) char *text = NULL;
	size_t length;
	size_t line;

	if (!read_text(reading, "key.uri", URI_SIZE_MAX, &text, &length))
		return false;
	line = strcspn(text, "\r\n");
	if (line + 1 != length || text[line] != '\n' || !strchr(text, ':'))
		return damaged(reading, "key.uri", "does not hold a URI and a newline");
	text[line] = '\0';
	*ret_uri = take(text);
	return true;
}

static bool parse_certificates(const struct reading *reading, const char *leaf, const char *rest,
    struct generation *generation)
{
	bool (*const parse)(const char *, size_t, size_t, const char *, enum error_kind,
	    STACK_OF(X509) **, struct error *) = reading->skims ? bundle_skim : bundle_parse;
	scoped(X509_STACK) STACK_OF(X509) *leaves = NULL;

	if (!parse(
		leaf, strlen(leaf), 1, "certificate.pem", ERROR_DAMAGED, &leaves, reading->error))
		return error_prefix(reading->error, "%s", reading->path);
	generation->certificate = sk_X509_shift(leaves);
	/* An adopted certificate may have come alone. */
	if (rest[0] == '\0')
		generation->chain = sk_X509_new_null();
	else if (!parse(rest, strlen(rest), BUNDLE_COUNT_MAX, "ca.pem", ERROR_DAMAGED,
		     &generation->chain, reading->error))
		return error_prefix(reading->error, "%s", reading->path);
	return generation->chain
	       || error_set(reading->error, ERROR_INTERNAL, "no memory for a chain");
}

static bool read_certificates(const struct reading *reading, struct generation *generation)
{
	scoped(char) char *leaf = NULL;
	scoped(char) char *rest = NULL;
	scoped(char) char *chain = NULL;
	size_t leaf_length, rest_length, chain_length;

	if (!read_text(reading, "certificate.pem", BUNDLE_SIZE_MAX, &leaf, &leaf_length)
	    || !read_text(reading, "ca.pem", BUNDLE_SIZE_MAX, &rest, &rest_length)
	    || !read_text(reading, "chain.pem", (size_t)2 * BUNDLE_SIZE_MAX, &chain, &chain_length))
		return false;
	if (chain_length != leaf_length + rest_length || memcmp(chain, leaf, leaf_length) != 0
	    || memcmp(chain + leaf_length, rest, rest_length) != 0)
		return damaged(reading, "chain.pem", "is not certificate.pem and ca.pem");
	return parse_certificates(reading, leaf, rest, generation);
}

static bool read_json(const struct reading *reading, uint32_t number, struct generation *generation)
{
	char expected[CERTIFICATE_SHA256_TEXT_SIZE];
	char actual[CERTIFICATE_SHA256_TEXT_SIZE];
	scoped(char) char *text = NULL;
	scoped(cJSON) cJSON *object = NULL;
	size_t length;

	if (!read_text(reading, "generation.json", JSON_SIZE_MAX, &text, &length))
		return false;
	if (!json_parse(text, length, "generation.json", ERROR_DAMAGED, &object, reading->error))
		return error_prefix(reading->error, "%s", reading->path);
	if (!generation_json_parse(object, generation, expected) || generation->number != number)
		return damaged(reading, "generation.json", "is not what was written there");
	certificate_sha256(generation->certificate, actual);
	return text_equal(actual, expected)
	       || damaged(reading, "generation.json", "belongs to another certificate");
}

/* The symlink is made anew by every activation, a rollback too: its age is what is asked for. */
static bool read_activated(
    const struct store *store, struct generation *generation, struct error *error)
{
	struct stat status;
	uint32_t active;

	if (!store_current(store, &active, error))
		return false;
	if (active == generation->number
	    && fstatat(store->folder, CURRENT_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
		generation->activated = status.st_mtime;
	return true;
}

static bool read_files(const struct store *store, uint32_t number,
    struct generation *ret_generation, struct error *error)
{
	struct generation_path path = store_generation_path(store, number, "");
	struct generation_path name;
	scoped(generation) struct generation generation = { 0 };
	scoped(fd) int folder = -1;
	struct reading reading = { -1, path.text, error, store->skims };

	text_format(name.text, sizeof(name.text), "%u", number);
	if (store->generations >= 0)
		folder = openat(
		    store->generations, name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store->generations < 0 || (folder < 0 && errno == ENOENT))
		return error_set(error, ERROR_DAMAGED, "%s is not there", path.text);
	if (folder < 0)
		return error_set(error, file_error_kind(errno), "cannot open %s: %s", path.text,
		    strerror(errno));
	reading.folder = folder;
	if (!read_certificates(&reading, &generation) || !read_uri(&reading, &generation.key_uri)
	    || !read_json(&reading, number, &generation))
		return false;
	*ret_generation = generation;
	generation = (struct generation){ 0 };
	return true;
}

bool store_load(const struct store *store, uint32_t number, struct generation *ret_generation,
    struct error *error)
{
	scoped(generation) struct generation generation = { 0 };

	if (!store_memory_find(store->memory, number, &generation)) {
		if (!read_files(store, number, &generation, error))
			return false;
		store_memory_add(store->memory, &generation);
	}
	if (!read_activated(store, &generation, error))
		return false;
	*ret_generation = generation;
	generation = (struct generation){ 0 };
	return true;
}
