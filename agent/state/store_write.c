#include "agent/state/generation_json.h"
#include "agent/state/key_pem.h"
#include "agent/state/store_folder.h"
#include "agent/x509/bundle.h"
#include "base/file.h"
#include "base/file_uri.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MODE 0644
#define GENERATION_FILES 6
#define FILE_TEXT_MAX 65536 /* of what is not a bundle */

struct number_name {
	char text[NUMBER_NAME_SIZE];
};

static struct number_name name_of(uint32_t number, const char *suffix)
{
	struct number_name name = { "" };

	text_format(name.text, sizeof(name.text), "%" PRIu32 "%s", number, suffix);
	return name;
}

static bool fail(struct error *error, const char *verb, const char *path)
{
	int reason = errno;

	return error_set(
	    error, file_error_kind(reason), "cannot %s %s: %s", verb, path, strerror(reason));
}

static bool refuse_active(
    const struct store *store, uint32_t number, const char *verb, struct error *error)
{
	uint32_t active;

	if (!store_current(store, &active, error))
		return false;
	return active != number
	       || error_set(error, ERROR_INTERNAL, "generation %" PRIu32 " of %s is active: not %s",
		   number, store->path, verb);
}

/* RFC 7512: these say how to get at the token, or hold a secret; they are no part of a name. */
static bool check_uri(const char *uri, struct error *error)
{
	static const char *const refused[] = {
		"pin-value=", "pin-source=", "module-path=", "module-name="
	};

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		if (strstr(uri, refused[i]))
			return error_set(error, ERROR_INTERNAL,
			    "a key's URI with %s is not written down", refused[i]);
	}
	if (!strchr(uri, ':') || strpbrk(uri, "\r\n"))
		return error_set(error, ERROR_INTERNAL, "a key's URI is not one, in one line");
	return true;
}

/* A generation's files, while they are on their way to disk. */
struct writing {
	int folder;
	const struct generation_path *path;
	int files[GENERATION_FILES];
	size_t count;
};

static void scoped_destroy_writing(struct writing *writing)
{
	for (size_t i = 0; i < writing->count; i++)
		close(writing->files[i]);
}

static bool write_file(
    struct writing *writing, const char *name, const char *text, struct error *error)
{
	if (writing->count == GENERATION_FILES)
		return error_set(error, ERROR_INTERNAL, "%s has too many files: no room for %s",
		    writing->path->text, name);
	if (!file_begin_new(writing->folder, name, text, strlen(text), FILE_MODE,
		writing->path->text, &writing->files[writing->count], error))
		return false;
	writing->count++;
	return true;
}

/* Each file is fsynced: the folder's fsync brings their names to disk, not their content. */
static bool finish(const struct writing *writing, struct error *error)
{
	for (size_t i = 0; i < writing->count; i++)
		if (!file_finish(writing->files[i], writing->path->text, error))
			return false;
	return folder_sync(writing->folder, writing->path->text, error);
}

static bool write_certificates(
    struct writing *writing, const struct generation *generation, struct error *error)
{
	bool alone = sk_X509_num(generation->chain) <= 0;
	scoped(char) char *leaf = NULL;
	scoped(char) char *rest = NULL;
	scoped(char) char *chain = NULL;

	if (!bundle_format(generation->certificate, NULL, &leaf, error)
	    || !bundle_format(
		generation->certificate, alone ? NULL : generation->chain, &chain, error))
		return false;
	if (!alone && !bundle_format(NULL, generation->chain, &rest, error))
		return false;
	return write_file(writing, "certificate.pem", leaf, error)
	       && write_file(writing, "ca.pem", alone ? "" : rest, error)
	       && write_file(writing, "chain.pem", chain, error);
}

/* The key of an adopted generation stays where it is; who reads key.pem finds it. */
static bool link_key(const struct writing *writing, const char *uri, struct error *error)
{
	scoped(char) char *path = NULL;

	if (!file_uri_parse(uri, &path))
		return error_set(error, ERROR_INTERNAL, "no URI of a file: %.200s", uri);
	return symlinkat(path, writing->folder, "key.pem") == 0
	       || fail(error, "link the key in", writing->path->text);
}

static bool write_key(struct writing *writing, const char *uri, struct error *error)
{
	scoped(text) struct text_buffer line = TEXT_BUFFER_INIT(FILE_TEXT_MAX);
	scoped(char) char *pem = NULL;

	if (!check_uri(uri, error))
		return false;
	if (!text_printf(&line, "%s\n", uri))
		return error_set(error, ERROR_INTERNAL, "the URI %.64s... is too long", uri);
	if (!write_file(writing, "key.uri", line.data, error))
		return false;
	if (text_starts_with(uri, FILE_URI_SCHEME))
		return link_key(writing, uri, error);
	if (!text_starts_with(uri, "pkcs11:"))
		return true;
	return key_pem_format(uri, &pem, error) && write_file(writing, "key.pem", pem, error);
}

static bool format_json(
    const struct generation *generation, struct text_buffer *text, struct error *error)
{
	scoped(cJSON) cJSON *object = generation_json_format(generation);
	scoped(char) char *json = json_print(object);

	return text_printf(text, "%s\n", json)
	       || error_set(error, ERROR_INTERNAL, "generation.json is too long");
}

static bool write_files(int folder, const struct generation *generation,
    const struct generation_path *path, struct error *error)
{
	scoped(text) struct text_buffer json = TEXT_BUFFER_INIT(FILE_TEXT_MAX);
	scoped(writing) struct writing writing = { .folder = folder, .path = path };

	return write_certificates(&writing, generation, error)
	       && write_key(&writing, generation->key_uri, error)
	       && format_json(generation, &json, error)
	       && write_file(&writing, "generation.json", json.data, error)
	       && finish(&writing, error);
}

