"""An engine that Groundwork has just installed: from where, and with which settings."""

from __future__ import annotations

from typing import Any

testinfra_hosts = ["ansible://test_hosts"]

DOCKER = {"docker.io", "docker-cli", "docker-compose", "docker-buildx"}
# The installed packages, each with the code names of the releases that have that very version
ORIGINS = """
import apt
for package in apt.Cache():
    if package.installed:
        print(package.name, *sorted({o.codename for o in package.installed.origins if o.codename}))
"""


def test_docker_is_of_debian_13_and_all_else_of_the_hosts_release(host: Any) -> None:
    own = host.system_info.codename
    origins = host.check_output("/usr/bin/python3 -c %s", ORIGINS).splitlines()
    packages = {name: found for name, *found in map(str.split, origins)}
    assert packages.keys() >= DOCKER | {"containerd", "runc", "iptables", "apparmor"}
    for name, found in packages.items():
        wanted = "trixie" if name in DOCKER else own
        assert any(release.startswith(wanted) for release in found), (name, found)


def test_apt_takes_nothing_else_from_the_borrowed_release(host: Any) -> None:
    pin = host.file("/etc/apt/preferences.d/groundwork-docker")
    if host.system_info.codename == "trixie":
        assert not pin.exists
        return
    assert (pin.user, pin.mode) == ("root", 0o644)
    # An upgrade of the whole host would bring nothing of Debian 13's
    upgrade = host.check_output("apt-get --simulate dist-upgrade")
    assert "0 newly installed, 0 to remove" in upgrade
    assert not [line for line in upgrade.splitlines() if "deb13" in line or "trixie" in line]
    policy = host.check_output("apt-cache policy runc bash")
    assert " 100 http" in policy
    assert " 500 http" in host.check_output("apt-cache policy docker.io")


def test_the_settings_are_the_projects_defaults(settings: dict[str, Any]) -> None:
    assert settings == {
        "log-driver": "json-file",
        "log-opts": {"max-size": "10m", "max-file": "3"},
        "live-restore": True,
        "no-new-privileges": True,
    }
