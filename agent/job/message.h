#pragma once
/*
 * One JSON object a message, over a SOCK_SEQPACKET socket, whole or not at all.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* ERROR_INTERNAL: too long, or the peer is gone. Never SIGPIPE. */
MUST_CHECK bool message_send(int channel, const cJSON *object, struct error *error);
/* *ret_object NULL: the peer closed its end, or died. Anything but one JSON object is
   ERROR_INTERNAL. Owned. */
MUST_CHECK bool message_receive(int channel, cJSON **ret_object, struct error *error);

/* The same with a descriptor, which travels with the message (unix(7), SCM_RIGHTS); -1: none. The
   sender keeps its own; the one that comes is the caller's, and closes on exec. A message that
   brings several is ERROR_INTERNAL, and one that message_receive takes brings none. */
MUST_CHECK bool message_send_with(
    int channel, const cJSON *object, int descriptor, struct error *error);
MUST_CHECK bool message_receive_with(
    int channel, cJSON **ret_object, int *ret_descriptor, struct error *error);

/* The same for bytes that are no JSON; an empty message is none. *ret_length 0: closed. */
MUST_CHECK bool message_send_bytes(
    int channel, const void *bytes, size_t length, struct error *error);
MUST_CHECK bool message_receive_bytes(
    int channel, void *bytes, size_t size, size_t *ret_length, struct error *error);
