#pragma once
/*
 * What the Connector's own messages mean. Its GraphQL errors come with status 200 and without a
 * code: the text is all there is.
 */
#include "base/error.h"

struct refusal {
	const char *fragment; /* part of the message; the first row that fits counts */
	enum error_kind kind;
	const char *advice;
};

/* Never NULL; static. */
const struct refusal *refusal_find(const char *message);
