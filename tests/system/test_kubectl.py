"""Debian's kubectl reads the manifests into the API's own types, without a cluster: what it does not
know it drops, and what has the wrong type it refuses. $KUBECTL names another one."""
import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "kubernetes"))

from manifests import FOLDER, everything, load  # noqa: E402

ANOTHER = os.environ.get("KUBECTL")


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    """Unpacked, not installed: other packages bring a kubectl, too, and conflict with it."""
    if ANOTHER:
        return shutil.which(ANOTHER)
    folder = tmp_path_factory.mktemp("kubectl")
    subprocess.run(["apt-get", "download", "-qq", "kubernetes-client"], cwd=folder, check=True)
    package, = folder.glob("kubernetes-client_*.deb")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return folder / "usr" / "bin" / "kubectl"


def run(kubectl, *arguments, given=None):
    return subprocess.run(
        [kubectl, "--kubeconfig=/dev/null", *arguments], input=given and yaml.safe_dump(given),
        capture_output=True, text=True, errors="replace", check=False, timeout=60)


def typed(kubectl, manifest):
    """What kubectl makes of a manifest that has a pod: `set image` is its one command that decodes
    into the types of the API and asks no server."""
    done = run(kubectl, "set", "image", "--local", "*=an-image", "-o", "yaml", "-f", "-",
               given=manifest)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def lost(ours, theirs, path=""):
    """What of ours is not in theirs, by its path."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [each for name in ours for each in lost(ours[name], theirs.get(name), f"{path}.{name}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [each for number, (mine, its) in enumerate(zip(ours, theirs))
                for each in lost(mine, its, f"{path}[{number}]")]
    return [] if ours == theirs or path.endswith(".image") else [path]


def known_to(kubectl, manifest):
    """Debian 12's kubectl is of 1.20: it knows a CronJob of another version and no
    podFailurePolicy, which is of 1.25."""
    manifest = copy.deepcopy(manifest)
    if not ANOTHER and manifest["kind"] == "CronJob":
        manifest["apiVersion"] = "batch/v1beta1"
        del manifest["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]
    return manifest


@pytest.mark.parametrize("name", ["cronjob.yaml", "enroll-job.yaml", "deployment.yaml"])
def test_every_field_is_one_that_the_api_has(kubectl, name):
    manifest = known_to(kubectl, load(name))
    assert lost(manifest, typed(kubectl, manifest)) == []


def test_a_misspelt_field_would_be_noticed(kubectl):
    manifest = known_to(kubectl, load("cronjob.yaml"))
    manifest["spec"]["concurencyPolicy"] = "Forbid"
    assert lost(manifest, typed(kubectl, manifest)) == [".spec.concurencyPolicy"]
    manifest["spec"]["jobTemplate"]["spec"]["backoffLimit"] = "none"
    done = run(kubectl, "set", "image", "--local", "*=x", "-o", "yaml", "-f", "-", given=manifest)
    assert done.returncode != 0


def test_the_kustomization_is_built(kubectl):
    done = run(kubectl, "kustomize", str(FOLDER))
    assert done.returncode == 0, done.stderr
    built = {(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(done.stdout)}
    assert built == {("ConfigMap", "renewal-agent"), ("CronJob", "renewal-agent"),
                     ("PersistentVolumeClaim", "renewal-agent-state")}


def test_what_has_no_pod_is_read_as_well(kubectl):
    for manifest in everything():
        done = run(kubectl, "label", "--local", "checked=yes", "-o", "yaml", "-f", "-",
                   given=known_to(kubectl, manifest))
        assert done.returncode == 0, done.stderr
        assert yaml.safe_load(done.stdout)["metadata"]["labels"]["checked"] == "yes"
