#include "agent/state/latch.h"

#include "agent/state/latch_memory.h"
#include "agent/state/state_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/file.h>

#define FOLDER_NAME "tokens"
#define NAME_BYTES 16 /* of the digest of the token's names */
#define FILE_NAME_SIZE (2 * NAME_BYTES + 8)
#define NAMES_MAX 1024
/* A renewal that is not due would not come to the token. */
#define LATCH_BY_HAND                                                                              \
	"run once `renew --dry-run --retry-pin`, or, without a certificate, `enroll --retry-pin`"

struct latch {
	struct latch_token token;
	char path[PATH_MAX]; /* of the folder of all latches, for messages */
	int folder;
	int lock;
	char file[FILE_NAME_SIZE];
	struct latch_memory memory;
	bool damaged; /* the file was: what it remembered is not known */
	bool closed;  /* by the login of a run that was cut */
};

static struct state_folder folder_of(const struct latch *latch)
{
	return (struct state_folder){ latch->folder, latch->path };
}

/* With a length before each, so that no two tokens with different names share a file. */
static bool name_file(const struct latch_token *token, const char *suffix,
    char ret_name[FILE_NAME_SIZE], struct error *error)
{
	const char *names[] = { token->manufacturer, token->model, token->serial, token->label };
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(NAMES_MAX);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char hex[2 * NAME_BYTES + 1];

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		text_printf(&text, "%zu:%s", strlen(names[i]), names[i]);
	if (text.failed)
		return error_set(error, ERROR_INTERNAL, "a token's names are too long");
	SHA256((const unsigned char *)text.data, text.length, digest);
	text_to_hex(digest, NAME_BYTES, hex);
	return text_format(ret_name, FILE_NAME_SIZE, "%s%s", hex, suffix)
	       || error_set(error, ERROR_INTERNAL, "the name of a latch is too long");
}

static bool open_folder(const char *state_directory, struct latch *latch, struct error *error)
{
	scoped(fd) int parent = -1;

	text_format(latch->path, sizeof(latch->path), "%s/" FOLDER_NAME, state_directory);
	return folder_open(state_directory, &parent, error)
	       && folder_make(parent, FOLDER_NAME, 0755, latch->path, &latch->folder, error);
}

