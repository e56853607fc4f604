#include "agent/config/setting_table.h"

#include "base/text.h"

#include <string.h>

#define AT(member) .offset = offsetof(struct identity_settings, member)
#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* clang-format off */
const struct setting setting_table[] = {
	{ "state_directory", SETTING_PATH, AT(state_directory), .of_agent = true,
	  .standard = "/var/lib/renewal-agent",
	  .sentence = "Where certificates, journal and locks are kept." },
	{ "metrics_file", SETTING_PATH, AT(metrics_file), .of_agent = true,
	  .sentence = "A file that gets metrics about all identities, for Prometheus' node_exporter (--collector.textfile.directory), which wants a name in .prom." },

	{ "log", SETTING_LOG_FORMAT, AT(log), .of_agent = true,
	  .standard = "text",
	  .sentence = "How messages are written: text, or json (one object a line), on the standard error; or journal, to journald with its fields." },

	{ "connector_url", SETTING_URL, AT(connector_url), .required = true,
	  .sentence = "The certificate-secured URL of the Connector; https only." },
	{ "enrollment_url", SETTING_URL, AT(enrollment_url),
	  .sentence = "The token-secured URL of the Connector, for enroll; a token in the Director's rawEncoded form brings its own." },
	{ "enrollment_token_file", SETTING_PATH, AT(enrollment_token_file),
	  .sentence = "A file into which a one-time token may be put, plain or in the Director's rawEncoded form: when only that helps, the next run enrolls with it and removes the file; owned by root or the agent's user, with no permissions for others." },
	{ "enrollment_token_credential", SETTING_CREDENTIAL, AT(enrollment_token_credential),
	  .sentence = "The name of a systemd credential that may hold such a one-time token; it is looked at after enrollment_token_file." },
	{ "connector_hosts", SETTING_LIST, AT(connector_hosts),
	  .sentence = "Hosts that a URL named by the Connector may have; without it that of connector_url." },
	{ "server_ca_file", SETTING_PATH, AT(server_ca_file),
	  .sentence = "CA certificates (PEM) that the Connector's server certificate is verified against; without it the system's store." },
	{ "distrusted_ca", SETTING_FINGERPRINTS, AT(distrusted_ca),
	  .sentence = "SHA-256 fingerprints (hexadecimal) of CA certificates, or of their public keys: a certificate under one of these CAs is due now, and none under it is accepted again." },
	{ "distrusted_ca_wait", SETTING_SECONDS, AT(distrusted_ca_wait), .least = 0, .most = 10 * MINUTE,
	  .standard = "1min",
	  .sentence = "How long a renewal waits, three times at most, before it asks again for a certificate that was still issued by a distrusted CA: the Connector loads a new CA once a minute." },
	{ "connect_timeout", SETTING_SECONDS, AT(connect_timeout), .least = 1, .most = 10 * MINUTE,
	  .standard = "10s",
	  .sentence = "How long a connection may take to be made." },
	{ "request_timeout", SETTING_SECONDS, AT(request_timeout), .least = 1, .most = HOUR,
	  .standard = "110s",
	  .sentence = "How long a request may take, its connection included; shorter than step_timeout; the Connector's own limit is 100 s." },

	{ "module", SETTING_PATH, AT(module), .of_login = true, .required = true,
	  .sentence = "The token's PKCS#11 module." },
	{ "module_init_args", SETTING_TEXT, AT(module_init_args), .of_login = true,
	  .sentence = "A text handed to the module's C_Initialize, for modules that want one." },
	{ "token", SETTING_TOKEN, AT(token), .of_login = true, .required = true,
	  .sentence = "The token, as a PKCS#11 URI (RFC 7512) that matches one token only; a PIN or a module in it is an error." },
	{ "pin_file", SETTING_PATH, AT(pin_file), .of_pin = true, .of_login = true,
	  .sentence = "A file that holds the PIN, owned by root or the agent's user, with no permissions for others." },
	{ "pin_credential", SETTING_CREDENTIAL, AT(pin_credential), .of_pin = true, .of_login = true,
	  .sentence = "The name of the systemd credential that holds the PIN." },
	{ "pin_fd", SETTING_DESCRIPTOR, AT(pin_fd), .of_pin = true, .of_login = true,
	  .least = 0, .most = 1023,
	  .sentence = "The number of an open file descriptor to read the PIN from: 0, or 5 and above." },
	{ "pin_command", SETTING_COMMAND, AT(pin_command), .of_pin = true, .of_login = true,
	  .sentence = "A program, by absolute path, with its arguments, that prints the PIN; no shell is involved." },
	{ "pin_pad", SETTING_YES_NO, AT(pin_pad), .of_pin = true, .of_login = true, .standard = "no",
	  .sentence = "Whether the PIN is typed on the token's own pin pad." },
	{ "signer", SETTING_SIGNER, AT(signer), .of_login = true, .standard = "auto",
	  .sentence = "What lets OpenSSL sign with a key in the token: auto, provider (pkcs11-provider), engine or pkcs11prov (both of libp11)." },
	{ "worker_env", SETTING_LIST, AT(worker_env), .of_login = true,
	  .sentence = "Names of environment variables that the worker keeps although they are removed otherwise." },

	{ "key_bits", SETTING_KEY_BITS, AT(key_bits), .standard = "4096",
	  .sentence = "The size of new RSA keys: 2048, 3072 or 4096." },
	{ "key_generation_timeout", SETTING_SECONDS, AT(key_generation_timeout), .least = 1, .most = DAY,
	  .standard = "1h",
	  .sentence = "How long the token may take to generate a key." },
	{ "step_timeout", SETTING_SECONDS, AT(step_timeout), .least = 1, .most = HOUR,
	  .standard = "2min",
	  .sentence = "How long any other step may take before the worker is ended; longer than request_timeout, since a step makes one request." },

	{ "lifetime_fraction", SETTING_FRACTION, AT(lifetime_fraction), .least = 0.1, .most = 0.95,
	  .standard = "2/3",
	  .sentence = "The part of the certificate's lifetime after which it is renewed." },
	{ "jitter", SETTING_FRACTION, AT(jitter), .least = 0, .most = 0.5,
	  .standard = "0.1",
	  .sentence = "The part of the lifetime by which a renewal may be moved earlier, so that a fleet spreads out; smaller than lifetime_fraction." },
	{ "window", SETTING_WINDOWS, AT(window),
	  .sentence = "When a renewal that is due may begin, in the host's local time: Mon-Fri 02:00-04:00, Sat 22:00-06:00; without days every day; without it at any time." },
	{ "window_margin", SETTING_FRACTION, AT(window_margin), .least = 0.01, .most = 0.9,
	  .standard = "0.1",
	  .sentence = "The part of the certificate's lifetime before its end in which window is not waited for." },
	{ "rotation_spread", SETTING_SECONDS, AT(rotation_spread), .least = 0, .most = 30 * DAY,
	  .standard = "4h",
	  .sentence = "When the gateway does not name our issuer among the CAs that it accepts any more, the renewal is due within this span, each host at its own moment; 0: at once." },
	{ "probe", SETTING_PROBE, AT(probe), .standard = "none",
	  .sentence = "daily: when nothing else is to be done, the Connector is asked once a day whether it accepts the identity; none: only renewals find that out." },
	{ "max_certificates_per_day", SETTING_NUMBER, AT(max_certificates_per_day), .least = 0, .most = 100000,
	  .standard = "0",
	  .sentence = "How many certificates renewals may ask for in a day, also with --force: a guard against loops; 0: three times what the certificate's lifetime calls for, and 12 at least." },
	{ "retain", SETTING_NUMBER, AT(retain), .least = 0, .most = 16,
	  .standard = "1",
	  .sentence = "Generations kept behind the active one, their keys included; when it is lowered, the next renewal destroys the others before it makes its key." },
	{ "revoke_old", SETTING_YES_NO, AT(revoke_old), .standard = "no",
	  .sentence = "Whether the replaced certificate is revoked after a renewal." },
	{ "spare_key", SETTING_YES_NO, AT(spare_key), .standard = "no",
	  .sentence = "Whether the next key is made ahead, after a renewal, so that the next renewal need not wait for it." },
	{ "store_certificate", SETTING_YES_NO, AT(store_certificate), .standard = "no",
	  .sentence = "Whether the certificate is also kept in the token, as an object beside its key." },
	{ "rejected_after", SETTING_SECONDS, AT(rejected_after), .least = 0, .most = 7 * DAY,
	  .standard = "10min",
	  .sentence = "Over how long the Connector must have refused the identity before re-enrolment is called for; 0: at once." },
	{ "clock_skew", SETTING_SECONDS, AT(clock_skew), .least = 0, .most = DAY,
	  .standard = "5min",
	  .sentence = "By how much the host's clock and the Connector's may differ." },
	{ "hook_renewed", SETTING_COMMAND, AT(hook_renewed),
	  .sentence = "A program, by absolute path, with its arguments, that is run when a new certificate has become active; see renewal-agent-hooks(7) for all hooks." },
	{ "hook_ca_changed", SETTING_COMMAND, AT(hook_ca_changed),
	  .sentence = "The same, before hook_renewed, when the new certificate was issued by another CA certificate than the one before." },
	{ "hook_failed", SETTING_COMMAND, AT(hook_failed),
	  .sentence = "The same, when an attempt to renew or enroll has failed." },
	{ "hook_reenroll", SETTING_COMMAND, AT(hook_reenroll),
	  .sentence = "The same, when nothing but a one-time token helps any more." },
	{ "hook_timeout", SETTING_SECONDS, AT(hook_timeout), .least = 1, .most = HOUR,
	  .standard = "1min",
	  .sentence = "How long a hook may take before it and what it has started are killed." },
	{ "lock_wait", SETTING_SECONDS, AT(lock_wait), .least = 0, .most = HOUR,
	  .standard = "30s",
	  .sentence = "How long a run waits for another one on the same identity." },
};
/* clang-format on */

const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(setting_table); i++)
		if (text_equal(setting_table[i].name, name))
			return &setting_table[i];
	return NULL;
}

const struct setting *setting_nearest(const char *name)
{
	const struct setting *nearest = NULL;
	size_t least = 1 + strlen(name) / 3; /* further apart is another word */

	for (size_t i = 0; i < ARRAY_LENGTH(setting_table); i++) {
		size_t distance = text_distance(name, setting_table[i].name);

		if (distance > least || (nearest && distance == least))
			continue;
		least = distance;
		nearest = &setting_table[i];
	}
	return nearest;
}
