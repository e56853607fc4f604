#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""One command of renewal-agent on a managed host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: renewal_agent
short_description: Enrol, renew, show or revoke a client certificate whose key is in a PKCS#11 token
version_added: "1.0.0"
description:
  - Runs one command of renewal-agent on the managed host and returns its report.
  - The program and its configuration must be there; the role C(renewal_agent.fleet.renewal_agent)
    installs both.
  - No secret is ever put on a command line or into the environment. The one-time token travels as the
    module's argument, hidden from every log, and reaches the program on its standard input.
author:
  - The renewal-agent authors
requirements:
  - renewal-agent
  - C(setpriv) of util-linux, when the module runs as root and the program as another user
options:
  command:
    description:
      - C(enroll) gets the first certificate by a one-time token. It does nothing for an identity
        whose certificate is alive, unless I(force) is set; a token is then neither needed nor used.
      - C(renew) renews when that is due, and does nothing otherwise.
      - C(status) shows certificate, last run and next renewal, touching neither token nor network.
        It does not fail for a certificate that is missing or dead; C(state) and C(rc) say that.
      - C(revoke) revokes a certificate over a connection made with it; what is revoked already is
        left alone.
      - C(doctor) checks every precondition and changes nothing. It logs in to the token, once.
    type: str
    choices: [enroll, renew, status, revoke, doctor]
    default: status
  identity:
    description:
      - Which identity of the configuration; may be left out when there is one only.
    type: str
  all:
    description:
      - Every identity of the configuration; for C(renew), C(status) and C(doctor).
    type: bool
    default: false
  token:
    description:
      - The one-time token, or the Director's rawEncoded form of it, for I(command=enroll).
    type: str
  token_file:
    description:
      - A file on the managed host that holds it.
    type: path
  url:
    description:
      - The token-secured URL of the Connector. By default what came with the token, then
        C(enrollment_url) of the configuration.
    type: str
  force:
    description:
      - With I(command=renew), passes over due date and back-off; every run then changes something.
      - With I(command=enroll), replaces a certificate that is alive.
    type: bool
    default: false
  dry_run:
    description:
      - With I(command=renew), logs in, looks at the key and asks the Connector whether it accepts
        the identity, and renews nothing. This is done in check mode too.
    type: bool
    default: false
  retry_pin:
    description:
      - With I(command=enroll) or I(command=renew), tries a PIN that the token refused before, once.
    type: bool
    default: false
  generation:
    description:
      - With I(command=revoke), the number of the generation to revoke.
    type: int
  active:
    description:
      - With I(command=revoke), the active certificate. The identity then needs another enrolment.
    type: bool
    default: false
  config:
    description:
      - The configuration, instead of C(/etc/renewal-agent/renewal-agent.conf).
    type: path
  program:
    description:
      - The program, by name or absolute path.
    type: str
    default: renewal-agent
  user:
    description:
      - As whom root runs the program. By default C(renewal-agent), the user that the package makes,
        if there is one. A module that does not run as root runs the program as it is.
    type: str
  service_properties:
    description:
      - Properties of a transient systemd service in which the program then runs, for a PIN that is a
        systemd credential and for devices. The program then sees no environment but what
        C(Environment=) among them says.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description:
      - Nothing is changed and neither token nor network is touched, I(dry_run) apart. C(enroll) and
        C(renew) say from the certificate on disk what they would do; an identity that needs a
        one-time token fails C(renew) as it would without check mode. C(revoke) says whether that
        generation is there and not revoked yet. C(doctor) is skipped.
    support: full
  diff_mode:
    description:
      - Subject, issuer, dates, key and SHA-256 of the active certificate, before and after.
    support: full
notes:
  - Failures carry the exit status of the program as C(rc), and C(error) with its class. With
    C(error.retry) the same task may succeed later without anybody mending something.
  - A PIN that the token refused is never tried again by the program, whatever Ansible's C(retries)
    says.
"""

EXAMPLES = r"""
- name: Renew what is due
  renewal_agent.fleet.renewal_agent:
    command: renew
    all: true

- name: Renew one identity now, and wait while the Connector is busy
  renewal_agent.fleet.renewal_agent:
    command: renew
    identity: orders
    force: true
  register: renewal
  until: renewal is not failed or not renewal.error.retry
  retries: 5
  delay: 60

- name: Enrol with a one-time token
  renewal_agent.fleet.renewal_agent:
    command: enroll
    identity: orders
    token: "{{ one_time_token }}"

- name: Look, and fail when a one-time token is needed
  renewal_agent.fleet.renewal_agent:
    identity: orders
  register: orders
  failed_when: orders is failed or orders.state == "re-enrolment-needed"

- name: Revoke the certificate that was replaced
  renewal_agent.fleet.renewal_agent:
    command: revoke
    identity: orders
    generation: 3

- name: Renew with a PIN that is an encrypted credential
  renewal_agent.fleet.renewal_agent:
    command: renew
    identity: orders
    service_properties:
      - LoadCredentialEncrypted=orders.pin:/etc/credstore.encrypted/orders.pin
"""

RETURN = r"""
rc:
  description:
    - The exit status of the program, see renewal-agent(1). 20 calls for a one-time token, 75 is
      temporary, 77 must not be tried again before something is mended.
  returned: when the program ran
  type: int
  sample: 0
msg:
  description: One sentence for people.
  returned: always
  type: str
  sample: "renewed: valid until 2027-02-19T03:13:21Z, next renewal 2027-01-16T00:04:15Z"
reason:
  description: Why it was done, or not; one of the words of report.schema.json.
  returned: when the program ran
  type: str
  sample: renewed
error:
  description: The class of the failure, its message, and whether trying again may help; else null.
  returned: when the program ran
  type: dict
  sample: {class: network, message: "connect to gateway.example.com: timed out", retry: true}
certificate:
  description: The active certificate, null when there is none. Not with I(all).
  returned: when the program ran
  type: dict
  sample:
    sha256: a88a8aae0a99b317f8e2bee2c084b9b2aac1b3f702fff4827ab5aaae0a2226ff
    not_after: "2027-02-19T03:13:21Z"
state:
  description: none, ok, due, renewing or re-enrolment-needed. Not with I(all).
  returned: with I(command=status)
  type: str
  sample: ok
next_renewal:
  description: When a renewal is due. Not with I(all).
  returned: when the program ran
  type: str
  sample: "2027-01-16T00:04:15Z"
next_attempt:
  description: The end of a back-off, null when there is none. Not with I(all).
  returned: when the program ran
  type: str
identities:
  description: With I(all), the report of each identity.
  returned: with I(all)
  type: list
  elements: dict
report:
  description: The whole report, as docs/report.schema.json describes it.
  returned: when the program ran
  type: dict
stderr:
  description: What the program said to people.
  returned: when it said something
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.renewal_agent.fleet.plugins.module_utils.commands import carry_out


def main():
    module = AnsibleModule(
        argument_spec=dict(
            command=dict(type="str", choices=["enroll", "renew", "status", "revoke", "doctor"],
                         default="status"),
            identity=dict(type="str"),
            all=dict(type="bool", default=False),
            token=dict(type="str", no_log=True),
            token_file=dict(type="path", no_log=False),
            url=dict(type="str"),
            force=dict(type="bool", default=False),
            dry_run=dict(type="bool", default=False),
            retry_pin=dict(type="bool", default=False, no_log=False),
            generation=dict(type="int"),
            active=dict(type="bool", default=False),
            config=dict(type="path"),
            program=dict(type="str", default="renewal-agent"),
            user=dict(type="str"),
            service_properties=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    carry_out(module)


if __name__ == "__main__":
    main()
