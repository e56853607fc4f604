/*
 * renewal-worker: started by renewal-agent, lives for one run. It alone loads the PKCS#11 module,
 * sees the PIN and speaks to the network.
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

static bool carry_out(struct run *run, struct error *error)
{
	enum revocation ignored;

	switch (run->job->task) {
	case JOB_RENEW:
		return renew(run, run->job->renew, error);
	case JOB_ENROLL:
		return enroll(run, error);
	case JOB_ADOPT:
		return adoption_run(run, error);
	case JOB_ROLLBACK:
		return rollback_run(run, error);
	case JOB_KEYS:
		return keys(run, error);
	case JOB_REVOKE:
		return revocation_run(run, run->job->generation, &ignored, error);
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
static bool check_pin_descriptor(const struct identity_settings *settings, struct error *error)
{
	if (settings->pin_fd < 0 || fcntl(settings->pin_fd, F_GETFD) >= 0)
		return true;
	return error_set(error, ERROR_PIN,
	    "the file descriptor %d, which pin_fd names, is not open: the caller has to open it",
	    settings->pin_fd);
}

static bool work(const struct job *job, const struct secret *token)
{
	struct outcome failed = { .key_generation_milliseconds = -1 };
	struct error unsent = ERROR_INIT;
	struct run run;
	bool sent;

	if (job->task == JOB_DOCTOR)
		return examination_run(job, WORKER_CHANNEL, &unsent);
	if (!check_pin_descriptor(job->settings, &failed.error)
	    || !run_open(job, token, WORKER_CHANNEL, &run, &failed.error))
		return outcome_send(WORKER_CHANNEL, &failed, &unsent);
	/* What was tried in vain before something else succeeded has left its error behind. */
	if (carry_out(&run, &run.outcome.error))
		error_clear(&run.outcome.error);
	else if (run.outcome.error.kind == ERROR_NONE)
		(void)error_set(&run.outcome.error, ERROR_INTERNAL, "failed without a reason");
	(void)access_has_ended(&run, &run.outcome.error);
	if (job->task == JOB_RENEW && run.outcome.error.kind == ERROR_NONE)
		spare_make(&run);
	sent = outcome_send(WORKER_CHANNEL, &run.outcome, &unsent);
	access_close(run.access);
	run_close(&run);
	return sent;
}

int main(void)
{
	scoped(secret) struct secret *token = NULL;
	struct error error = ERROR_INIT;
	struct job job = { 0 };
	bool done;

	/* Before anything else asks for libcrypto: a provider of PKCS#11 in the system's openssl.cnf
	   would get into the way of the module, which may use libcrypto itself. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	umask(022);
	/* A remote module whose server has died, and a Connector that hangs up. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* What the lock's descriptor protects ends with this process, not with a child of it. */
	(void)fcntl(WORKER_CHANNEL, F_SETFD, FD_CLOEXEC);
	(void)fcntl(WORKER_LOCK, F_SETFD, FD_CLOEXEC);
	if (!secret_protect_process(&error) || !job_receive(WORKER_CHANNEL, &job, &token, &error)) {
		(void)fprintf(
		    stderr, "renewal-worker: %s (it is started by renewal-agent)\n", error.message);
		return EX_USAGE;
	}
	done = work(&job, token);
	job_clear(&job);
	return done ? EX_OK : EX_IOERR;
}
