#include "agent/supervisor/service_manager.h"

#include "base/compiler.h"
#include "base/scoped.h"
#include "base/text.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MICROSECONDS 1000000

/* A path, or with '@' a name of Linux's abstract namespace. */
static socklen_t fill_address(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length >= sizeof(address->sun_path))
		return 0;
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static void tell(const char *format, ...) PRINTF_LIKE(1, 2);
static void tell(const char *format, ...)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNSPEC };
	socklen_t length = name ? fill_address(name, &address) : 0;
	scoped(fd) int sender = length > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	scoped(text) struct text_buffer text = TEXT_BUFFER_INIT(SERVICE_STATUS_SIZE + 128);
	va_list values;
	bool whole;

	if (sender < 0)
		return;
	va_start(values, format);
	whole = text_vprintf(&text, format, values);
	va_end(values);
	if (!whole)
		return;
	(void)sendto(sender, text.data, text.length, MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&address, length);
}

static int length_of(const char *status)
{
	return (int)strcspn(status, "\n");
}

void service_manager_extend(const char *status, int64_t seconds)
{
	tell("EXTEND_TIMEOUT_USEC=%" PRId64 "\nSTATUS=%.*s", seconds * MICROSECONDS,
	    length_of(status), status);
	service_manager_alive();
}

void service_manager_ready(const char *status)
{
	tell("READY=1\nSTATUS=%.*s", length_of(status), status);
}

void service_manager_status(const char *status)
{
	tell("STATUS=%.*s", length_of(status), status);
}

void service_manager_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	tell("RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reading the configuration",
	    (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000);
}

void service_manager_stopping(const char *status)
{
	tell("STOPPING=1\nSTATUS=%.*s", length_of(status), status);
}

int service_manager_watchdog(void)
{
	const char *span = getenv("WATCHDOG_USEC");
	const char *process = getenv("WATCHDOG_PID");
	uint64_t microseconds;
	uint64_t pid;

	if (!span || !text_parse_number(span, 1, INT64_MAX, &microseconds))
		return -1;
	if (process && (!text_parse_number(process, 1, INT_MAX, &pid) || (pid_t)pid != getpid()))
		return -1;
	microseconds /= 2000; /* half, and in milliseconds */
	if (microseconds > INT_MAX)
		return INT_MAX;
	return microseconds > 0 ? (int)microseconds : 1;
}

void service_manager_alive(void)
{
	if (service_manager_watchdog() >= 0)
		tell("WATCHDOG=1");
}
