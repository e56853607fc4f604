#include "agent/call.h"
#include "agent/config/config.h"
#include "agent/config/config_files.h"
#include "agent/doctor/doctor.h"
#include "agent/options.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first file that others than root and the owner can change; NULL when there is none. */
static const char *find_open_file(const struct config_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		struct stat status;

		if (stat(files->paths[i], &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)))
			return files->paths[i];
	}
	return NULL;
}

static void tell_files(
    const struct config_files *files, const char *path, const char *identity, struct check *check)
{
	if (files->count > 0 && text_equal(files->paths[0], path))
		check_set_ok(
		    check, "%s and %zu drop-ins; identity %s", path, files->count - 1, identity);
	else
		check_set_ok(
		    check, "%zu drop-ins, without %s; identity %s", files->count, path, identity);
}

void doctor_configuration(const struct doctor *doctor, struct check *check)
{
	scoped(config_files) struct config_files files = { .count = 0 };
	const char *path = config_path(doctor->call->options->config);
	struct error error = ERROR_INIT;
	const char *open_file;

	if (!config_files_find(path, &files, &error)) {
		check_set_failed(check, NULL, &error);
		return;
	}
	open_file = find_open_file(&files);
	if (open_file)
		check_set_warning(check, "chmod go-w the file.",
		    "others than its owner may write to %s", open_file);
	else
		tell_files(&files, path, doctor->settings->name, check);
}

/* That its content is a PIN is for pin-source to find out. */
void doctor_credentials(const struct doctor *doctor, struct check *check)
{
	const char *name = doctor->settings->pin_credential;
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	struct error error = ERROR_INIT;
	char path[PATH_MAX];

	if (!name) {
		check_set_skipped(check, "none is configured");
		return;
	}
	if (!folder) {
		(void)error_set(&error, ERROR_PIN,
		    "pin_credential is %s, but there are no credentials here: "
		    "$CREDENTIALS_DIRECTORY is not set",
		    name);
		check_set_failed(check,
		    "Run doctor as the service does: systemd-run --wait --pipe "
		    "-p User=renewal-agent -p LoadCredential=NAME:FILE renewal-agent doctor",
		    &error);
		return;
	}
	if (text_format(path, sizeof(path), "%s/%s", folder, name) && access(path, R_OK) == 0) {
		check_set_ok(check, "%s is there", name);
		return;
	}
	(void)error_set(&error, ERROR_PIN, "the credential %s: %s", path, strerror(errno));
	check_set_failed(
	    check, "Add LoadCredential= or LoadCredentialEncrypted= to the unit.", &error);
}
