#include "agent/state/store.h"
#include "base/text.h"

#include <stdlib.h>

static char *copy_text(const char *text)
{
	return text ? text_duplicate(text) : NULL;
}

bool generation_copy(const struct generation *from, struct generation *ret_copy)
{
	scoped(generation) struct generation copy = *from;

	copy.chain = X509_chain_up_ref(from->chain);
	X509_up_ref(copy.certificate);
	copy.key_uri = copy_text(from->key_uri);
	copy.key_id = copy_text(from->key_id);
	copy.key_label = copy_text(from->key_label);
	copy.director_url = copy_text(from->director_url);
	copy.connector_url = copy_text(from->connector_url);
	if (!copy.chain)
		return false;
	*ret_copy = copy;
	copy = (struct generation){ 0 };
	return true;
}

void generation_clear(struct generation *generation)
{
	X509_free(generation->certificate);
	sk_X509_pop_free(generation->chain, X509_free);
	free(generation->key_uri);
	free(generation->key_id);
	free(generation->key_label);
	free(generation->director_url);
	free(generation->connector_url);
	*generation = (struct generation){ 0 };
}
