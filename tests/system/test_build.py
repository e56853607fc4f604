"""The packages as they come out of the build."""
import os
import subprocess

from managed_host import ROOT


def build(folder, commit="HEAD", **environment):
    subprocess.run(["sh", "-c", f'umask {environment.pop("umask", "022")}; exec "$@"', "sh",
                    ROOT / "packaging" / "build-deb", "--at", folder, "--into", folder / "out",
                    commit], check=True, env={**os.environ, **environment})
    return {each.name: each.read_bytes() for each in (folder / "out").glob("*.deb")}


def test_the_same_commit_gives_the_same_bytes_in_another_folder_zone_and_umask(tmp_path):
    first = build(tmp_path / "here")
    second = build(tmp_path / "somewhere" / "else-with-a-long-name", umask="002",
                   TZ="Pacific/Kiritimati", LC_ALL="C.UTF-8", USER="somebody", HOME="/nonexistent")
    assert len(first) >= 2
    assert first.keys() == second.keys()
    assert not [name for name in first if first[name] != second[name]]

    changes = next((tmp_path / "here").glob("*.changes"))
    result = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", changes],
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 0, result.stdout


def test_the_programs_in_it_are_hardened(packages, tmp_path):
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    programs = [tmp_path / "usr/bin/renewal-agent", tmp_path / "usr/bin/root-ca",
                tmp_path / "usr/libexec/renewal-agent/renewal-worker"]
    subprocess.run([ROOT / "tests/checks/hardening", *programs], check=True)
