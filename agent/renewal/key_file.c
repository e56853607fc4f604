#include "agent/renewal/key_file.h"

#include "base/file.h"
#include "base/scoped.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#define KEY_FILE_MAX 65536

/* What was read of the file; wiped. */
struct content {
	unsigned char bytes[KEY_FILE_MAX];
	size_t length;
};

static void discard_content(struct content *content)
{
	OPENSSL_clear_free(content, sizeof(*content));
}

DEFINE_SCOPED(content, struct content *, discard_content)

static bool fail(struct error *error, const char *path)
{
	return error_set(error, errno == ENOENT ? ERROR_TOKEN : file_error_kind(errno),
	    "cannot read the key file %s: %s", path, file_error_reason(errno));
}

/* A named pipe must not be waited for. */
static bool open_file(const char *path, int *ret_file, bool *ret_exposed, struct error *error)
{
	scoped(fd) int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (file < 0 || fstat(file, &status) != 0)
		return fail(error, path);
	if (!S_ISREG(status.st_mode) || status.st_size > KEY_FILE_MAX)
		return error_set(error, ERROR_TOKEN,
		    "%s is no key file: a regular file of at most %d bytes is expected", path,
		    KEY_FILE_MAX);
	*ret_exposed = status.st_mode & S_IROTH;
	*ret_file = take_fd(&file);
	return true;
}

static bool read_all(int file, const char *path, struct content *content, struct error *error)
{
	while (content->length < sizeof(content->bytes)) {
		ssize_t got = read(file, content->bytes + content->length,
		    sizeof(content->bytes) - content->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(error, path);
		if (got == 0)
			break;
		content->length += (size_t)got;
	}
	return true;
}

/* Nobody is there to be asked. */
static int refuse_password(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static bool parse(
    const struct content *content, const char *path, EVP_PKEY **ret_key, struct error *error)
{
	scoped(BIO) BIO *input = BIO_new_mem_buf(content->bytes, (int)content->length);
	scoped(EVP_PKEY) EVP_PKEY *key = NULL;
	bool encrypted = false;

	ERR_clear_error();
	key = input ? PEM_read_bio_PrivateKey(input, NULL, refuse_password, &encrypted) : NULL;
	ERR_clear_error();
	if (encrypted)
		return error_set(error, ERROR_TOKEN,
		    "the key in %s is encrypted: adopt a copy without a passphrase (openssl pkey "
		    "-in %s -out NEW)",
		    path, path);
	if (!key)
		return error_set(error, ERROR_TOKEN, "%s holds no private key in PEM form", path);
	if (!EVP_PKEY_is_a(key, "RSA"))
		return error_set(error, ERROR_TOKEN, "the key in %s is not an RSA key", path);
	*ret_key = take(key);
	return true;
}

bool key_file_load(const char *path, EVP_PKEY **ret_key, bool *ret_exposed, struct error *error)
{
	scoped(content) struct content *content = OPENSSL_zalloc(sizeof(*content));
	scoped(fd) int file = -1;

	if (!content)
		return error_set(error, ERROR_INTERNAL, "no memory for a key file");
	return open_file(path, &file, ret_exposed, error) && read_all(file, path, content, error)
	       && parse(content, path, ret_key, error);
}
