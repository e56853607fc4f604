#include "agent/state/store_folder.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/file.h>

#define TAG_NAME "tag"
#define TAG_BYTES 4
#define TAG_LIMIT 64

static bool read_tag(int state_folder, const char *path, char ret_tag[STORE_TAG_SIZE],
    bool *ret_found, struct error *error)
{
	unsigned char bytes[TAG_BYTES];
	scoped(char) char *text = NULL;
	size_t length;

	if (!file_read(state_folder, TAG_NAME, TAG_LIMIT, path, &text, &length, error))
		return false;
	*ret_found = text != NULL;
	if (!text)
		return true;
	if (length == STORE_TAG_SIZE && text[length - 1] == '\n')
		text[length - 1] = '\0';
	if (!text_from_hex(text, bytes, sizeof(bytes))) {
		return error_set(error, ERROR_DAMAGED,
		    "%s does not hold 8 hexadecimal digits: the labels of the keys in the token "
		    "(renewal-agent/<tag>/...) show which it were; write them back",
		    path);
	}
	text_to_hex(bytes, sizeof(bytes), ret_tag);
	return true;
}

static bool make_tag(
    int state_folder, const char *path, char ret_tag[STORE_TAG_SIZE], struct error *error)
{
	char text[STORE_TAG_SIZE + 1];
	unsigned char bytes[TAG_BYTES];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return error_set_openssl(error, ERROR_INTERNAL, "no random numbers for %s", path);
	text_to_hex(bytes, sizeof(bytes), ret_tag);
	text_format(text, sizeof(text), "%s\n", ret_tag);
	return file_replace(state_folder, TAG_NAME, text, STORE_TAG_SIZE, 0644, path, error);
}

/* The folder itself is the lock under which the tag is made: two first runs agree on one, and a
   killed one leaves no lock behind. It is given back when the caller closes the folder. */
bool store_tag_load(int state_folder, const char *state_directory, bool make,
    char ret_tag[STORE_TAG_SIZE], struct error *error)
{
	char path[PATH_MAX];
	bool found;

	ret_tag[0] = '\0';
	text_format(path, sizeof(path), "%s/" TAG_NAME, state_directory);
	if (!read_tag(state_folder, path, ret_tag, &found, error))
		return false;
	if (found || !make)
		return true;
	while (flock(state_folder, LOCK_EX) != 0) {
		if (errno != EINTR)
			return error_set(error, ERROR_STATE, "cannot lock the folder %s: %s",
			    state_directory, strerror(errno));
	}
	if (!read_tag(state_folder, path, ret_tag, &found, error))
		return false;
	return found || make_tag(state_folder, path, ret_tag, error);
}
