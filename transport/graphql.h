#pragma once
/*
 * GraphQL over HTTP, requests and answers, without any connection: pure text.
 *
 * An answer counts only with status 200, no `errors`, and the wanted member of `data` not null.
 * Everything else becomes an error whose kind says who has to do what: ERROR_NETWORK for 408,
 * 429, 5xx and passing failures of the Connector's own, ERROR_REJECTED for 400 without a body,
 * ERROR_CONNECTOR for any other. A complete HTTP answer that is no JSON is not garbled, but wrong.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* {"query": ..., "variables": {name: value}}; name NULL: without variables. Owned. */
MUST_CHECK bool graphql_request(const char *query, const char *variable_name,
    const char *variable_value, char **ret_body, struct error *error);

/* `field` is the alias under data: "result", or "__typename" for the probe. *ret_result is that
   member; owned: graphql_discard. `content_type` is only for messages. */
MUST_CHECK bool graphql_answer(long status, const char *content_type, const char *body,
    size_t length, const char *field, cJSON **ret_result, struct error *error);

/* Wipes every string: an answer may hold a one-time token. NULL is fine. */
void graphql_discard(cJSON *result);

DEFINE_SCOPED(graphql, cJSON *, graphql_discard)
