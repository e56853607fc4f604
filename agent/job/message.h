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

/* The same for bytes that are no JSON; an empty message is none. *ret_length 0: closed. */
MUST_CHECK bool message_send_bytes(
    int channel, const void *bytes, size_t length, struct error *error);
MUST_CHECK bool message_receive_bytes(
    int channel, void *bytes, size_t size, size_t *ret_length, struct error *error);
