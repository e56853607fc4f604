#include "agent/job/job.h"

#include "agent/config/config.h"
#include "agent/config/url_check.h"
#include "agent/job/message.h"
#include "base/json.h"
#include "base/record.h"
#include "base/secret.h"
#include "base/text.h"

#include <limits.h>
#include <string.h>

static const char *const task_names[] = {
	[JOB_RENEW] = "renew",
	[JOB_ENROLL] = "enroll",
	[JOB_ADOPT] = "adopt",
	[JOB_ROLLBACK] = "rollback",
	[JOB_KEYS] = "keys",
	[JOB_REVOKE] = "revoke",
	[JOB_PAY_DEBTS] = "pay_debts",
	[JOB_DRY_RUN] = "dry_run",
	[JOB_DOCTOR] = "doctor",
};

_Static_assert(ARRAY_LENGTH(task_names) == JOB_TASK_COUNT, "every task has its name");

void job_clear(struct job *job)
{
	free(job->url);
	free(job->certificate);
	free(job->key);
	free(job->ca);
	identity_settings_discard(job->settings);
	*job = (struct job){ 0 };
}

__attribute__((unused)) static inline void scoped_destroy_job(struct job *job)
{
	job_clear(job);
}

static cJSON *job_to_json(const struct job *job)
{
	cJSON *object = record_new();

	json_add_string(object, "version", RENEWAL_AGENT_VERSION);
	json_add_string(object, "task", task_names[job->task]);
	json_add_string(object, "run_id", job->run_id);
	json_add_boolean(object, "renew", job->renew);
	json_add_boolean(object, "retry_pin", job->retry_pin);
	json_add_boolean(object, "prune", job->prune);
	json_add_boolean(object, "unknown", job->unknown);
	json_add_boolean(object, "has_token", job->has_token);
	json_add_boolean(object, "spare", job->spare);
	json_add_boolean(object, "others", job->others);
	json_add_integer(object, "generation", job->generation);
	json_add_string(object, "url", job->url);
	json_add_string(object, "certificate", job->certificate);
	json_add_string(object, "key", job->key);
	json_add_string(object, "ca", job->ca);
	json_add_boolean(object, "force", job->force);
	json_add_boolean(object, "revoke_old", job->revoke_old);
	json_add_boolean(object, "destroy_old", job->destroy_old);
	json_add_item(object, "settings", identity_settings_to_json(job->settings));
	return object;
}

static enum job_task task_by_name(struct record *record)
{
	char name[16];

	record_text(record, "task", name, sizeof(name));
	for (size_t i = 0; i < ARRAY_LENGTH(task_names); i++)
		if (text_equal(task_names[i], name))
			return (enum job_task)i;
	record->good = false;
	return JOB_RENEW;
}

/* The supervisor was started before an upgrade and finds the worker of after it: what a job or its
   settings mean may be another thing here. */
static bool check_version(const cJSON *object, struct error *error)
{
	const char *version = json_string(object, "version");

	if (version && text_equal(version, RENEWAL_AGENT_VERSION))
		return true;
	return error_set(error, ERROR_BUSY,
	    "renewal-agent was upgraded meanwhile, this run began with version %.32s and the "
	    "worker is of " RENEWAL_AGENT_VERSION
	    ": the next run goes on, a daemon has to be restarted",
	    version ? version : "of before");
}

static bool job_from_json(const cJSON *object, struct job *ret_job, struct error *error)
{
	struct record record = record_begin(object);
	scoped(job) struct job job = {
		.task = task_by_name(&record),
		.renew = record_flag(&record, "renew"),
		.retry_pin = record_flag(&record, "retry_pin"),
		.prune = record_flag(&record, "prune"),
		.unknown = record_flag(&record, "unknown"),
		.has_token = record_flag(&record, "has_token"),
		.spare = record_flag(&record, "spare"),
		.others = record_flag(&record, "others"),
		.generation = (uint32_t)record_number(&record, "generation", 0, UINT32_MAX),
		.url = record_string(&record, "url", URL_CHECK_MOST),
		.certificate = record_string(&record, "certificate", PATH_MAX),
		.key = record_string(&record, "key", PATH_MAX),
		.ca = record_string(&record, "ca", PATH_MAX),
		.force = json_boolean(object, "force", false),
		.revoke_old = json_boolean(object, "revoke_old", false),
		.destroy_old = json_boolean(object, "destroy_old", false),
	};

	record_text(&record, "run_id", job.run_id, sizeof(job.run_id));
	if (!record.good || job.run_id[0] == '\0')
		return error_set(error, ERROR_INTERNAL, "what came is no job");
	if (!identity_settings_from_json(json_member(object, "settings"), &job.settings, error))
		return error_prefix(error, "the job's settings");

	*ret_job = job;
	job = (struct job){ 0 };
	return true;
}

bool job_send(
    int channel, const struct job *job, const struct secret *token, int lock, struct error *error)
{
	scoped(cJSON) cJSON *object = job_to_json(job);

	if (!message_send_with(channel, object, lock, error))
		return false;
	return !job->has_token
	       || message_send_bytes(channel, secret_bytes(token), secret_length(token), error);
}

static bool receive_token(int channel, struct secret **ret_token, struct error *error)
{
	scoped(secret) struct secret *token = NULL;
	char bytes[SECRET_SIZE_MAX];
	size_t length = 0;
	bool received;

	if (!secret_new(&token, error))
		return false;
	received = message_receive_bytes(channel, bytes, sizeof(bytes), &length, error)
		   && secret_set(token, bytes, length, error);
	explicit_bzero(bytes, sizeof(bytes));
	if (!received)
		return false;
	if (length == 0)
		return error_set(error, ERROR_INTERNAL, "the job's token did not come");

	*ret_token = take(token);
	return true;
}

bool job_receive(
    int channel, struct job *ret_job, struct secret **ret_token, int *ret_lock, struct error *error)
{
	scoped(cJSON) cJSON *object = NULL;
	scoped(job) struct job job = { 0 };
	scoped(fd) int lock = -1;

	if (!message_receive_with(channel, &object, &lock, error))
		return false;
	if (object && (!check_version(object, error) || !job_from_json(object, &job, error)))
		return false;
	*ret_token = NULL;
	if (job.has_token && !receive_token(channel, ret_token, error))
		return false;

	*ret_lock = take_fd(&lock);
	*ret_job = job;
	job = (struct job){ 0 };
	return true;
}
