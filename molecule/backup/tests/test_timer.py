"""The timer of the backups, and what it works with."""

from __future__ import annotations

from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def test_the_timer_is_on_and_stays(host: Any) -> None:
    timer = host.service("groundwork-backup.timer")
    assert timer.is_running
    assert timer.is_enabled
    shown = host.check_output(
        "systemctl show groundwork-backup.timer -p TimersCalendar -p Persistent"
    )
    assert "OnCalendar=*-*-* 03:15:00" in shown
    assert "Persistent=yes" in shown


def test_restic_is_there(host: Any) -> None:
    assert host.package("restic").is_installed


def test_the_key_and_the_settings_are_roots_alone(host: Any) -> None:
    for name in ("backup.key", "backup.json"):
        file = host.file(f"/opt/groundwork/{name}")
        assert (file.user, file.group, file.mode) == ("root", "root", 0o600)


def test_the_key_is_nowhere_else(host: Any) -> None:
    key = host.file("/opt/groundwork/backup.key").content_string.strip()
    assert len(key) == 32
    assert key not in host.file("/opt/groundwork/backup.json").content_string
    assert host.run(f"grep -rl {key} /etc /srv /var/log").stdout == ""
