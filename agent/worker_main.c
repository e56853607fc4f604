/*
 * renewal-worker: started by renewal-agent, lives for one run: one job, or one after another for
 * identities with the same login. It alone loads the PKCS#11 module, sees the PIN and speaks to the
 * network.
 */
#include "agent/examination/examination.h"
#include "agent/job/job.h"
#include "agent/renewal/access.h"
#include "agent/renewal/adoption.h"
#include "agent/renewal/debt_payment.h"
#include "agent/renewal/dry_run.h"
#include "agent/renewal/inventory.h"
#include "agent/renewal/renewal.h"
#include "agent/renewal/revocation.h"
#include "agent/renewal/rollback.h"
#include "agent/renewal/run.h"
#include "agent/renewal/spare.h"
#include "agent/renewal/steps.h"
#include "agent/renewal/wish.h"
#include "base/clock.h"
#include "base/scoped.h"
#include "base/secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* What is left from one job to the next. */
struct worker {
	struct access *access;
	struct error refused; /* a PIN was: none is tried again */
	bool stays;
};

/* Debts are paid first and never hold up the renewal; what the renewal itself leaves to destroy
   is destroyed before the login ends, also when an earlier run was cut after the activation. */
static bool renew(struct run *run, bool begin, struct error *error)
{
	return (!begin || step_owe_surplus(run, error)) && debt_payment_run(run, true, error)
	       && renewal_run(run, begin, error)
	       && ((!run->outcome.changed && !run->resumed) || debt_payment_run(run, false, error));
}

/* A certificate that an earlier run left is tried before the one-time token is used; one that is
   refused is given up, since the token brings another for the same key. */
static bool enroll(struct run *run, struct error *error)
{
	struct error unfinished = ERROR_INIT;

	if (run->journal.phase > PHASE_KEYED && !renew(run, false, &unfinished))
		run_warn(run, "%s", unfinished.message);
	if (unfinished.kind == ERROR_UNPROVEN && run->journal.phase == PHASE_VERIFIED
	    && !journal_advance(run->store, &run->journal, PHASE_KEYED, clock_now(), error))
		return false;
	return run->outcome.changed || renew(run, true, error);
}

static bool keys(struct run *run, struct error *error)
{
	return (!run->job->prune || inventory_prune(run, run->job->unknown, error))
	       && inventory_list(run, error);
}

/* Here it is what was asked for; as a debt that is paid it is no change of the identity. */
static bool revoke_one(struct run *run, struct error *error)
{
	enum revocation revocation;
	bool done = revocation_run(run, run->job->generation, &revocation, error);

	run->outcome.changed = revocation == REVOCATION_DONE;
	return done;
}

static bool carry_out(struct run *run, struct error *error)
{
	switch (run->job->task) {
	case JOB_RENEW:
		return wish_prepare(run, error) && renew(run, run->job->renew, error);
	case JOB_ENROLL:
		return wish_prepare(run, error) && enroll(run, error);
	case JOB_ADOPT:
		return adoption_run(run, error);
	case JOB_ROLLBACK:
		return rollback_run(run, error);
	case JOB_KEYS:
		return keys(run, error);
	case JOB_REVOKE:
		return revoke_one(run, error);
	case JOB_PAY_DEBTS:
		return debt_payment_run(run, true, error);
	case JOB_DRY_RUN:
		return dry_run(run, error);
	case JOB_DOCTOR: /* it opens all that it needs itself */
	case JOB_TASK_COUNT:
		break;
	}
	return error_set(error, ERROR_INTERNAL, "no such task: %d", (int)run->job->task);
}

/* Before anything else is opened, which could get its number. */
static bool check_pin_descriptor(
    const struct worker *worker, const struct identity_settings *settings, struct error *error)
{
	if (settings->pin_fd < 0 || worker->access || fcntl(settings->pin_fd, F_GETFD) >= 0)
		return true;
	return error_set(error, ERROR_PIN,
	    "the file descriptor %d, which pin_fd names, is not open: the caller has to open it",
	    settings->pin_fd);
}

/* Under its own number, where nothing that the module opens can take its place. */
static void hold_lock(int lock)
{
	if (lock < 0 || lock == WORKER_LOCK)
		return;
	(void)dup3(lock, WORKER_LOCK, O_CLOEXEC);
	close(lock);
}

