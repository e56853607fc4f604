#pragma once
/*
 * generation.json: what there is to know about a generation beside its certificate and key.
 */
#include "agent/x509/certificate.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct generation;

cJSON *generation_json_format(const struct generation *generation); /* owned by the caller */
/* Fills in all but certificate, chain, key_uri and activated. False: a member is absent, of
   another type or out of range. The caller clears *ret_generation either way. */
bool generation_json_parse(const cJSON *object, struct generation *ret_generation,
    char ret_certificate_sha256[CERTIFICATE_SHA256_TEXT_SIZE]);
