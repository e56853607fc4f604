# SPDX-License-Identifier: Apache-2.0
"""The program renewal-agent, run and understood: one JSON report for each run."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import grp
import json
import os
import pwd

SCHEMA_VERSION = 1
PACKAGE_USER = "renewal-agent"

# What the exit status asks of the one who called; the report's msg says what happened.
CURES = {
    11: "look at the hook; the next renew runs it again",
    20: "supply a one-time token to command enroll",
    64: "the program does not know what this collection asked for: update the older of the two",
    69: "look at the HSM; command doctor says more",
    70: "a bug, or state that cannot be read: command doctor says more",
    75: "temporary: try again later",
    76: "the Connector refused; command doctor says more",
    77: "do not try again before the PIN or the permission is mended",
    78: "mend the configuration",
}


def user_of(module):
    """As whom the program runs: None when that is who the module runs as."""
    wanted = module.params["user"]
    if os.geteuid() != 0:
        mine = pwd.getpwuid(os.geteuid()).pw_name
        if wanted not in (None, mine):
            module.fail_json(msg="only root can run the program as %s: set become" % wanted)
        return None
    try:
        user = pwd.getpwnam(wanted or PACKAGE_USER)
    except KeyError:
        if wanted is None:
            return None
        module.fail_json(msg="there is no user %s: install the package, or set user" % wanted)
    return None if user.pw_uid == 0 else user


def wrapper(module):
    """What goes before the program: another user, or a transient service with its credentials."""
    user = user_of(module)
    properties = module.params["service_properties"]
    if properties:
        command = [module.get_bin_path("systemd-run", required=True),
                   "--quiet", "--wait", "--pipe", "--collect"]
        if user:
            command += ["--property=User=%s" % user.pw_name]
        return command + ["--property=%s" % each for each in properties] + ["--"]
    if not user:
        return []
    return [module.get_bin_path("setpriv", required=True), "--reuid=%s" % user.pw_name,
            "--regid=%s" % grp.getgrgid(user.pw_gid).gr_name, "--init-groups", "--"]


class Run:
    """One run of the program: its exit status, its report, and what it said to people."""

    def __init__(self, status, report, errors):
        self.status = status
        self.report = report
        self.errors = errors

    def identities(self):
        """The reports of the identities that it was about."""
        return self.report.get("identities", [self.report])

    def certificates(self):
        """By identity, what a diff shows of the active certificate."""
        return dict((each["identity"], describe(each["certificate"]))
                    for each in self.identities() if each["identity"])


class Agent:
    def __init__(self, module):
        self.module = module
        program = module.params["program"]
        self.program = program if os.path.isabs(program) else module.get_bin_path(
            program, required=True)
        self.command = wrapper(module) + [self.program]
        if module.params["config"]:
            self.command += ["--config", module.params["config"]]
        if module.params["all"]:
            self.command += ["--all"]
        elif module.params["identity"]:
            self.command += ["--identity", module.params["identity"]]

    def run(self, *arguments, **options):
        """Runs a command. `given` is put on its standard input; nothing secret goes elsewhere."""
        status, output, errors = self.module.run_command(
            self.command + ["--json"] + list(arguments), data=options.get("given"), cwd="/")
        try:
            report = json.loads(output)
        except ValueError:
            report = None
        if not isinstance(report, dict):
            self.module.fail_json(
                msg="%s ended with the exit status %d and without a report: %s"
                    % (self.program, status, errors.strip()), rc=status, stderr=errors)
        if report.get("schema_version") != SCHEMA_VERSION:
            self.module.fail_json(
                msg="the report has the schema_version %s, but this collection knows %d: update "
                    "the older of the two" % (report.get("schema_version"), SCHEMA_VERSION),
                rc=status)
        return Run(status, report, errors)


def describe(certificate):
    """What a diff shows of a certificate; nothing of it is secret."""
    if not certificate:
        return None
    return dict((name, certificate[name]) for name in (
        "sha256", "subject", "issuer", "not_before", "not_after", "key_bits", "key_uri"))


def describe_another(certificate):
    """The same of a certificate that is only going to be issued."""
    return dict(certificate or {}, sha256="(another)", not_before="(another)",
                not_after="(another)", key_uri="(a new key)")


def difference(before, after):
    """By identity."""
    names = sorted(set(before) | set(after))
    changed = [name for name in names if before.get(name) != after.get(name)]
    return dict(before=dict((name, before.get(name)) for name in changed),
                after=dict((name, after.get(name)) for name in changed),
                before_header="active certificates", after_header="active certificates")


def failure_message(run):
    """What happened, with each identity or hook that failed, and what is to be done."""
    hooks = ["%s: the hook for %s: %s" % (each["identity"], hook["event"], hook["error"])
             for each in run.identities() for hook in each.get("hooks", []) if hook["error"]]
    if hooks and not run.report["failed"]:
        happened = "; ".join(hooks)
    elif "identities" in run.report:
        happened = "; ".join("%s: %s" % (each["identity"], each["msg"])
                             for each in run.identities() if each["failed"])
        happened = happened or run.report["msg"]
    else:
        happened = run.report["msg"]
    cure = CURES.get(run.status)
    return "%s (exit status %d%s)" % (happened, run.status, ": " + cure if cure else "")
