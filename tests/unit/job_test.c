#include "tests/unit/channel_scene.h"

#include "agent/config/config.h"
#include "agent/job/message.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const char settings_text[] =
    "{\"name\": \"orders\", \"connector_url\": \"https://a/graphql\","
    "\"module\": \"/m.so\", \"token\": \"pkcs11:token=fleet\"}";

static struct identity_settings *make_settings(void)
{
	scoped(cJSON) cJSON *json = cJSON_Parse(settings_text);
	struct identity_settings *settings = NULL;
	struct error error = ERROR_INIT;

	assert_ok(identity_settings_from_json(json, &settings, &error), &error);
	return settings;
}

static void a_job_arrives_as_it_was_sent(void **state)
{
	struct pair *pair = *state;
	struct job job = {
		.task = JOB_REVOKE,
		.run_id = "0f0e0d0c-0000-4000-8000-000000000001",
		.retry_pin = true,
		.unknown = true,
		.generation = UINT32_MAX,
		.url = text_duplicate("https://b/graphql"),
		.settings = make_settings(),
	};
	scoped(secret) struct secret *token = NULL;
	struct error error = ERROR_INIT;
	struct job received;
	int lock = -1;

	assert_ok(job_send(pair->supervisor, &job, NULL, -1, &error), &error);
	assert_ok(job_receive(pair->worker, &received, &token, &lock, &error), &error);
	assert_int_equal(received.task, JOB_REVOKE);
	assert_string_equal(received.run_id, job.run_id);
	assert_false(received.renew);
	assert_true(received.retry_pin);
	assert_false(received.prune);
	assert_true(received.unknown);
	assert_int_equal(received.generation, UINT32_MAX);
	assert_string_equal(received.url, "https://b/graphql");
	assert_string_equal(received.settings->token, "pkcs11:token=fleet");
	assert_null(token);
	job_clear(&received);
	job_clear(&job);
}

static void the_one_time_token_is_a_message_of_its_own(void **state)
{
	struct pair *pair = *state;
	struct job job = { .task = JOB_ENROLL, .run_id = "1", .has_token = true };
	scoped(secret) struct secret *token = NULL;
	scoped(secret) struct secret *came = NULL;
	struct error error = ERROR_INIT;
	struct job received;
	int lock = -1;
	char text[1024] = "";

	job.settings = make_settings();
	assert_ok(secret_new(&token, &error), &error);
	assert_ok(secret_set(token, "one-time", 8, &error), &error);
	assert_ok(job_send(pair->supervisor, &job, token, -1, &error), &error);
	assert_true(recv(pair->worker, text, sizeof(text) - 1, MSG_PEEK) > 0);
	assert_null(strstr(text, "one-time"));
	assert_ok(job_receive(pair->worker, &received, &came, &lock, &error), &error);
	assert_true(received.has_token);
	assert_int_equal(secret_length(came), 8);
	assert_string_equal(secret_bytes(came), "one-time");
	job_clear(&received);
	job_clear(&job);
}

/* A pipe tells whose end a descriptor is, and whether anybody has it still. */
static void assert_write_end(int descriptor, int reading)
{
	char byte = 0;

	assert_true(descriptor >= 0);
	assert_true(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(descriptor, "x", 1), 1);
	assert_int_equal(read(reading, &byte, 1), 1);
}

static void several_jobs_follow_each_other_each_with_its_lock(void **state)
{
	struct pair *pair = *state;
	struct job job = { .task = JOB_RENEW,
		.run_id = "1",
		.spare = true,
		.others = true,
		.revoke_old = true,
		.destroy_old = true };
	scoped(secret) struct secret *token = NULL;
	struct error error = ERROR_INIT;

	job.settings = make_settings();
	for (int turn = 0; turn < 3; turn++) {
		struct job received;
		int ends[2];
		int lock = -1;
		char byte;

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_ok(job_send(pair->supervisor, &job, NULL, ends[1], &error), &error);
		assert_int_equal(close(ends[1]), 0);
		assert_ok(job_receive(pair->worker, &received, &token, &lock, &error), &error);
		assert_true(received.spare && received.others);
		assert_true(received.revoke_old && received.destroy_old);
		assert_write_end(lock, ends[0]);
		assert_int_equal(close(lock), 0);
		assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody else had it */
		close(ends[0]);
		job_clear(&received);
	}
	job_clear(&job);
}

static void a_job_without_a_lock_brings_none(void **state)
{
	struct pair *pair = *state;
	struct job job = { .task = JOB_DOCTOR, .run_id = "1" };
	scoped(secret) struct secret *token = NULL;
	struct error error = ERROR_INIT;
	struct job received;
	int lock = 7;

	job.settings = make_settings();
	assert_ok(job_send(pair->supervisor, &job, NULL, -1, &error), &error);
	assert_ok(job_receive(pair->worker, &received, &token, &lock, &error), &error);
	assert_int_equal(lock, -1);
	job_clear(&received);
	job_clear(&job);
}

static void a_supervisor_that_closes_its_end_has_no_more_jobs(void **state)
{
	struct pair *pair = *state;
	scoped(secret) struct secret *token = NULL;
	struct error error = ERROR_INIT;
	struct job received;
	int lock = -1;

	shutdown(pair->supervisor, SHUT_WR);
	assert_ok(job_receive(pair->worker, &received, &token, &lock, &error), &error);
	assert_null(received.settings);
	assert_int_equal(lock, -1);
}

