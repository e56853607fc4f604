#!/usr/bin/python3
"""Who may include whom, header by header: the layers of docs/architecture.md."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]

# folder: (folders of ours, libraries) that its files may include besides libc. The longest
# folder name that fits a file decides.
MAY = {
    "base": ({"base"}, {"openssl", "cjson"}),
    "pkcs11": ({"base", "pkcs11"}, {"openssl", "p11-kit"}),
    "transport": ({"base", "transport"}, {"openssl", "curl", "cjson"}),
    "fleet": ({"base", "fleet"}, {"cjson"}),
    "rootca": ({"base", "fleet", "agent/x509", "rootca"}, {"openssl", "cjson"}),
    "agent/x509": ({"base", "agent/x509"}, {"openssl"}),
    "agent/state": ({"base", "agent/x509", "agent/state"}, {"openssl", "cjson"}),
    "agent/audit": ({"base", "agent/x509", "agent/state", "agent/audit"}, {"openssl", "cjson"}),
    "agent/config": ({"base", "agent/config"}, {"cjson"}),
    "agent/job": ({"base", "agent/config", "agent/job"}, {"cjson"}),
    "agent/renewal": (
        {"base", "pkcs11", "transport", "agent/x509", "agent/state", "agent/audit", "agent/config",
         "agent/job", "agent/renewal", "agent/policy.h"}, {"openssl", "cjson"}),
    "agent/examination": (
        {"base", "pkcs11", "transport", "agent/x509", "agent/state", "agent/config",
         "agent/job", "agent/renewal", "agent/examination", "agent/policy.h"}, {"openssl"}),
    "agent/worker_main.c": ({"base", "agent/job", "agent/renewal", "agent/examination"},
                              {"openssl"}),
    "agent/identity": (
        {"base", "agent/x509", "agent/state", "agent/audit", "agent/config", "agent/job",
         "agent/identity", "agent/policy.h"}, {"openssl", "cjson"}),
    "agent/metrics": (
        {"base", "agent/x509", "agent/state", "agent/audit", "agent/config", "agent/identity",
         "agent/metrics", "agent/policy.h"}, set()),
    "agent/report": (
        {"base", "agent/x509", "agent/state", "agent/audit", "agent/config", "agent/job",
         "agent/identity", "agent/report", "agent/policy.h", "agent/options.h",
         "agent/commands/commands.h"}, {"cjson"}),
    "agent/doctor": (
        {"base", "agent/x509", "agent/state", "agent/config", "agent/job", "agent/identity",
         "agent/supervisor", "agent/hooks", "agent/enrolment", "agent/doctor", "agent/policy.h",
         "agent/call.h", "agent/options.h"}, set()),
    "agent/supervisor": (
        {"base", "agent/config", "agent/job", "agent/identity", "agent/report",
         "agent/supervisor", "agent/policy.h", "agent/call.h"}, set()),
    "agent/hooks": (
        {"base", "agent/x509", "agent/state", "agent/config", "agent/identity", "agent/hooks",
         "agent/report/console.h", "agent/report/message_ids.h", "agent/supervisor/ending_signals.h",
         "agent/supervisor/service_manager.h", "agent/policy.h", "agent/call.h"}, {"cjson"}),
    "agent/daemon": (
        {"base", "agent/state", "agent/config", "agent/identity", "agent/report",
         "agent/supervisor", "agent/daemon", "agent/policy.h", "agent/call.h", "agent/options.h",
         "agent/enrolment", "agent/visit/visit.h", "agent/commands/commands.h"}, {"cjson"}),
    "agent/enrolment": (
        {"base", "agent/config", "agent/identity", "agent/supervisor", "agent/enrolment",
         "agent/report/console.h", "agent/visit/attempt.h", "agent/call.h", "agent/options.h"},
        {"cjson"}),
    "agent/plan": ({"base", "fleet", "agent/plan"}, {"cjson"}),
    "agent/visit": (
        {"base", "agent/x509", "agent/audit", "agent/config", "agent/identity", "agent/report",
         "agent/supervisor", "agent/hooks", "agent/metrics", "agent/visit", "agent/policy.h",
         "agent/call.h", "agent/options.h", "agent/commands/commands.h"}, {"cjson"}),
    "agent": ({"base", "agent/audit", "agent/config", "agent/identity", "agent/report",
               "agent/commands/commands.h", "agent/visit", "agent"}, {"openssl"}),
    "agent/commands": ({"base", "agent/x509", "agent/state", "agent/audit", "agent/config",
                        "agent/job", "agent/identity", "agent/report", "agent/supervisor", "agent/doctor",
                        "agent/hooks", "agent/daemon", "agent/plan", "agent/enrolment",
                        "agent/visit", "agent/commands/commands.h", "agent"},
                       {"openssl", "cjson"}),
}
LIBRARIES = {"openssl": "openssl", "cjson": "cjson", "curl": "curl", "p11-kit": "p11-kit"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def rule_of(path):
    fits = [name for name in MAY if path == name or path.startswith(name + "/")]
    return max(fits, key=len) if fits else None


def home_of(path):
    """The folder of ours that an included file belongs to, or the file itself."""
    fits = [name for name in MAY if path == name or path.startswith(name + "/")]
    return max(fits, key=len) if fits else path


def complaints_of(path):
    rule = rule_of(path)
    ours, libraries = MAY[rule]
    for bracket, target in INCLUDE.findall((TOP / path).read_text()):
        if bracket == '"':
            home = home_of(target)
            if target not in ours and home not in ours:
                yield f"{path}: {rule} may not include {target}"
            if rule == "agent" and home in ("agent/renewal", "agent/examination"):
                yield f"{path}: only the worker includes {target}"
            continue
        library = LIBRARIES.get(target.split("/")[0])
        if library and library not in libraries:
            yield f"{path}: {rule} may not include <{target}>"


def main():
    files = [str(f.relative_to(TOP)) for folder in ("base", "fleet", "pkcs11", "transport", "agent", "rootca")
             for f in sorted((TOP / folder).rglob("*.[ch]"))]
    if len(files) < 50:
        sys.exit(f"only {len(files)} files seen: is the tree complete?")
    complaints = [c for f in files for c in complaints_of(f)]
    print("\n".join(complaints) or f"{len(files)} files keep to the layers")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
