#include "agent/config/settings.h"
#include "agent/doctor/doctor.h"
#include "agent/enrolment/token_drop.h"
#include "agent/identity/identity.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of an absolute path. */
static bool folder_of(const char *path, char folder[PATH_MAX], struct error *error)
{
	const char *slash = strrchr(path, '/');

	return text_format(folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path)
	       || error_set(error, ERROR_CONFIG, "%s: the path is too long", path);
}

/* Whether we may make, rename and remove files there: asked, not tried. */
static bool may_write_beside(const char *path, struct error *error)
{
	char folder[PATH_MAX];
	struct stat status;

	if (!folder_of(path, folder, error))
		return false;
	if (stat(folder, &status) == 0 && !S_ISDIR(status.st_mode))
		return error_set(error, ERROR_PERMISSION, "%s is not a folder", folder);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
		return true;
	return error_set(error, file_error_kind(errno), "cannot write to %s: %s", folder,
	    file_error_reason(errno));
}

void doctor_metrics(const struct doctor *doctor, struct check *check)
{
	const char *path = doctor->settings->metrics_file;
	struct error error = ERROR_INIT;

	if (!path)
		check_set_skipped(check, "none are configured");
	else if (may_write_beside(path, &error))
		check_set_ok(check, "%s can be replaced", path);
	else
		check_set_warning(check,
		    "Make the folder, and let the agent's user write to it; the units need the "
		    "drop-in metrics.conf, which names it in ReadWritePaths=.",
		    "%s will not be written: %s", path, error.message);
}

/* In a folder like /tmp only the owners of folder and file may remove one. */
static bool may_remove(const char *path, const struct stat *file)
{
	char folder[PATH_MAX];
	struct error ignored = ERROR_INIT;
	struct stat status;

	if (!folder_of(path, folder, &ignored) || stat(folder, &status) != 0)
		return false;
	return !(status.st_mode & S_ISVTX) || geteuid() == 0 || status.st_uid == geteuid()
	       || file->st_uid == geteuid();
}

static void set_by_drop(struct check *check, const struct token_drop *drop)
{
	static const char *const another =
	    "Put another one-time token there: a token is sent once.";
	const char *what = drop->path ? drop->path : drop->name;

	if (drop->state == TOKEN_DROP_REFUSED)
		check_set_failed(check, NULL, &drop->refused);
	else if (drop->state == TOKEN_DROP_NONE)
		check_set_ok(check, "none is there, and one may be put there");
	else if (drop->path && !may_remove(drop->path, &drop->file))
		check_set_warning(check, "Take another folder, or chown the file.",
		    "%s cannot be removed after its use: its folder is sticky and the file "
		    "another user's",
		    drop->path);
	else if (drop->state == TOKEN_DROP_SPENT)
		check_set_warning(check, another, "the token in %s has been used", what);
	else
		check_set_ok(check, "one is in %s, for the run that needs it", what);
}

/* Nothing is sent, and nothing of the token is shown. */
void doctor_enrollment_token(const struct doctor *doctor, struct check *check)
{
	scoped(token_drop) struct token_drop drop = { .state = TOKEN_DROP_UNKNOWN };
	const struct identity_settings *settings = doctor->settings;
	struct error error = ERROR_INIT;

	if (!settings->enrollment_token_file && !settings->enrollment_token_credential) {
		check_set_skipped(check, "no place for one is configured");
		return;
	}
	if (settings->enrollment_token_file
	    && !may_write_beside(settings->enrollment_token_file, &error)) {
		check_set_warning(check,
		    "Make the folder, owned by the agent's user; in the sandbox of the units name "
		    "it in ReadWritePaths=.",
		    "a token in %s could not be removed after its use: %s",
		    settings->enrollment_token_file, error.message);
		return;
	}
	token_drop_look(&drop, doctor->identity);
	set_by_drop(check, &drop);
}
