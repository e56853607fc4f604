#include "agent/renewal/run.h"

#include "agent/policy.h"
#include "agent/x509/certificate.h"
#include "base/clock.h"
#include "base/text.h"
#include "pkcs11/key_pair.h"

#include <stdarg.h>
#include <string.h>

bool run_load_active(struct run *run, struct error *error)
{
	uint32_t number = 0;

	generation_clear(&run->active);
	if (!store_active(run->store, &number, error))
		return false;
	return number == 0 || store_load(run->store, number, &run->active, error);
}

/* An enrolment and an adoption replace what cannot be read, and going back leaves it. */
static bool may_be_damaged(const struct job *job)
{
	return job->task == JOB_ENROLL || job->task == JOB_ADOPT || job->task == JOB_ROLLBACK;
}

bool run_open(const struct job *job, const struct secret *one_time_token, int channel,
    struct run *ret_run, struct error *error)
{
	struct run run = {
		.job = job,
		.settings = job->settings,
		.one_time_token = one_time_token,
		.channel = channel,
		.outcome = { .key_generation_milliseconds = -1 },
	};
	bool damaged = false; /* set aside, and said, by the supervisor under the same lock */

	if (!store_open(run.settings->state_directory, run.settings->name, true, &run.store, error))
		return false;
	store_remember(run.store);
	if (!journal_load(run.store, &run.journal, &damaged, error)
	    || (!run_load_active(&run, error)
		&& (!may_be_damaged(job) || error->kind != ERROR_DAMAGED))) {
		run_close(&run);
		return false;
	}
	error_clear(error);
	run.resumed = run.journal.phase != PHASE_IDLE && !journal_has_spare(&run.journal);
	*ret_run = run;
	return true;
}

struct distrust run_distrust(const struct run *run)
{
	const struct setting_list *list = &run->settings->distrusted_ca;

	return (struct distrust){ (const char *const *)list->items, list->count };
}

bool run_check_trusted(
    const struct run *run, const struct generation *generation, struct error *error)
{
	const struct distrust distrust = run_distrust(run);
	const X509 *authority = distrust_find(&distrust, generation->chain);
	char description[CERTIFICATE_DESCRIPTION_SIZE];

	if (!authority)
		return true;
	certificate_describe(authority, description);
	return error_set(error, ERROR_DISTRUSTED,
	    "its certificate is under the CA %s, which distrusted_ca names", description);
}

void run_close(struct run *run)
{
	generation_clear(&run->active);
	store_close(run->store);
	run->store = NULL;
	outcome_clear(&run->outcome);
}

static void send_note(const struct run *run, struct note *note, const char *format, va_list values)
{
	char text[sizeof(note->text)];
	struct error ignored = ERROR_INIT;

	/* A text that does not fit is cut: notes are for people. */
	(void)vsnprintf(text, sizeof(text), format, values);
	(void)text_format(note->text, sizeof(note->text), "%s", text);
	if (!note_send(run->channel, note, &ignored))
		return;
}

void run_note_step(const struct run *run, int64_t deadline, const char *format, ...)
{
	struct note note = { .kind = NOTE_STEP, .deadline = deadline };
	va_list values;

	va_start(values, format);
	send_note(run, &note, format, values);
	va_end(values);
}

void run_warn(const struct run *run, const char *format, ...)
{
	struct note note = { .kind = NOTE_WARNING };
	va_list values;

	va_start(values, format);
	send_note(run, &note, format, values);
	va_end(values);
}

void run_label_prefix(const struct run *run, char prefix[JOURNAL_LABEL_SIZE])
{
	/* The tag has 8 characters and the identity's name at most 64: it fits. */
	(void)text_format(prefix, JOURNAL_LABEL_SIZE, POLICY_LABEL "%s/%s/", store_tag(run->store),
	    run->settings->name);
}

bool run_key_id(const struct run *run, struct key_id *ret_id, struct error *error)
{
	return key_id_parse(run->journal.key_id, ret_id)
	       || error_set(error, ERROR_DAMAGED, "%s/journal.json holds no key id: \"%s\"",
		   store_path(run->store), run->journal.key_id);
}
