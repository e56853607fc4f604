#include "agent/visit/gateway_news.h"

#include "agent/call.h"
#include "agent/identity/decide.h"
#include "agent/identity/identity.h"
#include "agent/identity/notice.h"
#include "agent/policy.h"
#include "agent/report/console.h"
#include "agent/report/message_ids.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/scoped.h"
#include "base/text.h"

#include <inttypes.h>

/* Names that are told one by one. */
#define NAMES_TOLD 4

struct gateway_news gateway_news_begin(const struct identity *identity)
{
	const struct gateway *gateway = &identity->gateway;

	return (struct gateway_news){
		.names = cJSON_Duplicate(gateway->names, true),
		.all = (uint32_t)cJSON_GetArraySize(gateway->names) == gateway->name_count,
		.missing = notice_issuer_missing(identity) != 0,
	};
}

static bool has(const cJSON *names, const char *name)
{
	const cJSON *each;

	cJSON_ArrayForEach (each, names) {
		if (text_equal(each->valuestring, name))
			return true;
	}
	return false;
}

/* Of a list that was cut before nobody knows what is new. */
static void tell_new_names(
    const struct gateway_news *before, const struct call *call, const struct identity *identity)
{
	const cJSON *each;
	unsigned count = 0;

	if (!before->names || !before->all)
		return;
	cJSON_ArrayForEach (each, identity->gateway.names) {
		if (has(before->names, each->valuestring))
			continue;
		if (++count <= NAMES_TOLD)
			console_event(call->console, LOG_LEVEL_INFO, MESSAGE_ID_CA_ACCEPTED,
			    "the gateway accepts another CA than before: %s", each->valuestring);
	}
	if (count > NAMES_TOLD)
		console_event(call->console, LOG_LEVEL_INFO, MESSAGE_ID_CA_ACCEPTED, "and %u more",
		    count - NAMES_TOLD);
}

static void tell_missing(const struct call *call, const struct identity *identity)
{
	const X509 *certificate = identity->active.certificate;
	struct error ignored = ERROR_INIT;
	scoped(char) char *issuer = NULL;
	char due[CLOCK_TEXT_SIZE];

	(void)!subject_format(X509_get_issuer_name(certificate), &issuer, &ignored);
	clock_format(decide_next_renewal(identity, clock_now()), due);
	console_event(call->console, LOG_LEVEL_WARNING, MESSAGE_ID_ISSUER_MISSING,
	    "our issuer %s is not among the %" PRIu32
	    " CAs that the gateway accepts: its CA is being replaced, or its configuration is "
	    "wrong; the next renewal is at %s",
	    issuer ? issuer : "", identity->gateway.name_count, due);
}

static void tell_issuer(
    const struct gateway_news *before, const struct call *call, const struct identity *identity)
{
	bool missing = notice_issuer_missing(identity) != 0;
	/* What was seen as one that has not become active says nothing of the active one's. */
	bool known = identity->gateway.generation == identity->active.number
		     && identity->gateway.name_count != 0;

	if (missing && !before->missing)
		tell_missing(call, identity);
	if (!missing && known && before->missing)
		console_event(call->console, LOG_LEVEL_INFO, MESSAGE_ID_ISSUER_MISSING,
		    "our issuer is among the CAs that the gateway accepts");
}

static void tell_server_end(const struct call *call, const struct identity *identity, int64_t now)
{
	int64_t end = identity->gateway.server_end;
	char moment[CLOCK_TEXT_SIZE];

	if (end == 0 || end - now >= POLICY_SERVER_CERTIFICATE_LEFT)
		return;
	clock_format(end, moment);
	console_event(call->console, LOG_LEVEL_WARNING, MESSAGE_ID_SERVER_ENDS,
	    "the server's certificate, or a CA of it, ends soon, at %s: tell the operators of the "
	    "Connector",
	    moment);
}

static void tell_clock(const struct call *call, const struct identity *identity)
{
	int64_t ahead = identity->gateway.clock_ahead;
	int64_t apart = ahead < 0 ? -ahead : ahead;
	char span[32];

	if (!identity->gateway.has_date || apart <= identity->settings->clock_skew)
		return;
	duration_format(apart, span, sizeof(span));
	console_event(call->console, LOG_LEVEL_WARNING, MESSAGE_ID_CLOCK,
	    "this host's clock is %s %s the Connector's: set it right (chrony, systemd-timesyncd)",
	    span, ahead > 0 ? "ahead of" : "behind");
}

void gateway_news_tell(
    struct gateway_news *before, const struct call *call, const struct identity *identity)
{
	if (identity->gateway_met) {
		tell_new_names(before, call, identity);
		tell_issuer(before, call, identity);
		tell_server_end(call, identity, identity->gateway.seen);
		tell_clock(call, identity);
	}
	cJSON_Delete(before->names);
	before->names = NULL;
}