/* What killed writes and removals have left, of whatever number. */
static bool remove_unfinished(const struct store *store, struct error *error)
{
	struct store_contents contents;

	if (!store_scan(store, &contents, error))
		return false;
	for (size_t i = 0; i < contents.unfinished_count; i++) {
		uint32_t number = contents.unfinished[i];
		struct generation_path path =
		    store_generation_path(store, number, TEMPORARY_SUFFIX);

		if (!folder_remove(store->generations, name_of(number, TEMPORARY_SUFFIX).text,
			path.text, error))
			return false;
	}
	return true;
}

/* Out of sight first, so that nobody meets a generation without some of its files. */
static bool discard(const struct store *store, uint32_t number, struct error *error)
{
	struct number_name name = name_of(number, "");
	struct number_name temporary = name_of(number, TEMPORARY_SUFFIX);
	struct generation_path path = store_generation_path(store, number, "");

	store_memory_drop(store->memory, number);
	if (!folder_remove(store->generations, temporary.text, path.text, error))
		return false;
	if (renameat(store->generations, name.text, store->generations, temporary.text) != 0)
		return errno == ENOENT || fail(error, "remove", path.text);
	return folder_remove(store->generations, temporary.text, path.text, error);
}

/* A complete folder under its temporary name, which is not fsynced in generations/: the rename
   that follows is. */
static bool write_temporary(
    const struct store *store, const struct generation *generation, struct error *error)
{
	struct number_name name = name_of(generation->number, TEMPORARY_SUFFIX);
	struct generation_path path =
	    store_generation_path(store, generation->number, TEMPORARY_SUFFIX);
	scoped(fd) int folder = -1;

	if (mkdirat(store->generations, name.text, 0755) != 0)
		return fail(error, "make the folder", path.text);
	folder =
	    openat(store->generations, name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || fchmod(folder, 0755) != 0)
		return fail(error, "open the folder", path.text);
	return write_files(folder, generation, &path, error);
}

bool store_write(
    const struct store *store, const struct generation *generation, struct error *error)
{
	struct number_name name = name_of(generation->number, "");
	struct number_name temporary = name_of(generation->number, TEMPORARY_SUFFIX);
	struct generation_path path = store_generation_path(store, generation->number, "");

	if (!refuse_active(store, generation->number, "written", error)
	    || !remove_unfinished(store, error) || !discard(store, generation->number, error))
		return false;
	if (!write_temporary(store, generation, error)) {
		struct error ignored = ERROR_INIT;

		/* Half a generation holds room that a full disk needs. */
		(void)!folder_remove(store->generations, temporary.text, path.text, &ignored);
		return false;
	}
	if (renameat(store->generations, temporary.text, store->generations, name.text) != 0)
		return fail(error, "complete", path.text);
	/* `current` may point here next: the name has to be on disk before it does. */
	return folder_sync(store->generations, path.text, error);
}

/* Not fsynced: after a crash whoever watches it begins anew, from `current`. */
static bool tell_watchers(const struct store *store, uint32_t number, struct error *error)
{
	char line[NUMBER_NAME_SIZE + 1];
	scoped(fd) int file = openat(store->folder, ACTIVATED_NAME,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	size_t length;

	text_format(line, sizeof(line), "%" PRIu32 "\n", number);
	length = strlen(line);
	if (file < 0 || write(file, line, length) != (ssize_t)length)
		return fail(error, "write " ACTIVATED_NAME " into", store->path);
	return true;
}

bool store_activate(const struct store *store, uint32_t number, struct error *error)
{
	struct generation_path path = store_generation_path(store, number, "");
	struct number_name name = name_of(number, "");
	char target[sizeof(GENERATIONS_NAME "/") + NUMBER_NAME_SIZE];
	struct stat status;
	uint32_t active;

	if (!store_current(store, &active, error))
		return false;
	/* A kill may have come between the rename and its fsync. */
	if (active == number)
		return folder_sync(store->folder, path.text, error)
		       && tell_watchers(store, number, error);
	if (fstatat(store->generations, name.text, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return fail(error, "activate", path.text);
	text_format(target, sizeof(target), GENERATIONS_NAME "/%s", name.text);
	return file_symlink(store->folder, target, CURRENT_NAME, path.text, error)
	       && tell_watchers(store, number, error);
}

static bool mark(
    const struct store *store, uint32_t number, bool revoked, bool abandoned, struct error *error)
{
	scoped(text) struct text_buffer json = TEXT_BUFFER_INIT(FILE_TEXT_MAX);
	scoped(generation) struct generation generation = { 0 };
	struct generation_path path = store_generation_path(store, number, "/generation.json");
	scoped(fd) int folder = -1;

	if (!store_load(store, number, &generation, error))
		return false;
	if ((generation.revoked || !revoked) && (generation.abandoned || !abandoned))
		return true;
	generation.revoked = generation.revoked || revoked;
	generation.abandoned = generation.abandoned || abandoned;
	store_memory_drop(store->memory, number);
	folder = openat(store->generations, name_of(number, "").text,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return fail(error, "open the folder of", path.text);
	return format_json(&generation, &json, error)
	       && file_replace(
		   folder, "generation.json", json.data, json.length, FILE_MODE, path.text, error);
}

bool store_mark_revoked(const struct store *store, uint32_t number, struct error *error)
{
	return mark(store, number, true, false, error);
}

bool store_mark_abandoned(const struct store *store, uint32_t number, struct error *error)
{
	return mark(store, number, false, true, error);
}

bool store_remove(const struct store *store, uint32_t number, struct error *error)
{
	return store->generations < 0
	       || (refuse_active(store, number, "removed", error) && discard(store, number, error));
}
