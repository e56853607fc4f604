#pragma once
/*
 * The one-time token as people hand it over: plain; the Director's `rawEncoded` (base64 of JSON
 * with token and connectorURL) or that JSON itself; or a legacy URL with ?token= in it.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct secret;

struct enroll_token {
	struct secret *secret; /* owned */
	char *url;             /* owned; NULL when it brought none */
	bool exposed;          /* others than the owner may read the file it came from */
};

/* path "-": standard input. ERROR_USAGE for what is no token; nothing of it is quoted. */
MUST_CHECK bool enroll_token_read(
    const char *path, struct enroll_token *ret_token, struct error *error);
MUST_CHECK bool enroll_token_parse(
    const char *text, size_t length, struct enroll_token *ret_token, struct error *error);
void enroll_token_clear(struct enroll_token *token);

__attribute__((unused)) static inline void scoped_destroy_enroll_token(struct enroll_token *token)
{
	enroll_token_clear(token);
}
