"""A port that is forwarded through SSH; what stands for ssh here is a shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.forward import Ssh, forwarded


def test_our_options_come_first_and_no_session_is_shared() -> None:
    arguments = ("-o", "ControlMaster=auto", "-o", "ControlPersist=60s")
    ssh = Ssh("vm", "deploy", 2222, "/key", arguments, check_host_key=False)
    command = ssh.command(4000, "127.0.0.1", 5432)
    assert command.index("ControlMaster=no") < command.index("ControlMaster=auto")
    assert command.index("ControlPath=none") < command.index("ControlPersist=60s")
    for words in (["-p", "2222"], ["-l", "deploy"], ["-i", "/key"]):
        assert command[command.index(words[0]) + 1] == words[1]
    assert command[command.index("-L") + 1 : -1] == ["127.0.0.1:4000:127.0.0.1:5432", "vm"]
    assert "StrictHostKeyChecking=no" in command
    bare = Ssh("vm").command(4000, "::1", 5432)
    assert "127.0.0.1:4000:[::1]:5432" in bare
    assert not {"-p", "-l", "-i", "StrictHostKeyChecking=no"} & set(bare)


def program(directory: Path, text: str) -> str:
    file = directory / "ssh"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


# As a machine does: a greeting, and then the last argument is run
LOGIN = 'echo Welcome; echo $$ >"$0.pid"; for command; do :; done; exec sh -c "$command"'


def test_it_is_there_once_the_machine_has_said_so_and_ends_with_the_block(tmp_path: Path) -> None:
    ssh = Ssh("vm", program=program(tmp_path, LOGIN))
    with forwarded(ssh, "127.0.0.1", 5432) as port:
        pid = int((tmp_path / "ssh.pid").read_text())
        os.kill(pid, 0)
        assert 1024 < port < 65536
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [("echo 'Permission denied' >&2; exit 255", "Permission denied"), ("exit 0", "forwarded")],
)
def test_a_login_that_fails_is_told_with_its_words(tmp_path: Path, text: str, words: str) -> None:
    ssh = Ssh("vm", "deploy", program=program(tmp_path, text))
    with pytest.raises(GroundworkError) as caught, forwarded(ssh, "127.0.0.1", 5432):
        pass
    assert words in str(caught.value)
    assert caught.value.where == "deploy@vm"


def test_without_ssh_that_is_told() -> None:
    ssh = Ssh("vm", program="/no/such/ssh")
    told = pytest.raises(GroundworkError, match="No port could be forwarded")
    with told as caught, forwarded(ssh, "127.0.0.1", 5432):
        pass
    assert caught.value.details == ["/no/such/ssh: No such file or directory"]
