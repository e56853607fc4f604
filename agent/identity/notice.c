#include "agent/identity/notice.h"

#include "agent/identity/identity.h"
#include "agent/job/handshake.h"

_Static_assert(GATEWAY_NAMES_MAX >= HANDSHAKE_NAMES_MAX, "what a worker tells can be kept");
_Static_assert(GATEWAY_NAME_MOST >= HANDSHAKE_NAME_MOST, "what a worker tells can be kept");

/* A server that names nobody says nothing: what was known of this generation stays. When the generation before was without its issuer too, and
   the renewal brought the same CA, the next one will hardly do better. */
static void take_issuer(struct gateway *gateway, const struct handshake *handshake, int64_t now)
{
	const bool was_missing = gateway->missing_since != 0;

	if (handshake->name_count == 0 && gateway->generation == handshake->generation)
		return;
	if (handshake->issuer_named || handshake->name_count == 0) {
		gateway->missing_since = 0;
		gateway->in_vain = false;
		return;
	}
	if (was_missing && gateway->generation == handshake->generation
	    && gateway->missing_since <= now)
		return;
	gateway->in_vain =
	    was_missing && gateway->generation != handshake->generation && handshake->same_issuer;
	gateway->missing_since = now;
}

void notice_take(struct gateway *gateway, const struct handshake *handshake, int64_t now)
{
	if (handshake->generation == 0)
		return;
	take_issuer(gateway, handshake, now);
	gateway->seen = now;
	gateway->generation = handshake->generation;
	cJSON_Delete(gateway->names);
	gateway->names = cJSON_Duplicate(handshake->names, true);
	gateway->name_count = handshake->name_count;
	if (handshake->server_end != 0)
		gateway->server_end = handshake->server_end;
	/* An answer that brought no date has not changed what the one before said. */
	if (handshake->has_date) {
		gateway->has_date = true;
		gateway->clock_ahead = handshake->clock_ahead;
	}
	if (gateway->probed > now) /* written by a clock that was ahead */
		gateway->probed = now;
}

bool notice_handshake(
    struct identity *identity, const struct handshake *handshake, int64_t now, struct error *error)
{
	if (handshake->generation == 0 || !identity->store)
		return true;
	identity->gateway_met = true;
	notice_take(&identity->gateway, handshake, now);
	return gateway_save(identity->store, &identity->gateway, error);
}

int64_t notice_issuer_missing(const struct identity *identity)
{
	const struct gateway *gateway = &identity->gateway;

	return identity->active.number != 0 && gateway->generation == identity->active.number
		   ? gateway->missing_since
		   : 0;
}

void notice_bring_forward(struct identity *identity)
{
	const int64_t since = notice_issuer_missing(identity);

	if (since != 0)
		schedule_bring_forward(&identity->schedule, since,
		    identity->settings->rotation_spread,
		    identity->gateway.in_vain
			? schedule_ca_limit(identity->not_before, identity->not_after)
			: identity->not_before);
}

/* Who is refused for good is asked about in the journal's back-off. */
static bool is_probed(const struct identity *identity)
{
	return identity->settings->probe == PROBE_DAILY && identity->active.number != 0
	       && !identity->active.revoked && !identity->journal.reenroll;
}

int64_t notice_next_probe(const struct identity *identity, int64_t now)
{
	const struct gateway *gateway = &identity->gateway;
	int64_t last = gateway->seen > gateway->probed ? gateway->seen : gateway->probed;

	if (!is_probed(identity))
		return 0;
	if (last > now) /* written by a clock that was ahead */
		last = now;
	return gateway->probe_again != 0 && gateway->probe_again <= now + SCHEDULE_BACKOFF_MAX
		   ? gateway->probe_again
		   : schedule_daily(&identity->schedule, last);
}

bool notice_probe(struct identity *identity, int64_t now, struct error *error)
{
	identity->gateway.probed = now;
	identity->gateway.probe_again = 0;
	return gateway_save(identity->store, &identity->gateway, error);
}

bool notice_save(const struct identity *identity, struct error *error)
{
	return gateway_save(identity->store, &identity->gateway, error);
}