/* The file is never removed and need not be fsynced: only processes hold a lock. */
static bool take_lock(struct latch *latch, bool wait, struct error *error)
{
	char name[FILE_NAME_SIZE];

	if (!name_file(&latch->token, ".lock", name, error))
		return false;
	latch->lock = openat(latch->folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (latch->lock < 0)
		return error_set(error, file_error_kind(errno), "cannot open %s/%s: %s",
		    latch->path, name, strerror(errno));
	while (flock(latch->lock, LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
		if (errno == EWOULDBLOCK)
			return error_set(error, ERROR_BUSY,
			    "another run is at work on the token \"%s\": try again later",
			    latch->token.label);
		if (errno != EINTR)
			return error_set(error, ERROR_STATE, "cannot lock %s/%s: %s", latch->path,
			    name, strerror(errno));
	}
	return true;
}

static bool write_memory(struct latch *latch, enum state_file_safety safety, struct error *error)
{
	struct state_folder folder = folder_of(latch);
	scoped(cJSON) cJSON *object = latch_memory_format(&latch->memory, &latch->token);

	return state_file_write(&folder, latch->file, object, safety, error);
}

static bool has_memories(const struct latch *latch)
{
	return latch->memory.count > 0 || latch->memory.unknown != 0;
}

/* The end of a try, without a refusal to add. No fsync: a `trying` that a power cut brings back
   is forgotten again, or counts as a refusal that was none, which is the safe side. */
static bool forget_trying(struct latch *latch, struct error *error)
{
	struct state_folder folder = folder_of(latch);

	latch->memory.trying = 0;
	return has_memories(latch)
		   ? write_memory(latch, STATE_FILE_MAY_BE_OLD, error)
		   : state_file_remove(&folder, latch->file, STATE_FILE_MAY_BE_OLD, error);
}

static bool shows_a_wrong_pin(const struct latch_flags *flags)
{
	return flags->count_low || flags->final_try || flags->locked;
}

/* The run that was trying ended before it could say what became of it. */
static bool judge_trying(struct latch *latch, const struct latch_flags *flags, struct error *error)
{
	if (latch->memory.trying == 0)
		return true;
	if (!shows_a_wrong_pin(flags))
		return forget_trying(latch, error);
	latch->closed = true;
	latch->memory.unknown = latch->memory.trying;
	latch->memory.trying = 0;
	return write_memory(latch, STATE_FILE_ON_DISK, error);
}

static bool load_memory(struct latch *latch, struct error *error)
{
	struct state_folder folder = folder_of(latch);
	scoped(cJSON) cJSON *object = NULL;

	if (!state_file_read(&folder, latch->file, &object, &latch->damaged, error))
		return false;
	if (object && !latch_memory_parse(object, &latch->memory))
		latch->damaged = true;
	if (!latch->damaged)
		return true;
	latch->memory = (struct latch_memory){ .unknown = clock_now() };
	return true;
}

static bool open_latch(const char *state_directory, const struct latch_token *token, bool wait,
    struct latch **ret_latch, struct error *error)
{
	scoped(latch) struct latch *latch = calloc(1, sizeof(*latch));

	if (!latch)
		return error_set(error, ERROR_INTERNAL, "no memory for a latch");
	latch->token = *token;
	latch->folder = -1;
	latch->lock = -1;
	if (!name_file(token, ".json", latch->file, error)
	    || !open_folder(state_directory, latch, error) || !take_lock(latch, wait, error)
	    || !load_memory(latch, error))
		return false;
	*ret_latch = take(latch);
	return true;
}

bool latch_open(const char *state_directory, const struct latch_token *token,
    struct latch **ret_latch, struct error *error)
{
	return open_latch(state_directory, token, true, ret_latch, error);
}

bool latch_open_now(const char *state_directory, const struct latch_token *token,
    struct latch **ret_latch, struct error *error)
{
	return open_latch(state_directory, token, false, ret_latch, error);
}

void latch_close(struct latch *latch)
{
	if (!latch)
		return;
	if (latch->lock >= 0)
		close(latch->lock);
	if (latch->folder >= 0)
		close(latch->folder);
	free(latch);
}

/* What is in the way whatever the PIN is; "" when nothing is. */
static void describe_obstacle(
    const struct latch *latch, const struct latch_flags *flags, char *target, size_t size)
{
	char when[CLOCK_TEXT_SIZE];

	target[0] = '\0';
	clock_format(latch->memory.unknown, when);
	if (latch->damaged) {
		text_format(target, size, "%s/%s cannot be read, which tells the refused PINs",
		    latch->path, latch->file);
	} else if (flags->final_try) {
		text_format(target, size, "one more wrong PIN locks the token");
	} else if (latch->memory.unknown != 0) {
		text_format(target, size,
		    "a PIN was refused on %s, by a run that was cut or at the pin pad, so that it "
		    "is not known which",
		    when);
	} else if (latch->memory.count == LATCH_REFUSED_MAX) {
		text_format(target, size, "%d different PINs were refused", LATCH_REFUSED_MAX);
	}
}

static bool judge(const struct latch *latch, const struct latch_flags *flags, const void *pin,
    size_t length, bool by_hand, struct error *error)
{
	const struct latch_token *token = &latch->token;
	const struct latch_refusal *refusal;
	char obstacle[PATH_MAX];
	char when[CLOCK_TEXT_SIZE];

	if (flags->locked) {
		return error_set(error, ERROR_PIN,
		    "the token \"%s\" (serial %s) has locked its PIN after too many wrong ones: "
		    "its security officer has to set the PIN anew",
		    token->label, token->serial);
	}
	if (by_hand)
		return true;
	describe_obstacle(latch, flags, obstacle, sizeof(obstacle));
	if (obstacle[0]) {
		return error_set(error, ERROR_PIN,
		    "no PIN is tried on the token \"%s\" (serial %s): %s. Make sure that the PIN "
		    "is right, then " LATCH_BY_HAND,
		    token->label, token->serial, obstacle);
	}
	refusal = pin ? latch_memory_find(&latch->memory, pin, length) : NULL;
	if (!refusal)
		return true;
	clock_format(refusal->at, when);
	return error_set(error, ERROR_PIN,
	    "the token \"%s\" (serial %s) refused this PIN on %s, so it is not tried again: mend "
	    "the PIN (a changed one is tried by itself), or " LATCH_BY_HAND,
	    token->label, token->serial, when);
}

bool latch_check(struct latch *latch, const struct latch_flags *flags, const void *pin,
    size_t length, bool by_hand, struct error *error)
{
	return judge_trying(latch, flags, error)
	       && judge(latch, flags, pin, length, by_hand, error);
}

bool latch_has_closed(const struct latch *latch)
{
	return latch->closed;
}

bool latch_look(struct latch *latch, const struct latch_flags *flags, const void *pin,
    size_t length, struct error *error)
{
	if (latch->memory.trying != 0 && shows_a_wrong_pin(flags))
		latch->memory.unknown = latch->memory.trying;
	return judge(latch, flags, pin, length, false, error);
}

bool latch_trying(struct latch *latch, struct error *error)
{
	latch->memory.trying = clock_now();
	latch->memory.pid = getpid();
	return write_memory(latch, STATE_FILE_ON_DISK, error)
	       || error_prefix(error, "note that a PIN is about to be tried");
}

bool latch_accepted(struct latch *latch, struct error *error)
{
	struct state_folder folder = folder_of(latch);
	enum state_file_safety safety =
	    has_memories(latch) ? STATE_FILE_ON_DISK : STATE_FILE_MAY_BE_OLD;

	latch->memory = (struct latch_memory){ 0 };
	latch->damaged = false;
	return state_file_remove(&folder, latch->file, safety, error);
}

bool latch_refused(struct latch *latch, const void *pin, size_t length, struct error *error)
{
	/* When they are full every PIN is latched as it is. */
	if (latch->memory.count < LATCH_REFUSED_MAX
	    && !latch_memory_add(&latch->memory, pin, length, clock_now()))
		latch->memory.unknown = clock_now();
	latch->memory.trying = 0;
	return write_memory(latch, STATE_FILE_ON_DISK, error)
	       || error_prefix(error, "remember that the token refused a PIN");
}

bool latch_not_judged(struct latch *latch, struct error *error)
{
	return forget_trying(latch, error);
}
