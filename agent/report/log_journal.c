#include "agent/report/log_entry.h"
#include "base/scoped.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Far above what our messages can be, below what a socket takes. */
#define DATAGRAM_MOST (64 * 1024)
#define OWN "RENEWAL_AGENT_"

/* "NAME=value\n"; a value with a line break after its length: "NAME\n", 64 bits, the lowest byte
   first, the value, "\n". */
static void add(struct text_buffer *datagram, const char *name, const char *value)
{
	char length[8];

	if (!value)
		return;
	if (!strchr(value, '\n')) {
		(void)text_printf(datagram, "%s=%s\n", name, value);
		return;
	}
	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (char)((uint64_t)strlen(value) >> (8 * i));
	(void)text_printf(datagram, "%s\n", name);
	(void)text_add(datagram, length, sizeof(length));
	(void)text_printf(datagram, "%s\n", value);
}

static void add_number(struct text_buffer *datagram, const char *name, int number)
{
	(void)text_printf(datagram, "%s=%d\n", name, number);
}

static void fill(struct text_buffer *datagram, const struct log_entry *entry)
{
	add(datagram, "MESSAGE", entry->message);
	add_number(datagram, "PRIORITY", (int)entry->level);
	add(datagram, "SYSLOG_IDENTIFIER", "renewal-agent");
	add(datagram, "MESSAGE_ID", entry->message_id);
	add(datagram, OWN "IDENTITY", entry->identity);
	add(datagram, OWN "RUN_ID", entry->run_id);
	if (!entry->end)
		return;
	add(datagram, OWN "COMMAND", entry->end->command);
	add(datagram, OWN "REASON", entry->end->reason);
	add_number(datagram, OWN "EXIT_STATUS", entry->end->exit_status);
	add(datagram, OWN "ERROR_CLASS", entry->end->error_class);
	add(datagram, OWN "CHANGED", entry->end->changed ? "true" : "false");
}

bool log_entry_send(const struct log_entry *entry, const char *socket_path)
{
	scoped(text) struct text_buffer datagram = TEXT_BUFFER_INIT(DATAGRAM_MOST);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scoped(fd) int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	fill(&datagram, entry);
	return sender >= 0 && !datagram.failed
	       && text_copy(address.sun_path, sizeof(address.sun_path), socket_path)
	       && sendto(sender, datagram.data, datagram.length, MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)&address, sizeof(address))
		      == (ssize_t)datagram.length;
}
