#pragma once
/*
 * RFC 7512 URIs: which token is meant, and where a key lies. Decoded, matched and written by
 * p11-kit's library, which forgives much: what it would skip, merge or take for a PIN is refused
 * before. No message quotes a URI that may hold a PIN.
 */
#include "base/compiler.h"
#include "base/error.h"
#include "base/scoped.h"

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_URI_LENGTH_MAX 1024
#define KEY_URI_LABEL_SIZE 160

struct token_info;
struct key_id;
struct token_uri;

/* A URI that names a token by token, serial, model or manufacturer, at least one of them.
   pin-value, pin-source, module-path, module-name, attributes of objects, of slots and of the
   library, repeated and empty ones are ERROR_CONFIG. */
MUST_CHECK bool token_uri_parse(const char *text, struct token_uri **ret_uri, struct error *error);
void token_uri_discard(struct token_uri *uri);

const char *token_uri_text(const struct token_uri *uri); /* as it was given; borrowed */
/* Its token's part alone, "pkcs11:serial=...;token=...". Owned. */
MUST_CHECK bool token_uri_format(const struct token_uri *uri, char **ret_text, struct error *error);
bool token_uri_matches(const struct token_uri *uri, const struct token_info *info);

/* The URI that names this token, by what key_uri_format writes of one. Owned. */
MUST_CHECK bool token_uri_name(const struct token_info *info, char **ret_text, struct error *error);

/* The URI of a key by its id, as key_uri_format writes it. `object` and type=private may be there;
   the id alone says which key. Another type is ERROR_CONFIG. */
MUST_CHECK bool key_uri_parse(
    const char *text, struct token_uri **ret_uri, struct key_id *ret_id, struct error *error);
/* A URI that a person names a key of some token by: id, object or both, and, where it is needed, the
   token. *ret_id has the length 0 without id; ret_label is "" without object. */
MUST_CHECK bool key_uri_parse_search(const char *text, struct token_uri **ret_uri,
    struct key_id *ret_id, char ret_label[KEY_URI_LABEL_SIZE], struct error *error);
/* token, serial, id, object and type=private; model and manufacturer for a token that has neither
   label nor serial. Never a PIN or a module-path. label NULL or "": no object. Owned. */
MUST_CHECK bool key_uri_format(const struct token_info *info, const struct key_id *id,
    const char *label, char **ret_uri, struct error *error);

DEFINE_SCOPED(token_uri, struct token_uri *, token_uri_discard)
