#include "agent/supervisor/service_manager.h"

#include "base/scoped.h"
#include "base/text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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

void service_manager_extend(const char *status, int64_t seconds)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNSPEC };
	socklen_t length = name ? fill_address(name, &address) : 0;
	scoped(fd) int sender = length > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	char text[SERVICE_STATUS_SIZE + 64];

	/* The status stands last and ends at a line break: a token's name must say nothing else. */
	if (sender < 0
	    || !text_format(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%" PRId64 "\nSTATUS=%.*s",
		seconds * MICROSECONDS, (int)strcspn(status, "\n"), status))
		return;
	(void)sendto(sender, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&address, length);
}
