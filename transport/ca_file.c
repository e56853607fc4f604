#include "transport/ca_file.h"

#include "base/scoped.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CURE                                                                                       \
	"set server_ca_file to a PEM file of the CA that the Connector's server certificate "      \
	"comes "                                                                                   \
	"from, or leave it away for the system's store"

static bool fail(const char *path, int reason, struct error *error)
{
	if (reason == EACCES || reason == EPERM)
		return error_set(error, ERROR_PERMISSION,
		    "cannot read server_ca_file %s: %s; let the user with the id %u read it, and "
		    "enter the folders above it",
		    path, strerror(reason), (unsigned)geteuid());
	return error_set(error, ERROR_CONFIG, "cannot read server_ca_file %s: %s; " CURE, path,
	    strerror(reason));
}

static bool has_certificate(int *file)
{
	scoped(FILE) FILE *stream = fdopen(*file, "r");
	scoped(X509) X509 *certificate = NULL;

	if (!stream)
		return false;
	(void)take_fd(file); /* it is the stream's now */
	certificate = PEM_read_X509_AUX(stream, NULL, NULL, NULL);
	ERR_clear_error();
	return certificate != NULL;
}

/* O_NONBLOCK: a FIFO in its place must not hold us up. */
bool ca_file_check(const char *path, struct error *error)
{
	scoped(fd) int file = -1;
	struct stat status;

	if (!path)
		return true;
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0 || fstat(file, &status) != 0)
		return fail(path, errno, error);
	if (S_ISDIR(status.st_mode))
		return fail(path, EISDIR, error);
	if (!S_ISREG(status.st_mode))
		return error_set(
		    error, ERROR_CONFIG, "server_ca_file %s is not a regular file; " CURE, path);
	if (status.st_size == 0)
		return error_set(error, ERROR_CONFIG, "server_ca_file %s is empty; " CURE, path);
	return has_certificate(&file)
	       || error_set(error, ERROR_CONFIG,
		   "server_ca_file %s holds no PEM certificate that can be read; " CURE, path);
}