/* Whoever hears of the outcome finds the lock free, but for the supervisor's own hold on it. */
static void give_back_lock(void)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		close(WORKER_LOCK);
	else
		hold_lock(null);
}

static bool end_job(const struct worker *worker, struct outcome *outcome)
{
	struct error unsent = ERROR_INIT;

	outcome->stays = worker->stays;
	give_back_lock();
	return outcome_send(WORKER_CHANNEL, outcome, &unsent);
}

static bool work(struct worker *worker, const struct job *job, const struct secret *token)
{
	struct outcome failed = { .key_generation_milliseconds = -1 };
	struct error unsent = ERROR_INIT;
	struct run run;
	bool sent;

	worker->stays = false;
	if (job->task == JOB_DOCTOR)
		return examination_run(job, WORKER_CHANNEL, &unsent);
	if (!check_pin_descriptor(worker, job->settings, &failed.error)
	    || !run_open(job, token, WORKER_CHANNEL, &run, &failed.error)) {
		worker->stays = true;
		return end_job(worker, &failed);
	}
	run.refused = &worker->refused;
	access_inherit(&run, worker->access);
	/* What was tried in vain before something else succeeded has left its error behind. */
	if (carry_out(&run, &run.outcome.error))
		error_clear(&run.outcome.error);
	else if (run.outcome.error.kind == ERROR_NONE)
		(void)error_set(&run.outcome.error, ERROR_INTERNAL, "failed without a reason");
	(void)access_needs_login(&run, &run.outcome.error);
	if (job->spare && run.outcome.error.kind == ERROR_NONE)
		spare_make(&run);
	worker->access = access_leave(&run, &worker->stays);
	sent = end_job(worker, &run.outcome);
	run_close(&run);
	return sent;
}

/* The first job has to come; after it, an end of the channel is the end of the work. */
static bool next_job(struct job *ret_job, struct secret **ret_token, struct error *error)
{
	int lock = -1;

	if (!job_receive(WORKER_CHANNEL, ret_job, ret_token, &lock, error))
		return false;
	hold_lock(lock);
	return true;
}

/* What nothing has been begun of: no failure of the identity, as an end without a word would be. */
static int decline(const struct worker *worker, const struct error *error)
{
	struct outcome outcome = { .error = *error, .key_generation_milliseconds = -1 };

	return end_job(worker, &outcome) ? EX_OK : EX_IOERR;
}

/* Job after job, until the supervisor closes its end. */
static bool serve(struct worker *worker, struct job *job, struct secret **token)
{
	struct error error = ERROR_INIT;
	bool good = true;

	while (good && job->settings) {
		good = work(worker, job, *token);
		job_clear(job);
		secret_discard(*token);
		*token = NULL;
		if (good && worker->stays && !next_job(job, token, &error)) {
			(void)fprintf(stderr, "renewal-worker: %s\n", error.message);
			good = false;
		}
	}
	access_close(worker->access);
	return good;
}

int main(void)
{
	scoped(secret) struct secret *token = NULL;
	struct worker worker = { .access = NULL, .refused = ERROR_INIT };
	struct error error = ERROR_INIT;
	struct job job = { 0 };

	/* Before anything else asks for libcrypto: a provider of PKCS#11 in the system's openssl.cnf
	   would get into the way of the module, which may use libcrypto itself. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	umask(022);
	/* A remote module whose server has died, and a Connector that hangs up. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* What the lock's descriptor protects ends with this process, not with a child of it. */
	(void)fcntl(WORKER_CHANNEL, F_SETFD, FD_CLOEXEC);
	(void)fcntl(WORKER_LOCK, F_SETFD, FD_CLOEXEC);
	if (secret_protect_process(&error) && next_job(&job, &token, &error) && !job.settings)
		(void)error_set(&error, ERROR_INTERNAL, "no job came: the supervisor is gone");
	if (error.kind == ERROR_BUSY)
		return decline(&worker, &error);
	if (error.kind != ERROR_NONE) {
		(void)fprintf(
		    stderr, "renewal-worker: %s (it is started by renewal-agent)\n", error.message);
		return EX_USAGE;
	}
	return serve(&worker, &job, &token) ? EX_OK : EX_IOERR;
}
