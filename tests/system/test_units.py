"""The services under systemd, in their sandbox."""
import pytest

UNIT = "renewal-agent@orders.service"


def test_the_timer_fires_and_a_renewal_happens_in_the_sandbox(host):
    host.make_due()
    generation = host.generation()
    host.drop_in("renewal-agent@.timer", "test", "[Timer]", "OnCalendar=", "OnCalendar=*:*:0/5",
                 "RandomizedDelaySec=0", "AccuracySec=1s")
    host.run("systemctl", "start", "renewal-agent@orders.timer")
    host.wait_until(lambda: host.generation() > generation, "the timer renews")
    host.run("systemctl", "stop", "renewal-agent@orders.timer")
    assert host.property(UNIT, "User") == "renewal-agent"


def test_the_one_for_all_identities_renews(host):
    host.make_due()
    generation = host.generation()
    host.run_unit("renewal-agent-all.service")
    assert host.generation() == generation + 1


def test_nothing_due_is_a_run_that_succeeds(host):
    generation = host.generation()
    host.run_unit(UNIT)
    assert host.generation() == generation


def test_the_pin_is_seen_by_no_one_but_the_worker(host):
    assert host.as_agent("cat", "/etc/renewal-agent/credentials/pin",
                         check=False).returncode != 0
    assert "846213975" not in host.output("journalctl", "--no-pager", "-u", "renewal-agent*")
    assert host.run("grep", "-rl", "846213975", "/var/lib/renewal-agent",
                    check=False).returncode == 1


def test_an_encrypted_credential_is_read(host):
    host.make_due()
    generation = host.generation()
    host.run("systemd-creds", "encrypt", "--with-key=host", "--name=pin",
             "/etc/renewal-agent/credentials/pin", "/etc/renewal-agent/pin.encrypted")
    host.drop_in("renewal-agent@.service", "test", "[Service]", "LoadCredential=",
                 "LoadCredentialEncrypted=pin:/etc/renewal-agent/pin.encrypted")
    host.run_unit(UNIT)
    assert host.generation() == generation + 1


@pytest.mark.parametrize("what", [
    "cat /etc/renewal-agent/credentials/pin", "touch /etc/renewal-agent/x", "touch /usr/bin/x",
    "touch /var/x", "ls /home/somebody", "ls /proc/1/root", "unshare --user true",
    "cat /proc/cpuinfo", "hostname x", "chmod u+s /tmp/x"])
def test_the_sandbox_lets_nobody_do(host, what):
    """The agent's unit with another program in it."""
    host.run("mkdir", "-p", "/home/somebody")
    host.run("sh", "-c", f"touch /tmp/x; {what}")  # outside, it can be done
    host.run("hostname", host.name)
    host.drop_in("renewal-agent@.service", "test", "[Service]", "ExecStart=",
                 f'ExecStart=sh -c "touch /tmp/x; ! {what}"')
    host.run_unit(UNIT)


def test_what_a_stop_cuts_is_continued(host):
    host.make_due()
    generation = host.generation()
    host.configure(module=host.slow_token(600_000))
    host.run("systemctl", "start", "--no-block", UNIT)
    host.wait_until(lambda: host.phase() == "PLANNED", "the worker generates a key")
    host.run("systemctl", "stop", UNIT)
    assert host.property(UNIT, "ActiveState") in ("inactive", "failed")
    assert host.generation() == generation
    assert host.run("pgrep", "-u", "renewal-agent", check=False).returncode == 1

    host.slow_token(0)
    host.run_unit(UNIT)
    assert host.generation() == generation + 1
    assert host.phase() == "IDLE"


def test_a_slow_key_is_not_cut_by_the_services_time_limit(host):
    host.make_due()
    generation = host.generation()
    host.configure(module=host.slow_token(8_000))
    host.drop_in("renewal-agent@.service", "test", "[Service]", "TimeoutStartSec=3s")
    host.run_unit(UNIT)
    assert host.generation() == generation + 1
