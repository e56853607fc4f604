#include "agent/hooks/hook_program.h"

#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX 40       /* as Linux has it */
#define INTERPRETERS_MAX 4 /* the same: an interpreter may be a script itself */
#define FIRST_LINE_SIZE 256

struct walk {
	int at;              /* O_PATH: the folder come to */
	char path[PATH_MAX]; /* of it, without symlinks; "" is the root */
	char rest[PATH_MAX]; /* still to be walked */
	unsigned links;
};

__attribute__((unused)) static inline void scoped_destroy_walk(struct walk *walk)
{
	scoped(fd) int at = walk->at;

	(void)at;
}

static bool refuse(struct error *error, const char *path, const char *reason)
{
	return error_set(error, ERROR_CONFIG, "%s: %s", path[0] ? path : "/", reason);
}

/* Nobody but root and our user can change it. */
static bool check_writers(const struct stat *status, const char *path, struct error *error)
{
	const char *what = S_ISDIR(status->st_mode) ? "folder" : "file";

	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error, ERROR_CONFIG,
		    "the %s %s belongs to the user with the id %u, who could change what is run: "
		    "chown it to root",
		    what, path[0] ? path : "/", (unsigned)status->st_uid);
	if (!S_ISLNK(status->st_mode) && (status->st_mode & (S_IWGRP | S_IWOTH)))
		return error_set(error, ERROR_CONFIG,
		    "others than its owner may write to the %s %s (mode %04o) and change what is "
		    "run: chmod go-w, or put the program elsewhere",
		    what, path[0] ? path : "/", (unsigned)status->st_mode & 07777);
	return true;
}

static bool enter_root(struct walk *walk, struct error *error)
{
	scoped(fd) int before = walk->at;
	struct stat status;

	(void)before;
	walk->path[0] = '\0';
	walk->at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk->at < 0 || fstat(walk->at, &status) != 0)
		return refuse(error, "/", strerror(errno));
	return check_writers(&status, "/", error);
}

/* The first part of the rest; false when there is none. */
static bool cut_part(struct walk *walk, char part[NAME_MAX + 1], struct error *error)
{
	const char *from = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(from, "/");

	if (length == 0)
		return refuse(error, walk->path, "is a folder, not a program");
	if (length > NAME_MAX)
		return refuse(error, walk->rest, strerror(ENAMETOOLONG));
	memcpy(part, from, length);
	part[length] = '\0';
	from += length + strspn(from + length, "/");
	memmove(walk->rest, from, strlen(from) + 1);
	return true;
}

/* The link's own place has been checked; what it says goes before the rest. */
static bool follow(struct walk *walk, int link, const char *path, struct error *error)
{
	char target[PATH_MAX];
	char rest[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);

	if (length < 0)
		return refuse(error, path, strerror(errno));
	if (++walk->links > LINKS_MAX)
		return refuse(error, path, strerror(ELOOP));
	target[length] = '\0';
	if (!text_format(rest, sizeof(rest), "%s%s%s", target, walk->rest[0] ? "/" : "", walk->rest)
	    || !text_copy(walk->rest, sizeof(walk->rest), rest))
		return refuse(error, path, strerror(ENAMETOOLONG));
	return target[0] != '/' || enter_root(walk, error);
}

/* Of the path; without symlinks in it that is what ".." is. */
static void leave(struct walk *walk)
{
	char *last = strrchr(walk->path, '/');

	if (last)
		*last = '\0';
}

