"""The manifests fit each other, the restricted pod security standard, and the program."""
import configparser
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from manifests import FOLDER, agents, containers, everything, load

ROOT = FOLDER.parents[1]
PROGRAM = Path(os.environ.get("RENEWAL_AGENT_BUILD", ROOT / "build")) / "renewal-agent"
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())["$defs"]
KEY_GENERATION = 3600  # the default of key_generation_timeout


def names(parts):
    return [f"{name}-{container['name']}" for name, _, container in parts]


def the(kind, name):
    found = [each for each in everything()
             if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{kind} {name}"
    return found[0]


def configuration():
    parser = configparser.ConfigParser()
    parser.read_string(the("ConfigMap", "renewal-agent")["data"]["renewal-agent.conf"])
    return parser


def mounts(pod, container):
    """By path: the volume that is mounted there, and whether it may be written to."""
    volumes = {each["name"]: each for each in pod["volumes"]}
    return {each["mountPath"]: (volumes[each["name"]], not each.get("readOnly", False))
            for each in container["volumeMounts"]}


def mount_of(path, pod, container):
    """The innermost mount that a path lies in."""
    found = mounts(pod, container)
    return found[max((each for each in found if path.startswith(each + "/")), key=len)]


@pytest.mark.parametrize("_, pod, container", containers(), ids=names(containers()))
def test_a_pod_is_restricted(_, pod, container):
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert not [each for each in pod["volumes"] if "hostPath" in each]


@pytest.mark.parametrize("_, pod, container", agents(), ids=names(agents()))
def test_the_pin_is_a_secret_file_that_the_agent_may_read_and_others_not(_, pod, container):
    volume, writable = mount_of(configuration()["identity orders"]["pin_file"], pod, container)
    assert volume["secret"]["defaultMode"] == 0o400
    assert not writable
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    assert "env" not in container and "envFrom" not in container


@pytest.mark.parametrize("_, pod, container", agents(), ids=names(agents()))
def test_the_state_lies_on_a_volume_that_stays_below_its_root(_, pod, container):
    path = configuration()["agent"]["state_directory"]
    volume, writable = mount_of(path, pod, container)
    assert writable
    the("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])


@pytest.mark.parametrize("_, pod, container", agents(), ids=names(agents()))
def test_the_configuration_is_where_the_program_looks(_, pod, container):
    volume, writable = mount_of("/etc/renewal-agent/renewal-agent.conf", pod, container)
    assert not writable
    assert "renewal-agent.conf" in the("ConfigMap", volume["configMap"]["name"])["data"]


def test_nobody_but_the_agent_may_write_to_its_state():
    for _, pod, container in containers():
        if container["name"] == "application":
            _, writable = mounts(pod, container)["/var/lib/renewal-agent"]
            assert not writable


def test_the_program_understands_configuration_and_arguments(tmp_path):
    text = the("ConfigMap", "renewal-agent")["data"]["renewal-agent.conf"]
    path = tmp_path / "renewal-agent.conf"
    path.write_text(text.replace("/var/lib/renewal-agent/state", str(tmp_path / "state")))
    token = tmp_path / "token"
    token.write_text("")
    for name, _, container in agents():
        arguments = [str(token) if each.startswith("/run/secrets/") else each
                     for each in container["args"]]
        if arguments == ["run"]:  # it would stay
            arguments += ["--help"]
        done = subprocess.run([PROGRAM, "--config", path, *arguments], capture_output=True,
                              text=True, check=False, timeout=60)
        # It has gone as far as to miss a certificate, or the token in the file.
        assert done.returncode == 20 or "the one-time token is empty" in done.stderr \
            or "usage: renewal-agent [OPTION...] run" in done.stdout, (name, done)
    assert subprocess.run([PROGRAM, "--config", path, "status"], capture_output=True,
                          check=False, timeout=60).returncode == 20


def test_the_cron_job_leaves_retries_to_its_schedule_and_says_which_failures_need_somebody():
    spec = load("cronjob.yaml")["spec"]
    job = spec["jobTemplate"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert job["backoffLimit"] == 0
    assert job["activeDeadlineSeconds"] > KEY_GENERATION
    assert job["template"]["spec"]["restartPolicy"] == "Never"  # podFailurePolicy wants it
    rules = job["podFailurePolicy"]["rules"]
    codes = [each["onExitCodes"] for each in rules if each["action"] == "FailJob"]
    assert [each["values"] for each in codes] == [[20, 64, 77, 78]]
    assert set(codes[0]["values"]) <= set(SCHEMA["exit_status"]["enum"])
    assert [each["name"] for each in job["template"]["spec"]["containers"]] == \
        [codes[0]["containerName"]]


def test_readiness_is_what_status_says_and_no_probe_restarts_the_daemon():
    _, _, container = next(each for each in agents() if each[0] == "orders")
    assert container["readinessProbe"]["exec"]["command"] == ["renewal-agent", "status"]
    assert not {"livenessProbe", "startupProbe"} & set(container)


def test_one_pod_at_a_time_writes_the_state():
    spec = load("deployment.yaml")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_no_secret_is_in_the_folder():
    assert "Secret" not in [each["kind"] for each in everything()]


def test_the_kustomization_names_files_that_are_there():
    for name in yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]:
        assert (FOLDER / name).is_file()
