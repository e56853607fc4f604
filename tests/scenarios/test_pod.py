"""In a pod: another user without any capability, mounts as the kubelet makes them (symlinks to a
folder with a date, owned by root and the pod's fsGroup), the manifests of packaging/kubernetes."""
import os
import shutil
from pathlib import Path

import pytest
import yaml
from world import BUILD, ROOT, World, finish

MANIFESTS = ROOT / "packaging" / "kubernetes"
POD = yaml.safe_load((MANIFESTS / "cronjob.yaml").read_text())[
    "spec"]["jobTemplate"]["spec"]["template"]["spec"]
SECURITY = POD["securityContext"]
USER, GROUP = SECURITY["runAsUser"], SECURITY["fsGroup"]
RESTRICTED = ("setpriv", f"--reuid={USER}", f"--regid={SECURITY['runAsGroup']}",
              f"--groups={GROUP}", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")


def mount(folder, files, mode):
    """As the kubelet's atomic writer does; with an fsGroup it adds that group's right to read."""
    dated = folder / "..2026_11_29_07_00_00.123456789"
    dated.mkdir(parents=True)
    for name, content in files.items():
        (dated / name).write_text(content)
        (dated / name).chmod(mode | 0o440)
        os.chown(dated / name, 0, GROUP)
        (folder / name).symlink_to(Path("..data") / name)
    (folder / "..data").symlink_to(dated.name)
    for each in (folder, dated):
        os.chown(each, 0, GROUP)
        each.chmod(0o3777 if each == folder else 0o2755)
    return folder


class Pod(World):
    def __init__(self, directory, connector, volume_mode):
        self.volume = directory / "volume"
        super().__init__(directory, connector)
        for folder in (directory, *directory.parents[:-2]):
            folder.chmod(folder.stat().st_mode | 0o011)
        self.program = directory / "bin" / "renewal-agent"  # the build may be closed to others
        self.program.parent.mkdir()
        for name in ("renewal-agent", "renewal-worker"):
            shutil.copy2(BUILD / name, self.program.parent)
        for path in (self.token.directory, *self.token.directory.rglob("*")):
            os.chown(path, USER, GROUP)
        self.volume.mkdir()
        self.volume.chmod(volume_mode)
        os.chown(self.volume, 0, GROUP)
        self.state = self.volume / "state"
        self.folder = self.state / "orders"
        pin = mount(directory / "pin-mount", {"pin": self.token.pin}, 0o400)
        self.configure(module=self.token.client, pin_file=pin / "pin",
                       server_ca_file=self._readable(connector.server_ca_file))
        text = self.configuration.read_text()
        self.configuration = mount(directory / "configuration", {"renewal-agent.conf": text},
                                   0o644) / "renewal-agent.conf"

    def _readable(self, path):
        copy = self.directory / "server-ca.pem"
        shutil.copy(path, copy)
        copy.chmod(0o644)
        return copy

    def run(self, *arguments, **environment):
        result = finish(self.start(*arguments, command=RESTRICTED, program=self.program,
                                   **environment))
        self.assert_secrets_kept(result)
        return result

    def token_file(self, text):
        folder = self.directory / "token-mount"
        shutil.rmtree(folder, ignore_errors=True)
        return mount(folder, {"token": text}, 0o400) / "token"


# Of a provisioner that keeps to the fsGroup, and of one that lets everybody write to the volume.
@pytest.mark.parametrize("volume_mode", [0o2770, 0o777])
def test_it_enrols_renews_and_is_probed(tmp_path, connector, volume_mode):
    pod = Pod(tmp_path, connector, volume_mode)
    assert pod.run("status").status == 20
    pod.enroll()
    assert pod.run("status").status == 0
    pod.assert_renews()
    assert not [path for path in pod.state.rglob("*") if path.lstat().st_uid != USER]


def test_doctor_finds_nothing_wrong(tmp_path, connector):
    pod = Pod(tmp_path, connector, 0o2770)
    pod.enroll()
    checks = pod.run("doctor").json["checks"]
    assert [each for each in checks if each["result"] in ("warn", "fail")] == []


def test_a_configuration_that_was_mounted_anew_is_read(tmp_path, connector):
    pod = Pod(tmp_path, connector, 0o2770)
    pod.enroll()
    folder = pod.configuration.parent
    dated = folder / "..2026_11_29_08_00_00.987654321"
    shutil.copytree(folder / "..data/", dated)
    (dated / "renewal-agent.conf").write_text(pod.configuration.read_text() + "nonsense = 1\n")
    (folder / "..data_tmp").symlink_to(dated.name)
    (folder / "..data_tmp").rename(folder / "..data")
    assert pod.run("status").status == 78
