#pragma once
/*
 * A Kubernetes Secret: what of it is read and what of it is changed. Everything else stays as it
 * came, `resourceVersion` too, so that `kubectl replace` notices an edit in between.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define SECRET_NAME_SIZE 512

/* "namespace/name", for messages. */
void secret_object_name(const cJSON *secret, char name[SECRET_NAME_SIZE]);

/* ERROR_CONFIG unless it is a v1 Secret with data that kubectl could replace: named, not immutable,
   with a resourceVersion, without stringData. */
MUST_CHECK bool secret_object_check(const cJSON *secret, struct error *error);
bool secret_object_has(const cJSON *secret, const char *key);
/* The bytes of data[key], with a NUL behind them. Owned: wiped_free. ERROR_CONFIG when it is absent or not
   base64. */
MUST_CHECK bool secret_object_get(const cJSON *secret, const char *key, char **ret_bytes,
    size_t *ret_length, struct error *error);
/* Replaced or added. */
MUST_CHECK bool secret_object_set(
    cJSON *secret, const char *key, const char *bytes, size_t length, struct error *error);

/* Whether `kubectl apply` has left a copy of the data in an annotation. */
bool secret_object_was_applied(const cJSON *secret);
/* Takes away what `kubectl replace` does not want: managedFields and that copy. */
void secret_object_clean(cJSON *secret);
