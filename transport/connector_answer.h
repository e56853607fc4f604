#pragma once
/*
 * What the Connector's operations return: from `data.result` to structs, without a connection.
 *
 * Every text is there, not empty, bounded and free of control characters, or it is an
 * ERROR_CONNECTOR that names the field. Whether a subject, a certificate or a URL is acceptable
 * is for others to say.
 */
#include "base/compiler.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct connector_certificates;
struct connector_configuration;

/* managementPlaneInfo and its members may be null, certificateSigningRequestInfo may not. */
MUST_CHECK bool connector_answer_configuration(const cJSON *result, bool with_token,
    struct connector_configuration *ret_configuration, struct error *error);
MUST_CHECK bool connector_answer_certificates(
    const cJSON *result, struct connector_certificates *ret_certificates, struct error *error);
/* `true` and nothing else. */
MUST_CHECK bool connector_answer_revocation(const cJSON *result, struct error *error);
