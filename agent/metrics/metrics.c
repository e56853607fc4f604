#include "agent/metrics/metrics.h"

#include "agent/config/config.h"
#include "agent/identity/identity.h"
#include "agent/metrics/metrics_text.h"
#include "agent/metrics/sample.h"
#include "agent/policy.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MODE 0644 /* for the exporter, which is another user */
#define TEMPORARY_SUFFIX ".tmp"
#define LOCK_PAUSE 2 /* milliseconds */
#define STREAM_SIZE 65536

struct metrics {
	const struct config *config;    /* borrowed */
	struct metrics_sample *samples; /* one for each identity, in the same order */
};

static const char *file_of(const struct config *config)
{
	return config->identities[0].metrics_file;
}

bool metrics_open(const struct config *config, struct metrics **ret_metrics, struct error *error)
{
	scoped(metrics) struct metrics *metrics = NULL;

	*ret_metrics = NULL;
	if (!file_of(config))
		return true;
	metrics = calloc(1, sizeof(*metrics));
	if (metrics)
		metrics->samples = calloc(config->count, sizeof(*metrics->samples));
	if (!metrics || !metrics->samples)
		return error_set(error, ERROR_INTERNAL, "no memory for the metrics");
	metrics->config = config;
	*ret_metrics = take(metrics);
	return true;
}

void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	free(metrics->samples);
	free(metrics);
}

/* -1 when there is none yet. */
static int open_state_folder(const struct config *config)
{
	return open(config->identities[0].state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void metrics_observe(struct metrics *metrics, const struct identity *identity)
{
	scoped(fd) int folder = -1;

	if (!metrics)
		return;
	folder = open_state_folder(metrics->config);
	for (size_t i = 0; i < metrics->config->count; i++) {
		const struct identity_settings *settings = &metrics->config->identities[i];

		/* Nobody else writes meanwhile: what is on disk is what was read. */
		if (text_equal(settings->name, identity->settings->name) && identity->lock >= 0)
			metrics->samples[i] = metrics_sample_of(
			    identity, metrics_stamp_take(folder, settings->name), clock_now());
	}
}

static void read_sample(
    const struct identity_settings *settings, int folder, struct metrics_sample *ret_sample)
{
	scoped(identity) struct identity identity = { .lock = -1 };
	const struct metrics_stamp stamp = metrics_stamp_take(folder, settings->name);
	struct error ignored = ERROR_INIT;

	if (identity_open(settings, false, &identity, &ignored))
		*ret_sample = metrics_sample_of(&identity, stamp, clock_now());
	else
		*ret_sample = (struct metrics_sample){ .known = true };
}

static void refresh(struct metrics *metrics, int folder)
{
	for (size_t i = 0; i < metrics->config->count; i++) {
		const struct identity_settings *settings = &metrics->config->identities[i];
		struct metrics_sample *sample = &metrics->samples[i];
		const struct metrics_stamp stamp = metrics_stamp_take(folder, settings->name);

		if (!sample->known || !metrics_stamp_equal(&sample->stamp, &stamp))
			read_sample(settings, folder, sample);
	}
}

/* Other runs hold it for some milliseconds; one that was stopped in them must not stop this one. */
static bool lock_folder(int folder, const char *path, struct error *error)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE * 1000000 };
	const int64_t end = clock_milliseconds() + POLICY_METRICS_WAIT * 1000;

	while (flock(folder, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(error, file_error_kind(errno), "cannot lock %s: %s", path,
			    file_error_reason(errno));
		if (clock_milliseconds() >= end)
			return error_set(error, ERROR_BUSY,
			    "another run has held %s for %d s: the metrics are written by a later "
			    "run",
			    path, POLICY_METRICS_WAIT);
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static bool fail(const char *path, struct error *error)
{
	int reason = errno;

	return error_set(error, file_error_kind(reason), "cannot write the metrics to %s: %s", path,
	    file_error_reason(reason));
}

static void print(const struct metrics *metrics, int folder, FILE *stream)
{
	const size_t count = metrics->config->count;
	struct metrics_row *rows = calloc(count, sizeof(*rows));

	if (!rows)
		return;
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct metrics_row){
			.identity = metrics->config->identities[i].name,
			.last_check =
			    metrics_last_check(folder, metrics->config->identities[i].name),
			.sample = &metrics->samples[i],
		};
	metrics_text_print(stream, rows, count, clock_now());
	free(rows);
}

/* Takes the file. A reader sees the old metrics or the new ones; a power cut may lose both, which
   the next run makes good. */
static bool fill(const struct metrics *metrics, int folder, int file, struct error *error)
{
	const char *path = file_of(metrics->config);
	FILE *stream = fdopen(file, "w");
	bool good;

	if (!stream) {
		close(file);
		return fail(path, error);
	}
	(void)setvbuf(stream, NULL, _IOFBF, STREAM_SIZE);
	print(metrics, folder, stream);
	good = fchmod(file, FILE_MODE) == 0 && !ferror(stream);
	if (fclose(stream) != 0 || !good)
		return fail(path, error);
	return true;
}

/* A name of its own, since whoever shares the file need not share the lock. It does not end as the
   exporter wants it. */
static bool put_in_place(const struct metrics *metrics, int folder, struct error *error)
{
	const char *path = file_of(metrics->config);
	char temporary[PATH_MAX];
	int file;

	errno = ENAMETOOLONG;
	if (!text_format(temporary, sizeof(temporary), "%s.XXXXXX" TEMPORARY_SUFFIX, path))
		return fail(path, error);
	file = mkostemps(temporary, sizeof(TEMPORARY_SUFFIX) - 1, O_CLOEXEC);
	if (file < 0)
		return fail(path, error);
	if (fill(metrics, folder, file, error)) {
		if (rename(temporary, path) == 0)
			return true;
		(void)fail(path, error);
	}
	(void)unlink(temporary);
	return false;
}

bool metrics_write(struct metrics *metrics, struct error *error)
{
	scoped(fd) int folder = -1;

	if (!metrics)
		return true;
	folder = open_state_folder(metrics->config);
	if (folder >= 0
	    && !lock_folder(folder, metrics->config->identities[0].state_directory, error))
		return false;
	refresh(metrics, folder);
	return put_in_place(metrics, folder, error);
}
