#include "transport/resolve.h"

#include "base/scoped.h"
#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#define HOST_SIZE 256

DEFINE_SCOPED(addrinfo, struct addrinfo *, freeaddrinfo)

/* getaddrinfo wants no brackets around an IPv6 address. */
static bool strip_brackets(const char *host, char bare[HOST_SIZE])
{
	size_t length = strlen(host);

	if (host[0] != '[' || length < 2)
		return text_copy(bare, HOST_SIZE, host);
	return text_format(bare, HOST_SIZE, "%.*s", (int)length - 2, host + 1);
}

bool resolve_host(const char *host, char *ret_addresses, size_t size, struct error *error)
{
	const struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	scoped(addrinfo) struct addrinfo *found = NULL;
	scoped(text) struct text_buffer list = TEXT_BUFFER_INIT(size - 1);
	char bare[HOST_SIZE];
	char address[NI_MAXHOST];
	int code;

	if (!strip_brackets(host, bare))
		return error_set(error, ERROR_CONFIG, "the name of the host is too long");
	code = getaddrinfo(bare, NULL, &wanted, &found);
	if (code != 0)
		return error_set(error, ERROR_NETWORK, "cannot resolve %s: %s", bare,
		    code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
	for (const struct addrinfo *each = found; each; each = each->ai_next) {
		if (getnameinfo(each->ai_addr, each->ai_addrlen, address, sizeof(address), NULL, 0,
			NI_NUMERICHOST)
		    == 0)
			text_printf(&list, "%s%s", list.length > 0 ? ", " : "", address);
	}
	text_format(ret_addresses, size, "%s", list.length > 0 ? list.data : "");
	return true;
}

const char *resolve_proxy_variable(void)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return names[i];
	}
	return NULL;
}
