#include "agent/enrolment/token_drop.h"

#include "agent/identity/identity.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static bool check_file(const struct stat *status, const char *path, struct error *error)
{
	if (!S_ISREG(status->st_mode))
		return error_set(error, ERROR_PERMISSION, "%s is not a regular file", path);
	if (status->st_size > SECRET_SIZE_MAX)
		return error_set(error, ERROR_REENROLL,
		    "%s is longer than %d bytes: it holds no "
		    "one-time token",
		    path, SECRET_SIZE_MAX);
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error, ERROR_PERMISSION,
		    "%s belongs to the user %u: chown it to root or to the user %u", path,
		    status->st_uid, geteuid());
	if (status->st_mode & (S_IRWXO | S_IWGRP))
		return error_set(error, ERROR_PERMISSION,
		    "%s has the mode %04o, which lets others read or change the one-time token: "
		    "chmod it to 0600 or 0640, and supply another token if anybody may have seen "
		    "this one",
		    path, status->st_mode & 07777);
	return true;
}

/* Opened once: what counts is the file that was opened. O_NONBLOCK: a FIFO must not hold us up. */
static bool open_file(const char *path, int *ret_file, struct stat *ret_status, struct error *error)
{
	scoped(fd) int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (file < 0 || fstat(file, ret_status) != 0)
		return error_set(error, file_error_kind(errno), "cannot open %s: %s", path,
		    file_error_reason(errno));
	if (!check_file(ret_status, path, error))
		return false;
	*ret_file = take_fd(&file);
	return true;
}

static bool is_blank(const struct secret *text)
{
	return strspn(secret_bytes(text), " \t\r\n") == secret_length(text);
}

/* ret_token->secret stays NULL when there is none. */
static bool read_token(
    const char *path, struct stat *ret_status, struct enroll_token *ret_token, struct error *error)
{
	scoped(fd) int file = -1;
	scoped(secret) struct secret *text = NULL;

	if (!open_file(path, &file, ret_status, error))
		return false;
	if (file < 0)
		return true;
	if (!secret_protect_process(error) || !secret_new(&text, error)
	    || !secret_read(text, file, path, error))
		return false;
	if (is_blank(text))
		return true;
	if (enroll_token_parse(secret_bytes(text), secret_length(text), ret_token, error))
		return true;
	/* Nobody has typed it: what is called for is another one. */
	error->kind = ERROR_REENROLL;
	return error_prefix(error, "%s", path);
}

static void look_at(struct token_drop *drop, const struct identity *identity, const char *path)
{
	struct enroll_token token = { .secret = NULL };

	drop->state = TOKEN_DROP_NONE;
	if (!read_token(path, &drop->file, &token, &drop->refused))
		drop->state = TOKEN_DROP_REFUSED;
	else if (token.secret)
		drop->state = journal_token_is_spent(&identity->journal, secret_bytes(token.secret),
				  secret_length(token.secret))
				  ? TOKEN_DROP_SPENT
				  : TOKEN_DROP_WAITING;
	if (drop->state == TOKEN_DROP_WAITING)
		drop->token = token;
	else
		enroll_token_clear(&token);
}

/* By hand, outside of the unit, there are no credentials. */
static void look_at_credential(struct token_drop *drop, const struct identity *identity)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	drop->name = identity->settings->enrollment_token_credential;
	if (folder && folder[0] == '/'
	    && text_format(path, sizeof(path), "%s/%s", folder, drop->name))
		look_at(drop, identity, path);
}

void token_drop_look(struct token_drop *drop, const struct identity *identity)
{
	const struct identity_settings *settings = identity->settings;
	struct token_drop file;

	if (drop->state != TOKEN_DROP_UNKNOWN)
		return;
	*drop = (struct token_drop){ .state = TOKEN_DROP_NONE };
	if (settings->enrollment_token_file) {
		drop->path = settings->enrollment_token_file;
		look_at(drop, identity, drop->path);
	}
	if (!settings->enrollment_token_credential || drop->state == TOKEN_DROP_WAITING
	    || drop->state == TOKEN_DROP_REFUSED)
		return;
	file = *drop;
	*drop = (struct token_drop){ .state = TOKEN_DROP_NONE };
	look_at_credential(drop, identity);
	/* Of two without a use, the file is what somebody can do something about. */
	if (file.path && drop->state != TOKEN_DROP_WAITING && drop->state != TOKEN_DROP_REFUSED)
		*drop = file;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
	       && a->st_mtim.tv_sec == b->st_mtim.tv_sec
	       && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool remove_file(int folder, const struct token_drop *drop, struct error *error)
{
	const char *slash = strrchr(drop->path, '/');
	struct stat status;

	if (fstatat(folder, slash + 1, &status, 0) != 0)
		return errno == ENOENT
		       || error_set(error, file_error_kind(errno), "%s: %s", drop->path,
			   file_error_reason(errno));
	return !is_same(&status, &drop->file) || file_remove(folder, slash + 1, drop->path, error);
}

bool token_drop_remove(const struct token_drop *drop, struct error *error)
{
	char parent[PATH_MAX];
	scoped(fd) int folder = -1;
	const char *slash;

	if (!drop->path)
		return true;
	slash = strrchr(drop->path, '/');
	if (!text_format(parent, sizeof(parent), "%.*s", (int)(slash - drop->path) + 1, drop->path))
		return error_set(error, ERROR_STATE, "%s: the path is too long", drop->path);
	return folder_open(parent, &folder, error) && remove_file(folder, drop, error);
}

void token_drop_clear(struct token_drop *drop)
{
	enroll_token_clear(&drop->token);
	*drop = (struct token_drop){ .state = TOKEN_DROP_UNKNOWN };
}
