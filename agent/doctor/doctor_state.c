#include "agent/doctor/doctor.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/policy.h"
#include "agent/state/lock.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool set_errno(struct error *error, const char *verb, const char *path)
{
	int reason = errno;

	return error_set(
	    error, file_error_kind(reason), "cannot %s %s: %s", verb, path, strerror(reason));
}

/* Ours or root's, nobody else's to write to, and we may. */
static bool check_folder(const char *path, struct error *error)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return set_errno(error, "look at", path);
	if (!S_ISDIR(status.st_mode))
		return error_set(error, ERROR_PERMISSION, "%s is not a folder", path);
	if ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX))
		return error_set(error, ERROR_PERMISSION, "every user may write to %s (mode %04o)",
		    path, (unsigned)status.st_mode & 07777);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return error_set(error, ERROR_PERMISSION,
		    "%s belongs to the user with the id %u, but this runs as %u", path,
		    (unsigned)status.st_uid, (unsigned)geteuid());
	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0)
		return set_errno(error, "write to", path);
	return true;
}

void doctor_state_directory(const struct doctor *doctor, struct check *check)
{
	const char *path = doctor->settings->state_directory;
	struct error error = ERROR_INIT;
	struct stat status;
	char folder[PATH_MAX];

	if (stat(path, &status) != 0 && errno == ENOENT) {
		check_set_warning(check,
		    "The first enrolment makes it. For doctor to try the PIN before: make it, "
		    "owned "
		    "by the agent's user, with mode 0755.",
		    "%s is not there yet", path);
		return;
	}
	text_format(folder, sizeof(folder), "%s/%s", path, doctor->settings->name);
	if (!check_folder(path, &error)
	    || (stat(folder, &status) == 0 && !check_folder(folder, &error))) {
		check_set_failed(check,
		    "Run the agent as the owner, or chown -R the folder to the agent's user; "
		    "chmod go-w; mount it writable.",
		    &error);
		return;
	}
	check_set_ok(check, "%s is ours to write to", path);
}

void doctor_state_space(const struct doctor *doctor, struct check *check)
{
	const char *path = doctor->settings->state_directory;
	struct error error = ERROR_INIT;
	unsigned long long bytes;
	struct statvfs status;

	if (statvfs(path, &status) != 0) {
		if (errno == ENOENT) {
			check_set_skipped(check, "%s is not there yet", path);
			return;
		}
		(void)set_errno(&error, "look at the file system of", path);
		check_set_failed(check, NULL, &error);
		return;
	}
	bytes = (unsigned long long)status.f_bavail * status.f_frsize;
	/* Some file systems have no inodes to count. */
	if (bytes < POLICY_STATE_SPACE_LEAST
	    || (status.f_files > 0 && status.f_favail < POLICY_STATE_INODES_LEAST))
		check_set_warning(check, "Make room on the file system.",
		    "%llu KiB and %llu inodes are free", bytes / 1024,
		    (unsigned long long)status.f_favail);
	else
		check_set_ok(check, "%llu MiB and %llu inodes are free", bytes / (1024 * 1024),
		    (unsigned long long)status.f_favail);
}

/* Gone from its folder before anything is written into it. */
static bool try_fsync(int folder, const char *path, struct error *error)
{
	char name[48];
	scoped(fd) int file = -1;

	text_format(name, sizeof(name), ".doctor.%ld.tmp", (long)getpid());
	file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return set_errno(error, "make a file in", path);
	if (unlinkat(folder, name, 0) != 0)
		return set_errno(error, "remove a file from", path);
	if (write(file, name, sizeof(name)) != (ssize_t)sizeof(name))
		return set_errno(error, "write to a file in", path);
	if (fsync(file) != 0)
		return set_errno(error, "fsync a file in", path);
	return folder_sync(folder, path, error);
}

