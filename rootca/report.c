/* Which host is on which CA. */
#include "base/clock.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/commands.h"
#include "rootca/input.h"
#include "rootca/options.h"
#include "rootca/output.h"

#include <stdio.h>
#include <string.h>

static bool is_due(const struct fleet_identity *identity, int64_t now)
{
	return text_equal(identity->state, "due") || text_equal(identity->state, "renewing")
	       || (identity->next_renewal != 0 && identity->next_renewal <= now);
}

/* Never enrolled, or the stand-in for a host that has not reported yet. */
static bool has_no_certificate(const struct fleet_identity *identity)
{
	return identity->not_after == 0 && !text_equal(identity->state, "re-enrolment-needed");
}

static bool is_locked_out(const struct fleet_identity *identity, int64_t now)
{
	return text_equal(identity->state, "re-enrolment-needed") || identity->not_after < now;
}

/* By CA, then by host and identity. */
static int compare(const void *a, const void *b)
{
	const struct fleet_identity *left = a;
	const struct fleet_identity *right = b;
	int order = strcmp(left->issuer_sha256, right->issuer_sha256);

	if (order == 0)
		order = strcmp(left->host, right->host);
	return order != 0 ? order : strcmp(left->identity, right->identity);
}

static const char *standing_of(const struct fleet_identity *identity, int64_t now)
{
	if (has_no_certificate(identity))
		return "none";
	if (is_locked_out(identity, now))
		return "locked-out";
	return is_due(identity, now) ? "due" : "ok";
}

static cJSON *describe(const struct fleet *fleet, int64_t now)
{
	cJSON *object = json_new_object();
	cJSON *list = json_add_array(object, "cas");
	cJSON *identities = NULL;
	const char *last = NULL;

	json_add_integer(object, "schema_version", 1);
	json_add_boolean(object, "failed", false);
	for (size_t i = 0; i < fleet->count; i++) {
		const struct fleet_identity *each = &fleet->identities[i];
		cJSON *member = json_new_object();

		if (!last || !text_equal(last, each->issuer_sha256)) {
			cJSON *ca = json_new_object();

			last = each->issuer_sha256;
			json_add_string(ca, "sha256", last[0] ? last : NULL);
			identities = json_add_array(ca, "identities");
			(void)cJSON_AddItemToArray(list, ca);
		}
		json_add_string(member, "host", each->host);
		json_add_string(member, "identity", each->identity);
		json_add_string(member, "standing", standing_of(each, now));
		json_add_string(member, "state", each->state[0] ? each->state : NULL);
		json_add_time(member, "not_after", each->not_after);
		json_add_time(member, "next_renewal", each->next_renewal);
		(void)cJSON_AddItemToArray(identities, member);
	}
	return object;
}

static size_t count_standing(const cJSON *identities, const char *standing)
{
	size_t count = 0;
	const cJSON *each;

	cJSON_ArrayForEach (each, identities) {
		count += text_equal(json_string(each, "standing"), standing);
	}
	return count;
}

static void print_identity(const cJSON *identity)
{
	const char *next = json_string(identity, "next_renewal");
	const char *end = json_string(identity, "not_after");

	printf("  %-10s  %-20s  %-20s  %s/%s\n", json_string(identity, "standing"),
	    next ? next : "-", end ? end : "-", json_string(identity, "host"),
	    json_string(identity, "identity"));
}

static void print_report(const cJSON *object)
{
	const cJSON *ca;
	const cJSON *each;

	cJSON_ArrayForEach (ca, json_member(object, "cas")) {
		const cJSON *identities = json_member(ca, "identities");
		const char *sha256 = json_string(ca, "sha256");

		printf("%s%s: %d identities, %zu ok, %zu due, %zu locked out\n",
		    sha256 ? "CA " : "", sha256 ? sha256 : "no certificate",
		    cJSON_GetArraySize(identities), count_standing(identities, "ok"),
		    count_standing(identities, "due"), count_standing(identities, "locked-out"));
		printf("  %-10s  %-20s  %-20s  %s\n", "standing", "next renewal", "valid until",
		    "host/identity");
		cJSON_ArrayForEach (each, identities) {
			print_identity(each);
		}
	}
}

bool command_report(const struct options *options, struct error *error)
{
	scoped(fleet) struct fleet fleet = { .count = 0 };
	scoped(cJSON) cJSON *object = NULL;

	if (!input_read_fleet(options->operands, options->operand_count, &fleet, error))
		return false;
	qsort(fleet.identities, fleet.count, sizeof(fleet.identities[0]), compare);
	object = describe(&fleet, clock_now());
	if (options->json)
		return output_json(object, error);
	print_report(object);
	return true;
}
