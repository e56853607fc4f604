/* connect(): the one point that is not about files. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/crash/point.h"

/* connect:127.0.0.1:8443, connect:[::1]:8443, connect:unix:PATH, connect:family 16 */
static void describe(const struct sockaddr *address, socklen_t length, char *text, size_t size)
{
	struct sockaddr_storage copy = { .ss_family = AF_UNSPEC };
	char host[INET6_ADDRSTRLEN] = "";

	memcpy(&copy, address, length < sizeof(copy) ? length : sizeof(copy));
	if (copy.ss_family == AF_INET) {
		const struct sockaddr_in *inet = (const struct sockaddr_in *)&copy;

		inet_ntop(AF_INET, &inet->sin_addr, host, sizeof(host));
		(void)snprintf(text, size, "connect:%s:%d", host, ntohs(inet->sin_port));
	} else if (copy.ss_family == AF_INET6) {
		const struct sockaddr_in6 *inet = (const struct sockaddr_in6 *)&copy;

		inet_ntop(AF_INET6, &inet->sin6_addr, host, sizeof(host));
		(void)snprintf(text, size, "connect:[%s]:%d", host, ntohs(inet->sin6_port));
	} else if (copy.ss_family == AF_UNIX) {
		const struct sockaddr_un *local = (const struct sockaddr_un *)&copy;

		(void)snprintf(
		    text, size, "connect:unix:%.*s", (int)sizeof(local->sun_path), local->sun_path);
	} else {
		(void)snprintf(text, size, "connect:family %d", copy.ss_family);
	}
}

/* The parameter's type is the C library's, with which _GNU_SOURCE is a union of pointers. */
__attribute__((visibility("default"))) int connect(
    int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	char text[256];

	describe(address.__sockaddr__, length, text, sizeof(text));
	if (!point_pass("connect", text, NULL))
		return -1;
	return (int)syscall(SYS_connect, fd, address.__sockaddr__, length);
}
