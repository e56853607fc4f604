#include "agent/job/message.h"

#include "agent/job/job.h"
#include "base/json.h"
#include "base/scoped.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for one descriptor: what is too much is noticed. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

static void attach(struct msghdr *message, union control *control, int descriptor)
{
	struct cmsghdr *head;

	memset(control, 0, sizeof(*control));
	message->msg_control = control->bytes;
	message->msg_controllen = sizeof(control->bytes);
	head = CMSG_FIRSTHDR(message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(descriptor));
	memcpy(CMSG_DATA(head), &descriptor, sizeof(descriptor));
}

/* More than one: all are closed, and the message is refused. */
static bool detach(struct msghdr *message, int *ret_descriptor, struct error *error)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int first = -1;
	size_t count = 0;

	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
		count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(first);
	for (size_t i = 0; i < count; i++) {
		int descriptor;

		memcpy(&descriptor, CMSG_DATA(head) + i * sizeof(descriptor), sizeof(descriptor));
		if (count == 1 && !(message->msg_flags & MSG_CTRUNC))
			first = descriptor;
		else
			close(descriptor);
	}
	*ret_descriptor = first;
	if (count > 1 || (message->msg_flags & MSG_CTRUNC))
		return error_set(error, ERROR_INTERNAL,
		    "a message between supervisor and worker did not bring one descriptor");
	return true;
}

static bool send_bytes(
    int channel, const void *bytes, size_t length, int descriptor, struct error *error)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control;
	ssize_t sent;

	if (length == 0 || length > JOB_MESSAGE_MAX)
		return error_set(error, ERROR_INTERNAL,
		    "a message between supervisor and worker has %zu bytes, 1 to %d are possible",
		    length, JOB_MESSAGE_MAX);
	if (descriptor >= 0)
		attach(&message, &control, descriptor);
	do
		sent = sendmsg(channel, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent != (ssize_t)length)
		return error_set(error, ERROR_INTERNAL,
		    "cannot send to the other one of supervisor and worker: %s", strerror(errno));
	return true;
}

/* ret_descriptor NULL: there is no room for any, and the kernel drops what comes. Else it may be set
   also when this fails. */
static bool receive_bytes(int channel, void *bytes, size_t size, size_t *ret_length,
    int *ret_descriptor, struct error *error)
{
	struct iovec part = { .iov_base = bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control;
	ssize_t length;

	if (ret_descriptor) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
	}
	do /* with MSG_TRUNC the real length comes back */
		length = recvmsg(channel, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	/* A peer that died with a message unread resets the connection. */
	if (length < 0 && errno == ECONNRESET)
		length = 0;
	if (length < 0)
		return error_set(error, ERROR_INTERNAL,
		    "cannot receive from the other one of supervisor and worker: %s",
		    strerror(errno));
	if (ret_descriptor && !detach(&message, ret_descriptor, error))
		return false;
	if ((size_t)length > size)
		return error_set(error, ERROR_INTERNAL,
		    "a message between supervisor and worker has %zd bytes, %zu are possible",
		    length, size);
	*ret_length = (size_t)length;
	return true;
}

bool message_send_bytes(int channel, const void *bytes, size_t length, struct error *error)
{
	return send_bytes(channel, bytes, length, -1, error);
}

bool message_receive_bytes(
    int channel, void *bytes, size_t size, size_t *ret_length, struct error *error)
{
	return receive_bytes(channel, bytes, size, ret_length, NULL, error);
}

bool message_send_with(int channel, const cJSON *object, int descriptor, struct error *error)
{
	scoped(char) char *text = json_print(object);

	return send_bytes(channel, text, strlen(text), descriptor, error);
}

bool message_send(int channel, const cJSON *object, struct error *error)
{
	return message_send_with(channel, object, -1, error);
}

static bool receive(int channel, cJSON **ret_object, int *ret_descriptor, struct error *error)
{
	scoped(char) char *text = malloc(JOB_MESSAGE_MAX);
	scoped(cJSON) cJSON *object = NULL;
	size_t length = 0;

	if (!text)
		return error_set(error, ERROR_INTERNAL, "out of memory");
	if (!receive_bytes(channel, text, JOB_MESSAGE_MAX, &length, ret_descriptor, error))
		return false;
	if (length > 0
	    && !json_parse(text, length, "a message between supervisor and worker", ERROR_INTERNAL,
		&object, error))
		return false;

	*ret_object = take(object);
	return true;
}

bool message_receive(int channel, cJSON **ret_object, struct error *error)
{
	return receive(channel, ret_object, NULL, error);
}

bool message_receive_with(int channel, cJSON **ret_object, int *ret_descriptor, struct error *error)
{
	scoped(fd) int descriptor = -1;

	if (!receive(channel, ret_object, &descriptor, error))
		return false;
	*ret_descriptor = take_fd(&descriptor);
	return true;
}
