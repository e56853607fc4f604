"""The Connector's GraphQL API: its schema, its resolvers, its answers byte for byte."""
import base64
import json
import logging
import time

from graphql import build_ast_schema, execute, parse

import gqlparser
import pem
from signing_request import Refused, SigningRequest

SCHEMA = """
type Token { token: String! }
type CertificationResult {
  certificateChain: String!
  caCertificate: String!
  clientCertificate: String!
}
type ManagementPlaneInfo { directorURL: String  certificateSecuredConnectorURL: String }
type Configuration {
  token: Token
  certificateSigningRequestInfo: CertificateSigningRequestInfo
  managementPlaneInfo: ManagementPlaneInfo
}
type CertificateSigningRequestInfo { subject: String!  keyAlgorithm: String! }
type Query { configuration: Configuration! }
type Mutation {
  signCertificateSigningRequest(csr: String!): CertificationResult!
  revokeCertificate: Boolean!
}
schema { query: Query  mutation: Mutation }
"""
NO_CERTIFICATE = "Failed to authenticate with Certificate. Invalid subject."
NOBODY = ("Failed to authenticate request. Token authentication error: Failed to authenticate with "
          "one time token.. Certificate authentication error: " + NO_CERTIFICATE)
NO_TOKEN = ("Failed to get one-time token during fetching configuration process: "
            "could not get one time token: ")
OPERATIONS = {"configuration": "configuration", "signCertificateSigningRequest": "sign",
              "revokeCertificate": "revoke", "__typename": "probe"}

logging.getLogger("graphql").setLevel(logging.CRITICAL)  # resolver errors are answers here


class Api:
    """connector gives settings, identities, authority and issue(); see connector.py."""

    def __init__(self, connector):
        self._connector = connector
        self._schema = build_ast_schema(parse(SCHEMA))
        query = self._schema.get_query_type().fields
        mutation = self._schema.get_mutation_type().fields
        query["configuration"].resolver = self._configuration
        mutation["signCertificateSigningRequest"].resolver = self._sign
        mutation["revokeCertificate"].resolver = self._revoke
        self._documents = gqlparser.Documents(self._schema, connector.settings)

    def operation_of(self, query, name=None):
        """configuration, sign, revoke, probe, other or invalid."""
        try:
            operation = gqlparser.choose_operation(self._documents.get(query), name)
        except gqlparser.BadDocument:
            return "invalid"
        for field in gqlparser.root_fields(operation):
            if field in OPERATIONS:
                return OPERATIONS[field]
        return "other"

    def execute(self, parameters, call, is_get=False):
        """(status, body) for {"query", "operationName", "variables"}."""
        variables = parameters.get("variables") or {}
        try:
            document = self._documents.get(parameters.get("query") or "")
            operation = gqlparser.choose_operation(document, parameters.get("operationName"))
            if is_get and operation.operation != "query":
                return 406, errors_body([{"message": "GET requests only allow query operations"}])
            gqlparser.check_variables(operation, variables)
        except gqlparser.BadDocument as refused:
            return 422, errors_body(refused.errors)
        result = execute(self._schema, document, context_value=call, variable_values=variables,
                         operation_name=parameters.get("operationName") or None)
        if result.errors:
            return 200, errors_body([{"message": self._message(error), "path": error.path}
                                     for error in result.errors])
        return 200, data_body(result.data)

    @staticmethod
    def _message(error):
        cause = getattr(error, "original_error", error)
        # gqlgen recovers from a panic with these words.
        return str(cause) if isinstance(cause, Refused) else "internal system error"

    def _configuration(self, _root, info):
        caller, settings = info.context.caller, self._connector.settings
        if not caller.client_id:
            raise Refused(NOBODY)
        if "consumerType" not in caller.claims:
            raise Refused("Failed to authenticate request, consumer type not found: "
                          "cannot read ConsumerType key from context")
        if caller.claims["consumerType"] not in ("Application", "Runtime"):
            raise Refused(f"{NO_TOKEN}No token generation for consumer type "
                          f"{caller.claims['consumerType']}")
        if "consumerTenant" not in caller.claims:
            raise Refused(NO_TOKEN + "Failed to authenticate request, tenant not found: "
                          "cannot read TenantKey key from context")
        values = {**settings.subject, "CN": caller.client_id}
        subject = ",".join(f"{one}={values[one]}" for one in ("O", "OU", "L", "ST", "C", "CN"))
        return {
            "token": {"token": self._connector.identities.mint(caller.client_id)},
            "certificateSigningRequestInfo": {"subject": subject, "keyAlgorithm": "rsa2048"},
            "managementPlaneInfo": {"directorURL": settings.director_url,
                                    "certificateSecuredConnectorURL": settings.connector_url}}

    def _sign(self, _root, info, csr):
        call = info.context
        if not call.caller.client_id:
            raise Refused("Failed to authenticate with token: " + NOBODY)
        request = SigningRequest(csr)
        request.check_subject(call.caller.client_id, self._connector.settings.subject)
        leaf = self._connector.authority.leaf(request)
        request.check_key_type()
        started = time.perf_counter()
        issued = self._connector.issue(leaf, call)
        call.signing_milliseconds = (time.perf_counter() - started) * 1000
        return {"clientCertificate": encoded([issued.leaf]), "caCertificate": encoded(issued.cas),
                "certificateChain": encoded(issued.chain)}

    def _revoke(self, _root, info):
        if not info.context.caller.from_certificate:
            raise Refused("Failed to authenticate with certificate: " + NO_CERTIFICATE)
        self._connector.revoke(info.context.caller.certificate_hash)
        return True


def encoded(blocks):
    return base64.b64encode(b"".join(map(pem.encode, blocks))).decode()


def data_body(data):
    return json.dumps({"data": data}, separators=(",", ":"), ensure_ascii=False).encode()


def errors_body(errors):
    """Go's encoding/json escapes what HTML could mistake."""
    body = json.dumps({"errors": errors, "data": None}, separators=(",", ":"), ensure_ascii=False)
    for letter in "<>&\u2028\u2029":
        body = body.replace(letter, f"\\u{ord(letter):04x}")
    return body.encode()
