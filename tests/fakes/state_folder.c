#include "tests/fakes/state_folder.h"

#include "base/file.h"
#include "base/text.h"
#include "tests/fakes/authority.h"
#include "tests/fakes/scratch_folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX (1024 * 1024)

static char parent[SCRATCH_FOLDER_SIZE];
static char folder[48];

static void must(bool holds)
{
	if (!holds)
		abort();
}

void state_folder_make(void)
{
	scratch_folder_make(parent);
	must(text_format(folder, sizeof(folder), "%s/state", parent));
}

const char *state_folder_path(void)
{
	return folder;
}

void state_folder_discard(void)
{
	scratch_folder_remove(parent);
}

struct store *state_folder_open(void)
{
	struct error error = ERROR_INIT;
	struct store *store = NULL;

	must(store_open(folder, STATE_FOLDER_IDENTITY, true, &store, &error));
	return store;
}

static struct store *shared;

static void discard_shared(void)
{
	store_close(shared);
	state_folder_discard();
}

struct store *state_folder_shared(void)
{
	if (!shared) {
		state_folder_make();
		shared = state_folder_open();
		must(atexit(discard_shared) == 0);
	}
	return shared;
}

struct full_path {
	char text[512];
};

static struct full_path locate(const char *path)
{
	struct full_path full;

	must(text_format(full.text, sizeof(full.text), "%s/%s", folder, path));
	return full;
}

void state_folder_write_bytes(const char *path, const void *bytes, size_t length)
{
	scoped(FILE) FILE *file = fopen(locate(path).text, "w");

	must(file && fwrite(bytes, 1, length, file) == length && fflush(file) == 0);
}

void state_folder_write(const char *path, const char *text)
{
	state_folder_write_bytes(path, text, strlen(text));
}

char *state_folder_read(const char *path)
{
	struct error error = ERROR_INIT;
	char *text = NULL;
	size_t length;

	must(file_read(AT_FDCWD, locate(path).text, FILE_SIZE_MAX, path, &text, &length, &error));
	return text;
}

bool state_folder_has(const char *path)
{
	struct stat status;

	return lstat(locate(path).text, &status) == 0;
}

unsigned state_folder_mode(const char *path)
{
	struct stat status;

	must(lstat(locate(path).text, &status) == 0);
	return status.st_mode & 07777;
}

static const char *counted_suffix;
static int counted;

static int count_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	size_t length = strlen(path);
	size_t suffix = strlen(counted_suffix);

	(void)status;
	(void)type;
	(void)place;
	counted += length >= suffix && text_equal(path + length - suffix, counted_suffix);
	return 0;
}

int state_folder_count(const char *suffix)
{
	counted_suffix = suffix;
	counted = 0;
	must(nftw(folder, count_entry, 16, FTW_PHYS) == 0);
	return counted;
}

struct generation state_folder_generation(uint32_t number)
{
	struct authority_recipe ca = authority_ca("CN=Kyma", authority_key(1));
	struct authority_recipe leaf =
	    authority_leaf("C=DE,O=Org,OU=OrgUnit,L=l,ST=s,CN=4f1c", authority_key(0));
	struct generation generation = {
		.number = number,
		.chain = sk_X509_new_null(),
		.key_uri = text_duplicate("pkcs11:token=fleet;id=%01%02;object=k;type=private"),
		.key_id = text_duplicate("0102"),
		.key_label = text_duplicate("renewal-agent/0a1b2c3d/orders/1"),
		.director_url = text_duplicate("https://director.example.com/graphql"),
		.same_issuer = true,
	};
	X509 *issuer = authority_issue(&ca, NULL, authority_key(1));

	must(generation.chain && sk_X509_push(generation.chain, issuer) > 0);
	generation.certificate = authority_issue(&leaf, issuer, authority_key(1));
	return generation;
}
