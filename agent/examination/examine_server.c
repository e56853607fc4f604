#include "agent/examination/examination.h"
#include "agent/policy.h"
#include "agent/x509/ca_names.h"
#include "agent/x509/certificate.h"
#include "agent/x509/subject.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/scoped.h"
#include "base/text.h"

#include <inttypes.h>

#define NAMES_SHOWN 4

static const struct https_facts *facts_of(const struct examination *examination)
{
	return connector_facts(examination->connection.connector);
}

static void say_end(struct check *check, const STACK_OF(X509) *chain)
{
	char name[CERTIFICATE_DESCRIPTION_SIZE];
	char end_text[CLOCK_TEXT_SIZE];
	struct error error = ERROR_INIT;
	X509 *first = NULL;
	int64_t end;

	if (!certificate_first_end(chain, &first, &end, &error)) {
		check_set_warning(check, "", "%s", error.message);
		return;
	}
	clock_format(end, end_text);
	certificate_describe(first, name);
	if (end - clock_now() < POLICY_SERVER_CERTIFICATE_LEFT)
		check_set_warning(check, "Tell the operators of the Connector.",
		    "verified, but it ends soon: %s, by %s", end_text, name);
	else
		check_set_ok(check, "verified with %d certificates; the first of them ends %s",
		    sk_X509_num(chain), end_text);
}

void examine_server_certificate(struct examination *examination, struct check *check)
{
	const struct https_facts *facts = facts_of(examination);

	if (facts->server_not_verified)
		check_set_failed(check,
		    facts->server_expired
			? "If the clock of this host is right, tell the operators of the Connector."
			: "Set server_ca_file to the CA of the Connector's server certificate; see "
			  "whether connector_url names the right host.",
		    &examination->answer);
	else if (!facts->server_chain)
		check_set_skipped(
		    check, "the handshake ended before: %s", examination->answer.message);
	else
		say_end(check, facts->server_chain);
}

static void add_name(struct text_buffer *text, const X509_NAME *name)
{
	struct error ignored = ERROR_INIT;
	scoped(char) char *formatted = NULL;

	if (subject_format(name, &formatted, &ignored))
		text_printf(text, "%s\"%s\"", text->length > 0 ? "; " : "", formatted);
}

static void refuse(struct check *check, const STACK_OF(X509_NAME) *names, const X509_NAME *issuer)
{
	scoped(text) struct text_buffer listed = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE / 2);
	scoped(text) struct text_buffer ours = TEXT_BUFFER_INIT(ERROR_MESSAGE_SIZE / 4);
	struct error error = ERROR_INIT;

	for (int i = 0; i < sk_X509_NAME_num(names) && i < NAMES_SHOWN; i++)
		add_name(&listed, sk_X509_NAME_value(names, i));
	add_name(&ours, issuer);
	(void)error_set(&error, ERROR_REJECTED,
	    "our issuer %s is not among the %d CAs that the server accepts: %s%s",
	    ours.data ? ours.data : "", sk_X509_NAME_num(names), listed.data ? listed.data : "",
	    sk_X509_NAME_num(names) > NAMES_SHOWN ? "; ..." : "");
	check_set_failed(check,
	    "The gateway does not know this CA, or not yet: tell its operators; if the CA was "
	    "replaced for good, enroll with a one-time token.",
	    &error);
}

/* A CA further up the chain is enough: servers list what they trust. */
void examine_acceptable_cas(struct examination *examination, struct check *check)
{
	const STACK_OF(X509_NAME) *names = facts_of(examination)->acceptable_cas;
	const struct generation *active = &examination->run.active;

	if (active->number == 0) {
		check_set_skipped(check, "there is no certificate that can be read yet");
		return;
	}
	if (sk_X509_NAME_num(names) <= 0) {
		check_set_ok(check, "the server names none");
		return;
	}
	if (ca_names_have_issuer(names, active->certificate, active->chain))
		check_set_ok(check, "our issuer is among the %d that the server names",
		    sk_X509_NAME_num(names));
	else
		refuse(check, names, X509_get_issuer_name(active->certificate));
}

void examine_clock(struct examination *examination, struct check *check)
{
	const int64_t theirs = facts_of(examination)->date;
	const int64_t ahead = clock_now() - theirs;
	const int64_t apart = ahead < 0 ? -ahead : ahead;
	struct error error = ERROR_INIT;
	char span[32];

	if (theirs == 0) {
		check_set_skipped(check, "the Connector sent no Date");
		return;
	}
	duration_format(apart, span, sizeof(span));
	if (apart > examination->run.settings->clock_skew) {
		(void)error_set(&error, ERROR_CLOCK, "this host's clock is %s %s the Connector's",
		    span, ahead > 0 ? "ahead of" : "behind");
		check_set_failed(check, "Set the clock right (chrony, systemd-timesyncd).", &error);
	} else if (apart > POLICY_CLOCK_WORTH_NAMING) {
		check_set_warning(check, "Keep the clock right (chrony, systemd-timesyncd).",
		    "this host's clock is %s %s the Connector's", span,
		    ahead > 0 ? "ahead of" : "behind");
	} else {
		check_set_ok(check, "within %d s of the Connector's", POLICY_CLOCK_WORTH_NAMING);
	}
}
