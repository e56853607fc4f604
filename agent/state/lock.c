#include "agent/state/lock.h"

#include "agent/state/state_file.h"
#include "agent/state/store.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_NAME "lock"
#define HOLDER_SIZE 64
#define PAUSE_LEAST 10 /* milliseconds */
#define PAUSE_MOST 100

static bool fail(const struct store *store, const char *verb, struct error *error)
{
	const struct state_folder folder = { store_folder(store), store_path(store) };
	int reason = errno;

	error_set(error, file_error_kind(reason), "cannot %s %s/" LOCK_NAME ": %s", verb,
	    store_path(store), file_error_reason(reason));
	return reason == EACCES && state_file_advise(&folder, LOCK_NAME, error);
}

/* Asked again and again instead of once with a signal that ends the wait: a timer's signal would
   belong to the whole process, and the daemon has use for its own. */
static bool wait_for(int file, int64_t wait_seconds, bool *ret_taken, bool *ret_waited)
{
	int64_t end = clock_milliseconds() + wait_seconds * 1000;
	int64_t pause = PAUSE_LEAST;

	*ret_waited = false;
	for (;;) {
		int64_t left = end - clock_milliseconds();
		struct timespec time = { 0, 0 };

		*ret_taken = flock(file, LOCK_EX | LOCK_NB) == 0;
		if (*ret_taken || (errno != EWOULDBLOCK && errno != EINTR))
			return *ret_taken;
		*ret_waited = true;
		if (left <= 0)
			return true;
		time.tv_nsec = (left < pause ? left : pause) * 1000000;
		nanosleep(&time, NULL);
		pause = pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
	}
}

/* For people; the lock holds without it, on a full disk too, and it is not fsynced. The new text
   is in place before the rest of an old one is cut off: no reader finds the file empty. */
static void note_holder(int file)
{
	char started[CLOCK_TEXT_SIZE];
	char text[HOLDER_SIZE];
	struct stat status;
	size_t length;

	clock_format(clock_now(), started);
	text_format(text, sizeof(text), "%ld %s\n", (long)getpid(), started);
	length = strlen(text);
	if (pwrite(file, text, length, 0) < 0 || fstat(file, &status) != 0
	    || (status.st_size > (off_t)length && ftruncate(file, (off_t)length) != 0))
		return;
}

static bool set_busy(const struct store *store, int file, int64_t wait_seconds, struct error *error)
{
	char text[HOLDER_SIZE] = "";
	ssize_t length = pread(file, text, sizeof(text) - 1, 0);
	const char *started;

	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	text[strcspn(text, " ")] = '\0';
	started = text + strlen(text) + 1;
	if (length <= 0 || text[0] == '\0' || started >= text + length) {
		return error_set(error, ERROR_BUSY,
		    "another run has just taken %s/" LOCK_NAME ": try again later",
		    store_path(store));
	}
	return error_set(error, ERROR_BUSY,
	    "another run (pid %s, since %s) holds %s/" LOCK_NAME
	    " and did not finish within %lld s: try again later",
	    text, started, store_path(store), (long long)wait_seconds);
}

/* The new file needs no fsync: a lock does not outlive the processes that hold it. */
bool lock_take(const struct store *store, int64_t wait_seconds, int *ret_lock, bool *ret_waited,
    struct error *error)
{
	scoped(fd) int file =
	    openat(store_folder(store), LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool taken;

	if (file < 0)
		return fail(store, "open", error);
	if (!wait_for(file, wait_seconds, &taken, ret_waited))
		return fail(store, "lock", error);
	if (!taken)
		return set_busy(store, file, wait_seconds, error);
	note_holder(file);
	*ret_lock = take_fd(&file);
	return true;
}

/* Asked for in a way that many may have it: two that look do not see each other. */
bool lock_look(const struct store *store, struct error *error)
{
	scoped(fd) int file =
	    openat(store_folder(store), LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (file < 0 && errno == ENOENT)
		return true;
	if (file < 0)
		return fail(store, "open", error);
	if (flock(file, LOCK_SH | LOCK_NB) == 0)
		return true;
	if (errno != EWOULDBLOCK)
		return fail(store, "lock", error);
	return set_busy(store, file, 0, error);
}
