#pragma once
/*
 * The CAs that the gateway's Secret holds: under cacert, under ca.crt as the older guide has it, or
 * twice the same under both.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <openssl/x509.h>
#include <stdbool.h>

#define GATEWAY_BUNDLE_MOST 16

/* In the order of the bundle; owned. ERROR_CONFIG, with the Secret's name. */
MUST_CHECK bool gateway_bundle_read(
    const cJSON *secret, STACK_OF(X509) **ret_trusted, struct error *error);
/* Under every name that the Secret has for it. ERROR_CONFIG when it would get too long to be read. */
MUST_CHECK bool gateway_bundle_write(
    cJSON *secret, const STACK_OF(X509) *trusted, struct error *error);
