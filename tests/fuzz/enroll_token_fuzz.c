/*
 * agent/enroll_token: what is accepted can be sent as an HTTP header, to a URL that is one.
 */
#include "agent/enrolment/enroll_token.h"

#include "agent/config/url_check.h"
#include "base/secret.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(enroll_token) struct enroll_token token = { .secret = NULL };
	struct error error = ERROR_INIT;
	const char *bytes;

	if (!enroll_token_parse((const char *)data, size, &token, &error)) {
		must(error.kind == ERROR_USAGE && !token.secret && !token.url);
		return 0;
	}
	bytes = secret_bytes(token.secret);
	must(secret_length(token.secret) > 0);
	for (size_t i = 0; i < secret_length(token.secret); i++)
		must(bytes[i] > ' ' && bytes[i] <= '~');
	must(!token.url || url_check(token.url, &error));
	return 0;
}
