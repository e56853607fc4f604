"""The manifests of packaging/kubernetes, and what is in them."""
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "packaging" / "kubernetes"
FILES = sorted(each for each in FOLDER.glob("*.yaml") if each.name != "kustomization.yaml")


def load(name):
    return yaml.safe_load((FOLDER / name).read_text())


def everything():
    return [document for path in FILES for document in yaml.safe_load_all(path.read_text())]


def pod(manifest):
    """The pod that it makes; None when it makes none."""
    spec = manifest.get("spec", {})
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec["template"]["spec"] if "template" in spec else None


def containers():
    """(manifest's name, pod, container) of each."""
    return [(manifest["metadata"]["name"], pod(manifest), container)
            for manifest in everything() if pod(manifest)
            for container in pod(manifest)["containers"]]


def agents():
    return [each for each in containers() if each[2]["name"] != "application"]
