# SPDX-License-Identifier: Apache-2.0
"""The commands of the module renewal_agent: what each asks the program, and what is told of it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import io
import os
import stat

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.renewal_agent.fleet.plugins.module_utils.agent import (
    Agent,
    describe_another,
    difference,
    failure_message,
)

TOLD = ("reason", "error", "certificate", "state", "next_renewal", "next_attempt", "identities")
NEEDS_ENROLMENT = 20
USAGE = 64
STATE_UNREADABLE = 70
DEAD = (NEEDS_ENROLMENT, STATE_UNREADABLE)  # an enrolment is a cure for both
TEMPORARY = 75


def finish(module, run, before=None, after=None, **changes):
    """Ends the module with what the program said, `changes` apart."""
    told = dict((name, run.report[name]) for name in TOLD if name in run.report)
    result = dict(told, rc=run.status, report=run.report, msg=run.report["msg"],
                  changed=run.report["changed"], failed=run.report["failed"])
    if run.errors:
        result["stderr"] = run.errors
    result.update(changes)
    if before is not None and result["changed"]:
        result["diff"] = difference(before, run.certificates() if after is None else after)
    if result["failed"]:
        if "msg" not in changes:
            result["msg"] = failure_message(run)
        module.fail_json(**result)
    if run.status != 0 and "rc" not in changes:
        module.warn(failure_message(run))  # renewed, but a hook failed
    module.exit_json(**result)


def one_time_token(module):
    """From whichever option holds it; hidden from every log."""
    if module.params["token"]:
        return module.params["token"]
    path = module.params["token_file"]
    if not path:
        module.fail_json(
            msg="%s has no live certificate, and there is neither token nor token_file to get one"
                % (module.params["identity"] or "the identity"), rc=NEEDS_ENROLMENT)
    try:
        with io.open(path, encoding="utf-8") as stream:
            if os.fstat(stream.fileno()).st_mode & (stat.S_IRGRP | stat.S_IROTH):
                module.warn("token_file %s can be read by others than its owner" % path)
            token = stream.read()
    except (OSError, ValueError) as error:
        module.fail_json(msg="cannot read token_file %s: %s" % (path, to_native(error)))
    module.no_log_values.add(token.strip())
    return token


def flags(module, *names):
    return ["--" + name.replace("_", "-") for name in names if module.params[name]]


def enroll(module, agent):
    status = agent.run("status")
    before = status.certificates()
    if status.status not in DEAD and (status.report["failed"] or not module.params["force"]):
        finish(module, status)
    token = one_time_token(module)
    if module.check_mode:
        after = dict((name, describe_another(before[name])) for name in before)
        finish(module, status, before, after, changed=True, failed=False, rc=0,
               error=None, msg="would enrol with the one-time token")
    arguments = ["--url", module.params["url"]] if module.params["url"] else []
    run = agent.run("enroll", "--token-file", "-", *(arguments + flags(module, "retry_pin")),
                    given=token)
    finish(module, run, before)


def is_future(moment):
    """Of a time of the report, by this host's clock."""
    return moment > datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ")


def would_renew(report, force):
    """Whether a renewal would begin or go on now; a back-off that holds it up is a failure. What
    is due waits for its window: its next renewal is then still to come."""
    if report["failed"]:
        return False
    if force or report["state"] == "renewing":
        return True
    return report["state"] == "due" and not is_future(report["next_renewal"] or "")


def check_renewal(module, agent):
    force = module.params["force"]
    status = agent.run("status")
    before = status.certificates()
    reports = status.identities()
    held_up = [each for each in reports if not force and each["next_attempt"]]
    due = [each for each in reports if would_renew(each, force) and each not in held_up]
    if status.report["failed"]:
        finish(module, status, changed=bool(due))
    if held_up:
        finish(module, status, changed=bool(due), failed=True, rc=TEMPORARY, reason="backoff",
               msg="would not try: " + "; ".join(
                   "%s is in a back-off until %s" % (each["identity"], each["next_attempt"])
                   for each in held_up))
    after = dict(before)
    for each in due:
        after[each["identity"]] = describe_another(each["certificate"])
    finish(module, status, before, after, changed=bool(due),
           msg="would renew %s" % ", ".join(each["identity"] for each in due) if due
           else status.report["msg"])


def renew(module, agent):
    if module.check_mode and not module.params["dry_run"]:
        check_renewal(module, agent)
    before = agent.run("status").certificates() if module._diff else None
    arguments = flags(module, "force", "dry_run", "retry_pin")
    finish(module, agent.run("renew", *arguments), before)


def status(module, agent):
    run = agent.run("status")
    if run.status != NEEDS_ENROLMENT:
        finish(module, run)
    finish(module, run, failed=False, rc=run.status, msg=failure_message(run))


def revoke(module, agent):
    if module.params["generation"] is not None:
        which = ["--generation", str(module.params["generation"])]
    else:
        which = ["--active"]
    if module.check_mode:
        check_revocation(module, agent)
    finish(module, agent.run("revoke", *which))


def check_revocation(module, agent):
    """An identity that needs an enrolment can be revoked all the same."""
    status = agent.run("status")
    if status.report["failed"] and status.status != NEEDS_ENROLMENT:
        finish(module, status)
    wanted = module.params["generation"]
    there = status.report["generations"]
    found = [each for each in there
             if (each["active"] if wanted is None else each["number"] == wanted)]
    if not found:
        finish(module, status, changed=False, failed=True, rc=USAGE, msg="%s has no %s; there %s" % (
            status.report["identity"],
            "active certificate" if wanted is None else "generation %d" % wanted,
            "is none" if not there else
            "are the generations " + ", ".join(str(each["number"]) for each in there)))
    finish(module, status, changed=not found[0]["revoked"], failed=False, rc=0, error=None,
           msg="%s generation %d" % ("had already revoked" if found[0]["revoked"] else
                                     "would revoke", found[0]["number"]))


def doctor(module, agent):
    if module.check_mode:
        module.exit_json(skipped=True, changed=False,
                         msg="not examined in check mode: doctor logs in to the token and connects")
    finish(module, agent.run("doctor"))


COMMANDS = dict(enroll=enroll, renew=renew, status=status, revoke=revoke, doctor=doctor)
# The options that belong to some commands only, and to which.
BELONGS = dict(
    token=["enroll"], token_file=["enroll"], url=["enroll"], force=["enroll", "renew"],
    dry_run=["renew"], retry_pin=["enroll", "renew"], generation=["revoke"], active=["revoke"],
    all=["renew", "status", "doctor"])
EXCLUSIVE = (("identity", "all"), ("token", "token_file"), ("generation", "active"))


def check_options(module):
    command = module.params["command"]
    for name in sorted(BELONGS):
        if module.params[name] and command not in BELONGS[name]:
            module.fail_json(msg="%s has no meaning for command %s, but for %s"
                                 % (name, command, ", ".join(BELONGS[name])))
    # By what they are set to: all=false beside an identity is no contradiction.
    for names in EXCLUSIVE:
        if all(module.params[name] for name in names):
            module.fail_json(msg="either %s or %s" % names)
    if command == "revoke" and not (module.params["generation"] or module.params["active"]):
        module.fail_json(msg="command revoke needs generation or active")


def carry_out(module):
    """Does what the module's options ask for, and ends the module."""
    check_options(module)
    COMMANDS[module.params["command"]](module, Agent(module))
