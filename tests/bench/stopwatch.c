/*
 * stopwatch REPORT COMMAND [ARGUMENT...]: runs a program and writes a line to the file REPORT: the
 * milliseconds from its start to its end, and the peak memory, in KiB, of the largest of the
 * processes it consisted of. Ends with the program's exit status.
 *
 * A program of its own because Linux counts for the peak of a process also what its memory was
 * before execve: started by a Python interpreter, the agent would show the interpreter's.
 */
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOT_RUN 127

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int run(char **command, int *ret_status, struct rusage *ret_usage)
{
	pid_t pid;
	int result = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);

	if (result != 0) {
		(void)fprintf(stderr, "stopwatch: %s: %s\n", command[0], strerror(result));
		return result;
	}
	return wait4(pid, ret_status, 0, ret_usage) == pid ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	double begun, ended;
	FILE *report;
	int status;

	if (argc < 3)
		return NOT_RUN;
	begun = milliseconds();
	if (run(argv + 2, &status, &usage) != 0)
		return NOT_RUN;
	ended = milliseconds();
	report = fopen(argv[1], "we");
	if (!report || fprintf(report, "%.3f %ld\n", ended - begun, usage.ru_maxrss) < 0
	    || fclose(report) != 0)
		return NOT_RUN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
