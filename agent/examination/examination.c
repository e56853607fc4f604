#include "agent/examination/examination.h"

#include "agent/renewal/access.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "pkcs11/module.h"

/* In the order of enum check_id. */
static void (*const checks[CHECK_COUNT])(struct examination *, struct check *) = {
	[CHECK_PIN_SOURCE] = examine_pin_source,
	[CHECK_MODULE] = examine_module,
	[CHECK_TOKEN] = examine_token,
	[CHECK_PIN_STATE] = examine_pin_state,
	[CHECK_PIN_LATCH] = examine_pin_latch,
	[CHECK_LOGIN] = examine_login,
	[CHECK_KEY_GENERATION] = examine_key_generation,
	[CHECK_SIGN_PKCS1] = examine_sign_pkcs1,
	[CHECK_SIGN_PSS] = examine_sign_pss,
	[CHECK_CAPACITY] = examine_capacity,
	[CHECK_KEY_ATTRIBUTES] = examine_key_attributes,
	[CHECK_LEFTOVERS] = examine_leftovers,
	[CHECK_KEY_CERTIFICATE] = examine_key_certificate,
	[CHECK_SIGNER] = examine_signer,
	[CHECK_SELF_TEST] = examine_self_test,
	[CHECK_URL] = examine_url,
	[CHECK_NAME_RESOLUTION] = examine_name_resolution,
	[CHECK_CONNECTION] = examine_connection,
	[CHECK_TLS_VERSION] = examine_tls_version,
	[CHECK_SERVER_CERTIFICATE] = examine_server_certificate,
	[CHECK_ACCEPTABLE_CAS] = examine_acceptable_cas,
	[CHECK_CONNECTOR] = examine_connector,
	[CHECK_CLOCK] = examine_clock,
};

void examination_send(struct examination *examination, const struct check *check)
{
	struct note note = { .kind = NOTE_CHECK, .check = *check };
	struct error ignored = ERROR_INIT;

	check_list_add(&examination->list, check);
	/* A supervisor that is gone is noticed at the outcome. */
	(void)!note_send(examination->run.channel, &note, &ignored);
}

/* What cannot be read the supervisor has found before; here there is no certificate then. */
static void load_state(struct run *run)
{
	struct error ignored = ERROR_INIT;
	bool damaged = false;

	journal_clear(&run->journal);
	if (!store_open(
		run->settings->state_directory, run->settings->name, false, &run->store, &ignored)
	    || !run->store)
		return;
	(void)!journal_read(run->store, &run->journal, &damaged, &ignored);
	(void)!run_load_active(run, &ignored);
}

static void close_all(struct examination *examination)
{
	connection_close(&examination->connection);
	EVP_PKEY_free(examination->key);
	secret_discard(examination->pin);
	module_close(examination->module);
	access_close(examination->run.access);
	run_close(&examination->run);
	check_list_clear(&examination->list);
}

bool examination_run(const struct job *job, int channel, struct error *error)
{
	struct examination examination = {
		.run = {
			.job = job,
			.settings = job->settings,
			.channel = channel,
			.outcome = { .key_generation_milliseconds = -1 },
		},
		.answer = ERROR_INIT,
	};
	bool sent;

	for (enum check_id id = CHECK_FIRST_OF_WORKER; id < CHECK_COUNT; id++) {
		struct check check = { .id = id };

		/* A PIN from a descriptor is read before anything could get its number. */
		if (id == CHECK_FIRST_OF_WORKER + 1)
			load_state(&examination.run);
		run_note_step(
		    &examination.run, job->settings->step_timeout, "doctor: %s", check_name(id));
		if (check_may_run(&examination.list, &check))
			checks[id](&examination, &check);
		examination_send(&examination, &check);
	}
	sent = outcome_send(channel, &examination.run.outcome, error);
	close_all(&examination);
	return sent;
}
