"""Who uses the certificate is reloaded by systemd: by the path unit, and by a hook with polkit."""
import pytest

from container import free_port

NGINX = """
pid /run/nginx.pid;
events { }
http { server { listen 127.0.0.1:%d; return 200; } }
"""
UNIT = "renewal-agent@orders.service"
RULES = "/etc/polkit-1/rules.d/50-renewal-agent.rules"


@pytest.fixture
def nginx(host):
    host.write("/etc/nginx/nginx.conf", NGINX % free_port())
    host.run("systemctl", "restart", "nginx.service")
    yield "nginx.service"
    host.run("systemctl", "stop", "nginx.service")


def reloads(host):
    """systemd's own count of the reload jobs."""
    return host.output("journalctl", "--no-pager", "-o", "cat", "-u",
                       "nginx.service").count("Reloaded nginx.service")


def test_the_path_unit_reloads_at_each_renewal_and_only_then(host, nginx):
    host.write("/etc/renewal-agent/reload/orders", f"UNITS={nginx}\n")
    host.run("systemctl", "start", "renewal-agent-reload@orders.path")
    for _ in range(3):
        before = reloads(host)
        host.run_unit(UNIT)  # nothing is due
        assert reloads(host) == before
        host.renew_now()
        host.wait_until(lambda before=before: reloads(host) > before, "nginx is reloaded")
        assert reloads(host) == before + 1
    assert host.property("renewal-agent-reload@orders.path", "ActiveState") == "active"
    assert host.property("renewal-agent-reload@orders.service", "Result") == "success"


def test_the_path_unit_starts_nothing_that_does_not_run(host, nginx):
    host.write("/etc/renewal-agent/reload/orders", f"UNITS={nginx}\n")
    host.run("systemctl", "stop", nginx)
    host.run_unit("renewal-agent-reload@orders.service")
    assert host.property(nginx, "ActiveState") == "inactive"


def allow(host, *units):
    names = "".join(f'    "{each}",\n' for each in units)
    host.write(RULES, host.read(RULES).replace("var units = [\n", f"var units = [\n{names}"))


@pytest.fixture
def rules(host):
    original = host.read(RULES)
    yield lambda *units: allow(host, *units)
    host.write(RULES, original)


def may(host, *verb_and_unit):
    return host.as_agent("systemctl", "--no-ask-password", *verb_and_unit,
                         check=False).returncode == 0


def test_without_a_name_in_the_polkit_rule_the_agent_may_nothing(host, nginx):
    assert not may(host, "reload", nginx)


def test_the_polkit_rule_lets_the_agent_reload_what_it_names_and_nothing_else(host, nginx, rules):
    rules(nginx)
    host.wait_until(lambda: may(host, "reload", nginx), "polkit has read the rule")
    assert may(host, "try-restart", nginx)
    assert not may(host, "stop", nginx)
    assert not may(host, "restart", nginx)
    assert not may(host, "reload", "ssh.service")
    assert not may(host, "try-restart", "dbus.service")
    somebody = host.run("runuser", "-u", "nobody", "--", "systemctl", "--no-ask-password",
                        "reload", nginx, check=False)
    assert somebody.returncode != 0


def test_a_hook_reloads_nginx_out_of_the_sandbox(host, nginx, rules):
    rules(nginx)
    host.wait_until(lambda: may(host, "reload", nginx), "polkit has read the rule")
    before = reloads(host)
    host.configure(f"hook_renewed = /usr/bin/systemctl --no-ask-password reload {nginx}")
    host.renew_now()
    host.wait_until(lambda: reloads(host) == before + 1, "nginx is reloaded")