/* One part further. *ret_file: the program, when it has been come to; else -1. */
static bool go_on(struct walk *walk, int *ret_file, struct error *error)
{
	scoped(fd) int next = -1;
	char part[NAME_MAX + 1];
	char path[PATH_MAX + NAME_MAX + 2];
	struct stat status;

	*ret_file = -1;
	if (!cut_part(walk, part, error))
		return false;
	if (text_equal(part, "."))
		return true;
	if (text_equal(part, "..")) {
		leave(walk);
		(void)text_format(path, sizeof(path), "%s", walk->path);
	} else {
		(void)text_format(path, sizeof(path), "%s/%s", walk->path, part);
	}
	next = openat(walk->at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0 || fstat(next, &status) != 0)
		return refuse(error, path, strerror(errno));
	if (!check_writers(&status, path, error))
		return false;
	if (S_ISLNK(status.st_mode))
		return follow(walk, next, path, error);
	if (!text_copy(walk->path, sizeof(walk->path), path))
		return refuse(error, path, strerror(ENAMETOOLONG));
	if (S_ISDIR(status.st_mode)) {
		close(walk->at);
		walk->at = take_fd(&next);
		return true;
	}
	if (walk->rest[0])
		return refuse(error, path, strerror(ENOTDIR));
	if (!S_ISREG(status.st_mode))
		return refuse(error, path, "is not a program");
	*ret_file = take_fd(&next);
	return true;
}

static bool find(const char *path, struct hook_program *program, struct error *error)
{
	scoped(walk) struct walk walk = { .at = -1 };
	const char *name;

	if (!text_copy(walk.rest, sizeof(walk.rest), path))
		return refuse(error, path, strerror(ENAMETOOLONG));
	if (!enter_root(&walk, error))
		return false;
	while (program->file < 0)
		if (!go_on(&walk, &program->file, error))
			return false;
	name = strrchr(walk.path, '/') + 1;
	if (faccessat(walk.at, name, X_OK, AT_EACCESS) != 0)
		return refuse(error, walk.path,
		    errno == EACCES ? "is not executable: chmod +x" : strerror(errno));
	return text_copy(program->path, sizeof(program->path), walk.path);
}

/* What stands behind "#!", up to a blank. False: it is no script, or cannot be read, which an
   interpreter could not do either. */
static bool read_interpreter(const struct hook_program *program, char interpreter[FIRST_LINE_SIZE])
{
	char line[FIRST_LINE_SIZE];
	scoped(fd) int file = open(program->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length = file >= 0 ? pread(file, line, sizeof(line) - 1, 0) : -1;
	char *word = line + 2;

	if (length < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[length] = '\0';
	word += strspn(word, " \t");
	word[strcspn(word, " \t\r\n")] = '\0';
	return text_copy(interpreter, FIRST_LINE_SIZE, word);
}

static bool check_interpreter(const struct hook_program *program, struct error *error)
{
	char interpreter[FIRST_LINE_SIZE];
	struct hook_program script = *program;

	for (unsigned depth = 0; read_interpreter(&script, interpreter); depth++) {
		scoped(hook_program) struct hook_program found = { .file = -1 };

		if (depth == INTERPRETERS_MAX)
			return refuse(error, program->path, strerror(ELOOP));
		if (interpreter[0] != '/')
			return error_set(error, ERROR_CONFIG,
			    "%s: its first line names no absolute path: \"#!%s\"", script.path,
			    interpreter);
		if (!find(interpreter, &found, error))
			return error_prefix(error, "the interpreter of %s", script.path);
		memcpy(script.path, found.path, sizeof(script.path));
	}
	return true;
}

bool hook_program_open(const char *path, struct hook_program *ret_program, struct error *error)
{
	scoped(hook_program) struct hook_program program = { .file = -1 };
	char ignored[FIRST_LINE_SIZE];

	if (!find(path, &program, error) || !check_interpreter(&program, error))
		return false;
	program.script = read_interpreter(&program, ignored);

	*ret_program = program;
	program.file = -1;
	return true;
}

void hook_program_close(struct hook_program *program)
{
	scoped(fd) int file = take_fd(&program->file);

	(void)file;
}

void hook_program_execute(
    const struct hook_program *program, char *const *arguments, char *const *environment)
{
	if (program->script)
		(void)execve(program->path, arguments, environment);
	else
		(void)execveat(program->file, "", arguments, environment, AT_EMPTY_PATH);
}
