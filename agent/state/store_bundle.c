#include "agent/state/store_folder.h"
#include "agent/x509/bundle.h"
#include "agent/x509/certificate.h"
#include "agent/x509/distrust.h"
#include "base/file.h"
#include "base/text.h"

#include <string.h>

#define BUNDLE_NAME "ca-bundle.pem"

struct collection {
	STACK_OF(X509) *certificates; /* owned */
	int64_t now;
	const struct distrust *distrust;
};

static bool is_wanted(const struct collection *collection, const X509 *ca)
{
	struct error ignored = ERROR_INIT;
	int64_t start, end;

	if (distrust_covers(collection->distrust, ca))
		return false;
	for (int i = 0; i < sk_X509_num(collection->certificates); i++)
		if (X509_cmp(sk_X509_value(collection->certificates, i), ca) == 0)
			return false;
	return certificate_dates(ca, &start, &end, &ignored) && end >= collection->now;
}

static bool add_chain(
    struct collection *collection, const STACK_OF(X509) *chain, struct error *error)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *ca = sk_X509_value(chain, i);

		if (!is_wanted(collection, ca))
			continue;
		if (sk_X509_push(collection->certificates, ca) <= 0)
			return error_set(error, ERROR_INTERNAL, "no memory for " BUNDLE_NAME);
		X509_up_ref(ca);
	}
	return true;
}

/* The newest first. One that cannot be read must not hold up the others. */
static bool collect(const struct store *store, uint32_t under_way, struct collection *collection,
    struct error *error)
{
	uint32_t numbers[STORE_GENERATIONS_MAX];
	uint32_t current;
	size_t count;

	if (!store_current(store, &current, error) || !store_list(store, numbers, &count, error))
		return false;
	while (count-- > 0) {
		scoped(generation) struct generation generation = { 0 };
		struct error ignored = ERROR_INIT;

		if (numbers[count] == under_way && under_way != current)
			continue;
		if (store_load(store, numbers[count], &generation, &ignored)
		    && !add_chain(collection, generation.chain, error))
			return false;
	}
	return true;
}

static bool is_unchanged(const struct store *store, const char *pem)
{
	struct error ignored = ERROR_INIT;
	scoped(char) char *present = NULL;
	size_t length;

	return file_read(store->folder, BUNDLE_NAME, strlen(pem), BUNDLE_NAME, &present, &length,
		   &ignored)
	       && text_equal(present ? present : "", pem);
}

bool store_refresh_ca_bundle(const struct store *store, uint32_t under_way, int64_t now,
    const struct distrust *distrust, struct error *error)
{
	scoped(X509_STACK) STACK_OF(X509) *certificates = sk_X509_new_null();
	struct collection collection = { certificates, now, distrust };
	char path[PATH_MAX];
	scoped(char) char *pem = NULL;

	if (!certificates)
		return error_set(error, ERROR_INTERNAL, "no memory for " BUNDLE_NAME);
	if (!collect(store, under_way, &collection, error))
		return false;
	if (sk_X509_num(certificates) == 0)
		pem = text_duplicate("");
	else if (!bundle_format(NULL, certificates, &pem, error))
		return false;
	text_format(path, sizeof(path), "%s/" BUNDLE_NAME, store->path);
	return is_unchanged(store, pem)
	       || file_replace(store->folder, BUNDLE_NAME, pem, strlen(pem), 0644, path, error);
}
