#include "agent/identity/rest.h"

#include "agent/config/settings.h"
#include "agent/identity/identity.h"
#include "agent/identity/moment.h"
#include "base/hash.h"
#include "base/scoped.h"
#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "rest"
#define LONGEST (24 * 60 * 60)
#define SEAL_SIZE (2 * sizeof(uint64_t) + 1)
#define FILE_SIZE_MAX 512

/* All that identity_load reads, but for the log's length, which nothing is decided by. */
static const char *const files[] = {
	"journal.json",
	"debts.json",
	"gateway.json",
	"current/certificate.pem",
	"current/ca.pem",
	"current/chain.pem",
	"current/key.uri",
	"current/generation.json",
};

/* What makes a file another one, or the same one written to. All zero: it is not there. */
struct stamp {
	uint64_t device, inode;
	int64_t size;
	int64_t modified[2], changed[2]; /* seconds, nanoseconds */
};

static struct stamp stamp_of(int folder, const char *name)
{
	struct stamp stamp = { 0 };
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return stamp;
	stamp.device = status.st_dev;
	stamp.inode = status.st_ino;
	stamp.size = status.st_size;
	stamp.modified[0] = status.st_mtim.tv_sec;
	stamp.modified[1] = status.st_mtim.tv_nsec;
	stamp.changed[0] = status.st_ctim.tv_sec;
	stamp.changed[1] = status.st_ctim.tv_nsec;
	return stamp;
}

/* Who may write there; what else a folder's stat says changes with this very file. */
static uint64_t add_folder(uint64_t hash, int folder, const char *name)
{
	struct stat status;
	uint64_t facts[2] = { 0 };

	if (fstatat(folder, name, &status, 0) == 0) {
		facts[0] = status.st_mode;
		facts[1] = status.st_uid;
	}
	return hash_bytes(hash, facts, sizeof(facts));
}

static void make_seal(
    int folder, const struct identity_settings *settings, char ret_seal[SEAL_SIZE])
{
	uint64_t hash = hash_text(HASH_INIT, RENEWAL_AGENT_VERSION);

	hash = hash_text(hash, settings->name);
	hash = hash_bytes(hash, &settings->lines, sizeof(settings->lines));
	hash = add_folder(hash, folder, ".");
	hash = add_folder(hash, folder, "..");
	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		const struct stamp stamp = stamp_of(folder, files[i]);

		hash = hash_bytes(hash, &stamp, sizeof(stamp));
	}
	(void)text_format(ret_seal, SEAL_SIZE, "%016" PRIx64, hash);
}

static bool read_note(int folder, char text[FILE_SIZE_MAX])
{
	scoped(fd) int file = openat(folder, NAME, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, text, FILE_SIZE_MAX - 1);

	if (length <= 0 || text[length - 1] != '\n' || memchr(text, '\0', (size_t)length))
		return false;
	text[length - 1] = '\0';
	return true;
}

/* "FROM UNTIL SEAL MESSAGE" */
static bool parse(char *text, int64_t now, const char **ret_seal, const char **ret_message)
{
	char *rest = text;
	const char *from = strsep(&rest, " ");
	const char *until = strsep(&rest, " ");
	const char *seal = strsep(&rest, " ");
	uint64_t first;
	uint64_t last;

	if (!rest || !text_parse_number(from, 0, INT64_MAX, &first)
	    || !text_parse_number(until, 0, INT64_MAX, &last) || now < (int64_t)first
	    || now >= (int64_t)last)
		return false;
	*ret_seal = seal;
	*ret_message = rest;
	return true;
}

bool rest_find(
    const struct identity_settings *settings, int64_t now, char ret_message[REST_MESSAGE_SIZE])
{
	char path[PATH_MAX];
	char text[FILE_SIZE_MAX];
	char seal[SEAL_SIZE];
	const char *noted;
	const char *message;
	scoped(fd) int folder = -1;

	if (!text_format(path, sizeof(path), "%s/%s", settings->state_directory, settings->name))
		return false;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || !read_note(folder, text) || !parse(text, now, &noted, &message))
		return false;
	make_seal(folder, settings, seal);
	return text_equal(seal, noted) && text_copy(ret_message, REST_MESSAGE_SIZE, message);
}

static void write_note(int folder, const char *text)
{
	scoped(fd) int file = openat(
	    folder, NAME, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);

	/* A line that is cut has no end, and counts for nothing. */
	if (file >= 0 && write(file, text, strlen(text)) < 0)
		(void)unlinkat(folder, NAME, 0);
}

void rest_note(const struct identity *identity, int64_t now, const char *message)
{
	const int64_t next = moment_next(identity, now).at;
	const int64_t until = next - now < LONGEST ? next : now + LONGEST;
	char text[FILE_SIZE_MAX];
	char seal[SEAL_SIZE];

	if (identity->settings->window.count > 0 || now < 0 || until <= now
	    || strlen(message) >= REST_MESSAGE_SIZE)
		return;
	make_seal(store_folder(identity->store), identity->settings, seal);
	if (!text_format(
		text, sizeof(text), "%" PRId64 " %" PRId64 " %s %s\n", now, until, seal, message))
		return;
	write_note(store_folder(identity->store), text);
}
