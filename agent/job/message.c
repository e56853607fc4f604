#include "agent/job/message.h"

#include "agent/job/job.h"
#include "base/json.h"
#include "base/scoped.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

bool message_send_bytes(int channel, const void *bytes, size_t length, struct error *error)
{
	ssize_t sent;

	if (length == 0 || length > JOB_MESSAGE_MAX)
		return error_set(error, ERROR_INTERNAL,
		    "a message between supervisor and worker has %zu bytes, 1 to %d are possible",
		    length, JOB_MESSAGE_MAX);
	do
		sent = send(channel, bytes, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent != (ssize_t)length)
		return error_set(error, ERROR_INTERNAL,
		    "cannot send to the other one of supervisor and worker: %s", strerror(errno));
	return true;
}

bool message_receive_bytes(
    int channel, void *bytes, size_t size, size_t *ret_length, struct error *error)
{
	ssize_t length;

	do /* with MSG_TRUNC the real length comes back */
		length = recv(channel, bytes, size, MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	/* A peer that died with a message unread resets the connection. */
	if (length < 0 && errno == ECONNRESET)
		length = 0;
	if (length < 0)
		return error_set(error, ERROR_INTERNAL,
		    "cannot receive from the other one of supervisor and worker: %s",
		    strerror(errno));
	if ((size_t)length > size)
		return error_set(error, ERROR_INTERNAL,
		    "a message between supervisor and worker has %zd bytes, %zu are possible",
		    length, size);
	*ret_length = (size_t)length;
	return true;
}

bool message_send(int channel, const cJSON *object, struct error *error)
{
	scoped(char) char *text = json_print(object);

	return message_send_bytes(channel, text, strlen(text), error);
}

bool message_receive(int channel, cJSON **ret_object, struct error *error)
{
	scoped(char) char *text = malloc(JOB_MESSAGE_MAX);
	scoped(cJSON) cJSON *object = NULL;
	size_t length = 0;

	if (!text)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	if (!message_receive_bytes(channel, text, JOB_MESSAGE_MAX, &length, error))
		return false;
	if (length > 0
	    && !json_parse(text, length, "a message between supervisor and worker", ERROR_INTERNAL,
		&object, error))
		return false;

	*ret_object = take(object);
	return true;
}
