/*
 * agent/job: a message from the other process is a job, a report or an error, and never anything
 * worse; what is accepted comes out the same when it is sent on.
 */
#include "agent/job/job.h"

#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void try_job(int near, int far)
{
	scoped(secret) struct secret *token = NULL;
	scoped(secret) struct secret *token_again = NULL;
	struct error error = ERROR_INIT;
	struct job job;
	struct job again;
	char bytes[8];
	int lock = -1;

	/* In case the job says that a token follows. */
	must(send(near, "token", 5, 0) == 5);
	if (!job_receive(far, &job, &token, &lock, &error)) {
		must(error.kind != ERROR_NONE);
		return;
	}
	/* An empty message says that there is no other job. */
	if (!job.settings)
		return;
	if (!job.has_token)
		must(recv(far, bytes, sizeof(bytes), 0) == 5);
	must(job_send(near, &job, token, -1, &error));
	must(job_receive(far, &again, &token_again, &lock, &error));
	must(job.task == again.task && job.generation == again.generation);
	must(text_equal(job.url, again.url) && text_equal(job.run_id, again.run_id));
	must(text_equal(job.settings->token, again.settings->token));
	job_clear(&job);
	job_clear(&again);
}

static void try_report(int near, int far)
{
	struct error error = ERROR_INIT;
	enum report_kind kind;
	struct outcome outcome;
	struct outcome again;
	struct note note;

	if (!report_receive(far, &kind, &note, &outcome, &error)) {
		must(error.kind == ERROR_INTERNAL);
		return;
	}
	if (kind == REPORT_NOTE)
		must(note_send(near, &note, &error));
	if (kind != REPORT_OUTCOME)
		return;
	must(outcome_send(near, &outcome, &error));
	must(report_receive(far, &kind, &note, &again, &error) && kind == REPORT_OUTCOME);
	must(outcome.error.kind == again.error.kind);
	must(text_equal(outcome.error.message, again.error.message));
	must(outcome.handshake.generation == again.handshake.generation);
	must(!outcome.handshake.names
	     || cJSON_Compare(outcome.handshake.names, again.handshake.names, true));
	outcome_clear(&outcome);
	outcome_clear(&again);
}

/* A job of our version, whatever the corpus says: others are not looked at any further. */
static bool with_version(const uint8_t *data, size_t size, char **ret_text)
{
	scoped(cJSON) cJSON *object = cJSON_ParseWithLength((const char *)data, size);
	char *text;

	if (!cJSON_IsObject(object))
		return false;
	cJSON_DeleteItemFromObjectCaseSensitive(object, "version");
	cJSON_AddStringToObject(object, "version", RENEWAL_AGENT_VERSION);
	text = cJSON_PrintUnformatted(object);
	if (!text || strlen(text) > JOB_MESSAGE_MAX) {
		free(text);
		return false;
	}
	*ret_text = text;
	return true;
}

/* Over a pair of their own, so that nothing is left in it for the next. */
static void with_pair(const uint8_t *data, size_t size, void (*try)(int near, int far))
{
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	must(send(ends[0], data, size, 0) == (ssize_t)size);
	try(ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(char) char *text = NULL;

	if (size > JOB_MESSAGE_MAX)
		return 0;
	with_pair(data, size, try_job);
	if (with_version(data, size, &text))
		with_pair((const uint8_t *)text, strlen(text), try_job);
	with_pair(data, size, try_report);
	return 0;
}
