"""Shared machines for the benchmark: containers with systemd, sshd and an engine of their own.

One is made by playbooks/staging.yml, like any other; the rest are copies of it (its file system by
`docker commit`, its engine's volume file by file), each with its own SSH keys and machine id.
"""

from __future__ import annotations

import json
import secrets
import shlex
import subprocess
import sys
import time
from pathlib import Path

from measure import BIN, ENVIRONMENT, ROOT, run

NAME = "groundwork-bench-vm"
IMAGE = "groundwork/test-host:debian12"
COPY = f"{NAME}:copy"
FIRST = "first"

# What a fresh VM has: SSH, and an ordinary user whose sudo asks for a password
_PREPARE = """
set -e
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends iptables openssh-server
useradd --create-home --shell /bin/bash --groups sudo deploy
echo "deploy:$PASSWORD" | chpasswd
install -d -o deploy -g deploy -m 0700 /home/deploy/.ssh
echo "$KEY" > /home/deploy/.ssh/authorized_keys
rm -r /opt/groundwork/toolbox
systemctl enable --now ssh
"""


class Machines:
    """The VMs, and a directory here with what reaches them: a key, ssh's settings, inventories."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.password = secrets.token_hex(12)
        self.ssh_config = directory / "ssh_config"
        self.connections = directory / "cp"
        self.ports: dict[str, str] = {}
        self._inventory_directory()
        key = directory / "key"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
        self.key = key.with_suffix(".pub").read_text(encoding="utf-8").strip()
        vault = {name: secrets.token_hex(16) for name in ("postgres", "qdrant", "redis")}
        variables = {
            "ansible_become_password": self.password,
            "ansible_ssh_common_args": f"-F {shlex.quote(str(self.ssh_config))}",
            "vault_passwords": vault,
            "docker_source": "distribution",
        }
        path = directory / "inventory" / "group_vars" / "staging" / "vms.yml"
        path.write_text(json.dumps(variables), encoding="utf-8")

    def _inventory_directory(self) -> None:
        """A checkout of links with an inventory of its own; a person's vault stays out of it."""
        for name in ("roles", "alembic", "images", ".cache"):
            (self.directory / name).symlink_to(ROOT / name)
        variables = self.directory / "inventory" / "group_vars"
        (variables / "staging").mkdir(parents=True)
        for path in ("all", "staging/main.yml"):
            (variables / path).symlink_to(ROOT / "inventory" / "group_vars" / path)

    # --- reaching them

    def inventory(self, names: list[str]) -> Path:
        """An inventory of these VMs alone."""
        path = self.directory / "inventory" / f"hosts-{len(names)}.yml"
        hosts = dict.fromkeys(names)  # none has variables of its own
        path.write_text(json.dumps({"staging": {"hosts": hosts}}), encoding="utf-8")
        return path

    def playbook(self, names: list[str]) -> list[str]:
        """`ansible-playbook playbooks/staging.yml` for these VMs."""
        inventory = str(self.inventory(names))
        return [str(BIN / "ansible-playbook"), "playbooks/staging.yml", "-i", inventory]

    def groundwork(self, names: list[str]) -> None:
        """Run it, over connections of its own."""
        run(self.playbook(names), ANSIBLE_SSH_CONTROL_PATH_DIR=str(self.connections))

    def by_hand(self, names: list[str]) -> None:
        """The same commands, over one SSH connection to each VM, all of them at once."""
        typed = (
            "cd /srv/groundwork/infra && docker compose up -d --wait"
            " && cd .. && /opt/groundwork/venv/bin/alembic upgrade head"
        )
        sudo = f"sudo --stdin --prompt= sh -c {shlex.quote(typed)}"
        started = [
            subprocess.Popen(
                ["ssh", "-F", str(self.ssh_config), name, sudo],
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for name in names
        ]
        for process in started:
            assert process.stdin
            process.stdin.write(f"{self.password}\n")
            process.stdin.close()
        for process in started:
            assert process.stdout
            said = process.stdout.read()
            if process.wait():
                sys.exit(f"by hand: {said}")

    def disconnect(self) -> None:
        """End the connections that Ansible keeps open for a minute: each run makes its own."""
        for socket in self.connections.glob("*") if self.connections.exists() else []:
            command = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "any"]
            subprocess.run(command, capture_output=True, check=False)

    def let_run(self, running: list[str], names: list[str]) -> None:
        """Disconnect; of the VMs `names` only those in `running` go on, the others stand still.

        What they missed meanwhile, their timers and health checks, gets a moment to be over.
        """
        self.disconnect()
        frozen = set(run(["docker", "ps", "--filter=status=paused", "--format={{.Names}}"]).split())
        for name in names:
            container = _container(name)
            if (container in frozen) == (name in running):
                run(["docker", "unpause" if name in running else "pause", container])
        time.sleep(3)

    # --- making them

    def provision(self) -> None:
        """Make the first one, from nothing, and keep it as what the others are copied from."""
        only = json.dumps({"test_hosts_images": ["debian12"]})
        run([str(BIN / "ansible-playbook"), "molecule/shared/resources.yml", "-e", only])
        self._start(FIRST, IMAGE, [])
        _booted(FIRST)
        given = {"PASSWORD": self.password, "KEY": self.key}
        environment = [f"--env={name}" for name in given]
        run(["docker", "exec", *environment, _container(FIRST), "sh", "-c", _PREPARE], **given)
        self._write_ssh_config()
        self.groundwork([FIRST])
        self.disconnect()
        # The tree for by hand; apps/backend/.env is there, which tells Alembic the database
        for name in ("alembic.ini", "alembic"):
            run(["docker", "cp", str(ROOT / name), f"{_container(FIRST)}:/srv/groundwork/"])
        # Each copy makes containers of its own: their ids name the control groups that limit them
        _inside(FIRST, "cd /srv/groundwork/infra && docker compose down")
        _inside(FIRST, "rm /etc/ssh/ssh_host_*; truncate --size=0 /etc/machine-id")
        run(["docker", "stop", "--time", "60", _container(FIRST)])
        run(["docker", "commit", _container(FIRST), COPY])

    def copy(self, names: list[str]) -> None:
        """Make these VMs from the first one, and wait until their services are healthy."""
        for name in names:
            source, target = f"{_container(FIRST)}:/from:ro", f"{_container(name)}:/to"
            copying = ["docker", "run", "--rm", "--privileged", "-v", source, "-v", target]
            run([*copying, IMAGE, "cp", "--archive", "/from/.", "/to/"])
        for name in names:
            self._start(name, COPY, ["sh", "-c", "ssh-keygen -A && exec /sbin/init"])
        self._write_ssh_config()
        for name in names:
            _booted(name)
            _inside(name, "cd /srv/groundwork/infra && docker compose up --detach --wait")

    def _start(self, name: str, image: str, command: list[str]) -> None:
        run(
            [
                *("docker", "run", "--detach", "--name", _container(name), "--hostname", name),
                *(
                    "--privileged",
                    "--cgroupns",
                    "host",
                    "--security-opt",
                    "no-new-privileges=false",
                ),
                *("--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp"),  # noqa: S108
                *("--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"),
                *("--volume", f"{_container(name)}:/var/lib/docker"),
                *("--publish", "127.0.0.1::22", image, *command),
            ]
        )
        self.ports[name] = (
            run(["docker", "port", _container(name), "22/tcp"]).split(":")[-1].strip()
        )

    def _write_ssh_config(self) -> None:
        known = self.directory / "known_hosts"
        lines = [
            "User deploy",
            f'IdentityFile "{self.directory / "key"}"',
            "IdentitiesOnly yes",
            f'UserKnownHostsFile "{known}"',
            "StrictHostKeyChecking accept-new",
            "LogLevel ERROR",
        ]
        for name, port in self.ports.items():
            lines += [f"Host {name}", "  HostName 127.0.0.1", f"  Port {port}"]
        self.ssh_config.write_text("\n".join(lines) + "\n", encoding="utf-8")


def remove() -> None:
    """Remove everything of this name: containers, their volumes, the copy's image."""
    own = f"name=^/?{NAME}"
    for kind, listing, removing in (
        ("container", ["ps", "-aq", "--filter", own], ["rm", "--force", "--volumes"]),
        ("volume", ["volume", "ls", "-q", "--filter", own], ["volume", "rm"]),
        ("image", ["images", "-q", COPY], ["rmi", "--force"]),
    ):
        if found := run(["docker", *listing]).split():
            print(f"removing {len(found)} {kind}(s) of {NAME}", file=sys.stderr)
            run(["docker", *removing, *found])


def _container(name: str) -> str:
    return f"{NAME}-{name}"


def _inside(name: str, script: str) -> str:
    return run(["docker", "exec", _container(name), "sh", "-c", script])


def _booted(name: str) -> None:
    """Wait for systemd; `degraded` is up too: a container has no hardware to set up."""
    deadline = time.monotonic() + 90
    asked = ["docker", "exec", _container(name), "systemctl", "is-system-running", "--wait"]
    while True:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.stdout.strip() in ("running", "degraded"):
            return
        if time.monotonic() > deadline:
            sys.exit(f"{name} doesn't start: {done.stdout}{done.stderr}")
        time.sleep(1)