/* As message_send_with, with as many copies of a descriptor as are wanted. */
static void send_copies(int channel, int descriptor, size_t count)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	char text[] = "{}";
	struct iovec part = { text, 2 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *head;

	message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(head) + i * sizeof(int), &descriptor, sizeof(int));
	assert_int_equal(sendmsg(channel, &message, 0), 2);
}

static void descriptors_that_were_not_asked_for_do_not_stay_open(void **state)
{
	struct pair *pair = *state;

	for (size_t count = 1; count <= 8; count++) {
		scoped(cJSON) cJSON *object = NULL;
		struct error error = ERROR_INIT;
		int ends[2];
		int lock = -1;
		char byte;

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		send_copies(pair->supervisor, ends[1], count);
		close(ends[1]);
		if (count == 1)
			assert_ok(message_receive(pair->worker, &object, &error), &error);
		else
			assert_refused(message_receive_with(pair->worker, &object, &lock, &error),
			    &error, ERROR_INTERNAL);
		assert_int_equal(lock, -1);
		assert_int_equal(read(ends[0], &byte, 1), 0);
		close(ends[0]);
	}
}

static void a_job_whose_token_does_not_come_is_refused(void **state)
{
	struct pair *pair = *state;
	struct job job = { .task = JOB_ENROLL, .run_id = "1" };
	scoped(secret) struct secret *came = NULL;
	scoped(cJSON) cJSON *object = NULL;
	struct error error = ERROR_INIT;
	struct job received;
	int lock = -1;

	job.settings = make_settings();
	assert_ok(job_send(pair->supervisor, &job, NULL, -1, &error), &error);
	assert_ok(message_receive(pair->worker, &object, &error), &error);
	cJSON_ReplaceItemInObject(object, "has_token", cJSON_CreateTrue());
	assert_ok(message_send(pair->supervisor, object, &error), &error);
	shutdown(pair->supervisor, SHUT_WR);
	assert_refused(
	    job_receive(pair->worker, &received, &came, &lock, &error), &error, ERROR_INTERNAL);
	assert_null(came);
	job_clear(&job);
}

/* What is sent is a job, but for one member. */
static enum error_kind refuse_job_without(struct pair *pair, const char *name, cJSON *instead)
{
	struct job job = { .task = JOB_RENEW, .run_id = "1" };
	scoped(secret) struct secret *came = NULL;
	scoped(cJSON) cJSON *object = NULL;
	struct error error = ERROR_INIT;
	struct job received;
	int lock = -1;

	job.settings = make_settings();
	assert_ok(job_send(pair->supervisor, &job, NULL, -1, &error), &error);
	assert_ok(message_receive(pair->worker, &object, &error), &error);
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (instead)
		cJSON_AddItemToObject(object, name, instead);
	assert_ok(message_send(pair->supervisor, object, &error), &error);
	if (job_receive(pair->worker, &received, &came, &lock, &error))
		fail_msg("a job with a wrong %s was taken", name);
	assert_true(error.kind != ERROR_NONE);
	job_clear(&job);
	return error.kind;
}

static void assert_job_without(struct pair *pair, const char *name, cJSON *instead)
{
	(void)refuse_job_without(pair, name, instead);
}

static void a_job_of_another_version_is_for_a_later_run(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(
	    refuse_job_without(pair, "version", cJSON_CreateString("0.0.1")), ERROR_BUSY);
	assert_int_equal(refuse_job_without(pair, "version", NULL), ERROR_BUSY);
}

static void a_job_with_anything_missing_or_wrong_is_refused(void **state)
{
	struct pair *pair = *state;

	assert_job_without(pair, "schema_version", cJSON_CreateNumber(2));
	assert_job_without(pair, "version", cJSON_CreateNumber(1));
	assert_job_without(pair, "task", NULL);
	assert_job_without(pair, "task", cJSON_CreateString("format_disk"));
	assert_job_without(pair, "run_id", NULL);
	assert_job_without(
	    pair, "run_id", cJSON_CreateString("0123456789012345678901234567890123456789"));
	assert_job_without(pair, "renew", cJSON_CreateNumber(1));
	assert_job_without(pair, "has_token", NULL);
	assert_job_without(pair, "spare", NULL);
	assert_job_without(pair, "others", cJSON_CreateNumber(1));
	assert_job_without(pair, "generation", cJSON_CreateNumber(-1));
	assert_job_without(pair, "generation", cJSON_CreateNumber(4294967296.0));
	assert_job_without(pair, "url", cJSON_CreateNumber(1));
	assert_job_without(pair, "settings", NULL);
	assert_job_without(pair, "settings", cJSON_CreateString("{}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OVER_A_PAIR(a_job_arrives_as_it_was_sent),
		OVER_A_PAIR(the_one_time_token_is_a_message_of_its_own),
		OVER_A_PAIR(several_jobs_follow_each_other_each_with_its_lock),
		OVER_A_PAIR(a_job_without_a_lock_brings_none),
		OVER_A_PAIR(a_supervisor_that_closes_its_end_has_no_more_jobs),
		OVER_A_PAIR(descriptors_that_were_not_asked_for_do_not_stay_open),
		OVER_A_PAIR(a_job_whose_token_does_not_come_is_refused),
		OVER_A_PAIR(a_job_of_another_version_is_for_a_later_run),
		OVER_A_PAIR(a_job_with_anything_missing_or_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
