#include "rootca/secret_object.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/scoped.h"
#include "base/text.h"
#include "rootca/wiping.h"

#include <string.h>

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

void secret_object_name(const cJSON *secret, char name[SECRET_NAME_SIZE])
{
	const cJSON *metadata = json_member(secret, "metadata");
	const char *space = json_string(metadata, "namespace");
	const char *own = json_string(metadata, "name");

	(void)text_format(name, SECRET_NAME_SIZE, "%.250s%s%.250s", space ? space : "",
	    space ? "/" : "", own ? own : "(a Secret without a name)");
}

bool secret_object_check(const cJSON *secret, struct error *error)
{
	const cJSON *metadata = json_member(secret, "metadata");
	char name[SECRET_NAME_SIZE];

	secret_object_name(secret, name);
	if (!text_equal(json_string(secret, "kind"), "Secret")
	    || !text_equal(json_string(secret, "apiVersion"), "v1"))
		return error_set(error, ERROR_CONFIG,
		    "%s is a %.64s, not a v1 Secret: what `kubectl get secret NAME -o json` prints "
		    "was expected",
		    name,
		    json_string(secret, "kind") ? json_string(secret, "kind")
						: "thing without a kind");
	if (!json_string(metadata, "name"))
		return error_set(error, ERROR_CONFIG, "a Secret has no metadata.name");
	if (!json_string(metadata, "resourceVersion"))
		return error_set(error, ERROR_CONFIG,
		    "the Secret %s has no metadata.resourceVersion, so that an edit in between "
		    "would "
		    "not be noticed: take it from the cluster, not from a manifest",
		    name);
	if (json_boolean(secret, "immutable", false))
		return error_set(error, ERROR_CONFIG,
		    "the Secret %s is immutable: it can only be deleted and made again", name);
	if (json_member(secret, "stringData"))
		return error_set(error, ERROR_CONFIG,
		    "the Secret %s has stringData, which would overwrite its data when it is "
		    "replaced: take it from the cluster, not from a manifest",
		    name);
	if (!cJSON_IsObject(json_member(secret, "data")))
		return error_set(error, ERROR_CONFIG, "the Secret %s has no data", name);
	return true;
}

bool secret_object_has(const cJSON *secret, const char *key)
{
	return json_member(json_member(secret, "data"), key) != NULL;
}

bool secret_object_get(
    const cJSON *secret, const char *key, char **ret_bytes, size_t *ret_length, struct error *error)
{
	const char *text = json_string(json_member(secret, "data"), key);
	char name[SECRET_NAME_SIZE];

	if (text && base64_decode(text, ret_bytes, ret_length))
		return true;
	secret_object_name(secret, name);
	return error_set(error, ERROR_CONFIG,
	    secret_object_has(secret, key) ? "%s of the Secret %s is not base64"
					   : "the key %s of the Secret %s is missing",
	    key, name);
}

bool secret_object_set(
    cJSON *secret, const char *key, const char *bytes, size_t length, struct error *error)
{
	cJSON *data = cJSON_GetObjectItemCaseSensitive(secret, "data");
	scoped(wiped) char *text = NULL;
	cJSON *value;

	if (!base64_encode(bytes, length, &text, error))
		return false;
	value = cJSON_CreateString(text);
	if (value
	    && (cJSON_GetObjectItemCaseSensitive(data, key)
		    ? cJSON_ReplaceItemInObjectCaseSensitive(data, key, value)
		    : cJSON_AddItemToObject(data, key, value)))
		return true;
	cJSON_Delete(value);
	return error_set(error, ERROR_INTERNAL, "out of memory");
}

bool secret_object_was_applied(const cJSON *secret)
{
	const cJSON *annotations = json_member(json_member(secret, "metadata"), "annotations");

	return json_member(annotations, LAST_APPLIED) != NULL;
}

void secret_object_clean(cJSON *secret)
{
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(secret, "metadata");
	cJSON *annotations = cJSON_GetObjectItemCaseSensitive(metadata, "annotations");

	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "managedFields");
	cJSON_DeleteItemFromObjectCaseSensitive(annotations, LAST_APPLIED);
	if (annotations && !annotations->child)
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "annotations");
}