void doctor_state_fsync(const struct doctor *doctor, struct check *check)
{
	const char *path = doctor->settings->state_directory;
	int64_t began = clock_milliseconds();
	struct error error = ERROR_INIT;
	scoped(fd) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 && errno == ENOENT)
		check_set_skipped(check, "%s is not there yet", path);
	else if ((folder < 0 && !set_errno(&error, "open", path))
		 || !try_fsync(folder, path, &error))
		check_set_failed(check,
		    "Without fsync no state survives a crash: mend the file system or take "
		    "another one.",
		    &error);
	else
		check_set_ok(check, "a file is on disk within %lld ms",
		    (long long)(clock_milliseconds() - began));
}

void doctor_lock(const struct doctor *doctor, struct check *check)
{
	struct error error = ERROR_INIT;

	if (!doctor->identity->store)
		check_set_skipped(check, "there is nothing to lock yet");
	else if (lock_look(doctor->identity->store, &error))
		check_set_ok(check, "free");
	else if (error.kind == ERROR_BUSY)
		check_set_warning(check,
		    "Nothing is wrong unless it stays so: then look at that process.", "%s",
		    error.message);
	else
		check_set_failed(check, NULL, &error);
}

void doctor_journal(const struct doctor *doctor, struct check *check)
{
	const struct journal *journal = &doctor->identity->journal;
	int64_t next = decide_next_attempt(doctor->identity, clock_now());
	bool enough = next != 0 && next == decide_next_certificate(doctor->identity, clock_now());
	char moment[CLOCK_TEXT_SIZE];

	clock_format(next, moment);
	if (!doctor->identity->store)
		check_set_skipped(check, "there is none yet");
	else if (doctor->identity->journal_damaged || doctor->identity->debts_damaged)
		check_set_warning(check, "The next run sets it aside and goes on.", "%s is damaged",
		    doctor->identity->journal_damaged ? "journal.json" : "debts.json");
	else if (enough)
		check_set_warning(check,
		    "Find out what asks so often; renew waits, with --force too.",
		    "as many certificates have been asked for as max_certificates_per_day allows: "
		    "the next one from %s on",
		    moment);
	else if (next != 0)
		check_set_warning(check,
		    "Mend what follows; renew --force tries before that moment.",
		    "in a back-off until %s: %s", moment, journal->last_message);
	else if (journal_has_spare(journal))
		check_set_ok(check, "no renewal is under way; a spare key waits for the next one");
	else if (journal->spare)
		check_set_ok(check, "a spare key is in the making; the next run goes on");
	else if (journal->phase != PHASE_IDLE)
		check_set_ok(check, "a renewal has come to %s; the next run goes on",
		    journal_phase_name(journal->phase));
	else
		check_set_ok(check, "no renewal is under way");
}

void doctor_certificate(const struct doctor *doctor, struct check *check)
{
	const struct identity *identity = doctor->identity;
	const int64_t now = clock_now();
	struct error error = identity->unreadable;
	char end[CLOCK_TEXT_SIZE];
	char due[CLOCK_TEXT_SIZE];
	enum reason reason;

	clock_format(identity->not_after, end);
	clock_format(decide_next_renewal(identity, now), due);
	if (error.kind != ERROR_NONE) {
		check_set_failed(check,
		    "Bring the state directory back from a backup, or enroll with a one-time "
		    "token.",
		    &error);
	} else if (identity->active.number == 0) {
		check_set_warning(check, "Enroll with a one-time token.", "there is none yet");
	} else if (decide_needs_enrolment(identity, now, &reason, &error)) {
		check_set_failed(check, "Enroll with a one-time token.", &error);
	} else if (now > identity->not_after) {
		(void)error_set(&error, ERROR_REENROLL, "it has expired at %s", end);
		check_set_failed(
		    check, "If the clock is right, enroll with a one-time token.", &error);
	} else if (now < identity->not_before) {
		(void)error_set(&error, ERROR_CLOCK, "it is not valid yet");
		check_set_failed(check, "Set the clock of this host right.", &error);
	} else if (identity->distrusted) {
		check_set_warning(check, "Renew it: the next run does.",
		    "valid until %s, but under a CA that distrusted_ca names", end);
	} else {
		check_set_ok(check, "valid until %s, next renewal %s", end, due);
	}
}
