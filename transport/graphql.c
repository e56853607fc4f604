#include "transport/graphql.h"

#include "base/json.h"
#include "transport/refusal.h"

#include <string.h>

static const char what[] = "the Connector's answer";

bool graphql_request(const char *query, const char *variable_name, const char *variable_value,
    char **ret_body, struct error *error)
{
	scoped(cJSON) cJSON *body = json_new_object();

	json_add_string(body, "query", query);
	if (variable_name)
		json_add_string(json_add_object(body, "variables"), variable_name, variable_value);
	*ret_body = json_print(body);
	if (!*ret_body)
		return error_set(error, ERROR_INTERNAL, "no memory for a request");
	return true;
}

/* Depth is bounded by json_parse. */
static void wipe(cJSON *value)
{
	if (value->valuestring)
		explicit_bzero(value->valuestring, strlen(value->valuestring));
	for (cJSON *child = value->child; child; child = child->next)
		wipe(child);
}

void graphql_discard(cJSON *result)
{
	if (!result)
		return;
	wipe(result);
	cJSON_Delete(result);
}

/* The first of `errors`; NULL when there is none with a message. Borrowed. */
static const char *first_message(const cJSON *document)
{
	return json_string(cJSON_GetArrayItem(json_member(document, "errors"), 0), "message");
}

static enum error_kind kind_of_status(long status, size_t length)
{
	if (status == 408 || status == 429 || (status >= 500 && status <= 599))
		return ERROR_NETWORK;
	/* How the gateway says that it knows no such identity; or its own chain of services is
	   down, which the caller finds out by waiting. */
	if (status == 400 && length == 0)
		return ERROR_REJECTED;
	return ERROR_CONNECTOR;
}

static const char *meaning_of_status(long status, enum error_kind kind)
{
	if (kind == ERROR_REJECTED)
		return " without a body: it does not accept this identity";
	if (status >= 300 && status <= 399)
		return ": redirects are not followed";
	return "";
}

static bool refuse_status(long status, const char *body, size_t length, struct error *error)
{
	struct error ignored = ERROR_INIT;
	scoped(graphql) cJSON *document = NULL;
	enum error_kind kind = kind_of_status(status, length);
	const char *message = NULL;

	if (json_parse(body, length, what, kind, &document, &ignored))
		message = first_message(document);
	if (message)
		return error_set(
		    error, kind, "the Connector answers HTTP %ld: %.500s", status, message);
	return error_set(error, kind, "the Connector answers HTTP %ld%s", status,
	    meaning_of_status(status, kind));
}

static bool refuse_errors(const cJSON *document, struct error *error)
{
	const char *message = first_message(document);
	const struct refusal *refusal;

	if (!message)
		return error_set(
		    error, ERROR_CONNECTOR, "the Connector answers with errors without a message");
	refusal = refusal_find(message);
	return error_set(
	    error, refusal->kind, "the Connector answers: %.500s (%s)", message, refusal->advice);
}

bool graphql_answer(long status, const char *content_type, const char *body, size_t length,
    const char *field, cJSON **ret_result, struct error *error)
{
	scoped(graphql) cJSON *document = NULL;
	cJSON *data;

	if (status != 200)
		return refuse_status(status, body, length, error);
	if (!json_parse(body, length, what, ERROR_CONNECTOR, &document, error))
		return error_prefix(error, "HTTP 200, content type %.64s",
		    content_type[0] ? content_type : "not given");
	if (json_member(document, "errors"))
		return refuse_errors(document, error);
	data = cJSON_GetObjectItemCaseSensitive(document, "data");
	if (!json_member(data, field))
		return error_set(
		    error, ERROR_CONNECTOR, "the Connector's answer has no data.%s", field);

	*ret_result = cJSON_DetachItemFromObjectCaseSensitive(data, field);
	return true;
}
