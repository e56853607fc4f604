#include "agent/renewal/handshake_sight.h"

#include "agent/job/handshake.h"
#include "agent/state/store.h"
#include "agent/x509/ca_names.h"
#include "agent/x509/certificate.h"
#include "transport/https.h"

_Static_assert(CA_NAME_SIZE == HANDSHAKE_NAME_MOST + 1, "a name can be told");

static cJSON *describe(const STACK_OF(X509_NAME) *names)
{
	char name[CA_NAME_SIZE];
	cJSON *list;

	if (sk_X509_NAME_num(names) <= 0)
		return NULL;
	list = cJSON_CreateArray();
	for (int i = 0; i < sk_X509_NAME_num(names) && i < HANDSHAKE_NAMES_MAX; i++) {
		ca_names_describe(sk_X509_NAME_value(names, i), name);
		(void)cJSON_AddItemToArray(list, cJSON_CreateString(name));
	}
	return list;
}

static int64_t find_end(const STACK_OF(X509) *chain)
{
	struct error ignored = ERROR_INIT;
	X509 *first = NULL;
	int64_t end = 0;

	return certificate_first_end(chain, &first, &end, &ignored) && first && end > 0 ? end : 0;
}

void handshake_sight_take(const struct https_facts *facts, const struct generation *generation,
    int64_t now, struct handshake *handshake)
{
	const STACK_OF(X509_NAME) *names = facts->acceptable_cas;

	if (generation->number == 0 || !facts->server_chain || !facts->certificate_sent)
		return;
	handshake_clear(handshake);
	*handshake = (struct handshake){
		.generation = generation->number,
		.same_issuer = generation->same_issuer,
		.issuer_named =
		    ca_names_have_issuer(names, generation->certificate, generation->chain),
		.name_count = names ? (uint32_t)sk_X509_NAME_num(names) : 0,
		.names = describe(names),
		.server_end = find_end(facts->server_chain),
		.has_date = facts->date != 0,
		.clock_ahead = facts->date != 0 ? now - facts->date : 0,
	};
}
