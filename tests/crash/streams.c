/*
 * Streams. The C library writes a stream's buffer by a write() of its own that
 * cannot be taken over, so the points are where the program makes it do so:
 * fopen, mkstemp, and fwrite, fflush and fclose when something is to be written. What
 * printf() and the end of the process flush by themselves goes uncounted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/crash/point.h"

#define INTERPOSED __attribute__((visibility("default")))

/* The function that stands behind ours; *ret_function is a pointer to such a function. */
static void find_real(const char *name, void *ret_function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
}

/* Streams in memory have no descriptor and leave no trace. */
static bool pass_stream(const char *function, FILE *stream)
{
	int saved_errno = errno;
	int fd = fileno(stream);

	errno = saved_errno;
	return fd < 0 || point_pass_fd(function, fd);
}

static bool makes_file(const char *mode)
{
	return *mode == 'w' || *mode == 'a';
}

INTERPOSED FILE *fopen(const char *path, const char *mode)
{
	__typeof__(fopen) *real_fopen;

	find_real("fopen", &real_fopen);
	return makes_file(mode) && !point_pass_at("fopen", AT_FDCWD, path) ? NULL
									   : real_fopen(path, mode);
}

INTERPOSED FILE *fopen64(const char *path, const char *mode)
{
	__typeof__(fopen64) *real_fopen64;

	find_real("fopen64", &real_fopen64);
	return makes_file(mode) && !point_pass_at("fopen", AT_FDCWD, path)
		   ? NULL
		   : real_fopen64(path, mode);
}

/* A stream that was not written to yet has no buffer; it gets one of a block. */
static bool writes_at_once(FILE *stream, size_t size)
{
	size_t buffer = __fbufsize(stream) > 0 ? __fbufsize(stream) : 4096;

	return size > 0 && (__flbf(stream) || __fpending(stream) + size > buffer);
}

INTERPOSED size_t fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
	__typeof__(fwrite) *real_fwrite;

	find_real("fwrite", &real_fwrite);
	if (writes_at_once(stream, size * count) && !pass_stream("fwrite", stream))
		return 0;
	return real_fwrite(data, size, count, stream);
}

INTERPOSED int fflush(FILE *stream)
{
	__typeof__(fflush) *real_fflush;

	find_real("fflush", &real_fflush);
	if (stream && __fpending(stream) > 0 && !pass_stream("fflush", stream))
		return EOF;
	return real_fflush(stream);
}

/* A stream whose closing fails is closed all the same, and what was not written is lost. */
INTERPOSED int fclose(FILE *stream)
{
	__typeof__(fclose) *real_fclose;

	find_real("fclose", &real_fclose);
	if (__fpending(stream) > 0 && !pass_stream("fclose", stream)) {
		int error = errno;

		__fpurge(stream);
		real_fclose(stream);
		errno = error;
		return EOF;
	}
	return real_fclose(stream);
}

INTERPOSED int mkstemp(char *template)
{
	__typeof__(mkstemp) *real_mkstemp;

	find_real("mkstemp", &real_mkstemp);
	return point_pass_at("mkstemp", AT_FDCWD, template) ? real_mkstemp(template) : -1;
}

INTERPOSED int mkostemp(char *template, int flags)
{
	__typeof__(mkostemp) *real_mkostemp;

	find_real("mkostemp", &real_mkostemp);
	return point_pass_at("mkstemp", AT_FDCWD, template) ? real_mkostemp(template, flags) : -1;
}

INTERPOSED int mkstemp64(char *template)
{
	return mkstemp(template);
}

INTERPOSED int mkostemp64(char *template, int flags)
{
	return mkostemp(template, flags);
}

INTERPOSED char *mkdtemp(char *template)
{
	__typeof__(mkdtemp) *real_mkdtemp;

	find_real("mkdtemp", &real_mkdtemp);
	return point_pass_at("mkdtemp", AT_FDCWD, template) ? real_mkdtemp(template) : NULL;
}
