"""Any other service's data: its files, whatever they are, and its container meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from ansible.module_utils.groundwork.data import Source
from ansible.module_utils.groundwork.data.types import data_type
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import container

from . import copies
from .copies import COPY, DOCKER, NEW, SERVER, checkpoint, shell
from .copies import source as managed
from .stack import Stack, docker, slot_name

LIVE = slot_name("groundwork-stores-live")
FILES = """
cd /copy
mkdir -m 2770 'a spöol'; chown 1234:4321 'a spöol'
echo words >'a spöol/größer'; chmod 0600 'a spöol/größer'; chown 1234 'a spöol/größer'
truncate -s 100M sparse; printf x >>sparse
touch -- -r; ln -s 'a spöol' link; mkfifo pipe; chmod 0750 .; chown 1234 .
"""
SHOWN = (
    "cd /copy; find . | sort; stat -c '%n %a %u:%g %s %Y' . ./* ./*/*; readlink link; md5sum sparse"
)


@pytest.fixture
def mail(stack: Stack) -> Iterator[Source]:
    """A container with two volumes; its image has a shell only for the tests' sake."""
    like = managed(stack, "qdrant")
    health = container.Health("tcp", "web")
    service = replace(
        like.service,
        name="mail",
        kind="container",
        details=container.Details(health, "", stop_seconds=1),
    )
    more = f"{LIVE}.more"
    with copies.places(stack), copies.volumes(LIVE, more, f"{NEW}.more"):
        mounts = ("--volume", f"{LIVE}:/data", "--volume", f"{more}:/more")
        run = ("run", "--detach", "--name", SERVER, "--stop-timeout", "1", *mounts)
        ident = docker(*run, "--entrypoint", "sleep", like.image, "infinity").strip()
        one = replace(
            like,
            service=service,
            storage_format="container",
            volumes={"mail": LIVE, "mail.more": more},
            container=ident,
        )
        assert one.helper
        shell(like, "chmod 0777 /copy; " + FILES, LIVE)
        try:
            yield one
        finally:
            DOCKER.run("rm", "--force", SERVER)


def started(one: Source) -> tuple[str, str]:
    """When it was last started, and whether it runs."""
    shown = docker("inspect", "--format", "{{.State.StartedAt}} {{.State.Running}}", one.container)
    at, runs = shown.split()
    return at, runs


def fill(one: Source, saved: copies.Checkpoint) -> None:
    data_type(one.service).fill(one, saved, COPY, "mail", {"mail": NEW, "mail.more": f"{NEW}.more"})


def test_every_kind_of_file_comes_back_as_it_was(mail: Source) -> None:
    before = started(mail)
    assert 10_000 < data_type(mail.service).bytes_needed(mail) < 10**7
    saved = checkpoint(mail)
    assert started(mail)[0] != before[0]
    assert started(mail)[1] == "true"
    assert saved.bytes < 10**7  # holes stay holes
    wanted = shell(mail, SHOWN, LIVE)
    shell(mail, "rm -rf '/copy/a spöol'", LIVE)
    fill(mail, saved)
    assert shell(mail, SHOWN, NEW) == wanted
    assert "2770 1234:4321" in wanted
    assert int(shell(mail, "du -sk /copy", NEW).split()[0]) < 10_000


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("printf y >>'/copy/mail/mail/a spöol/größer'", "is damaged"),
        ("rm -- /copy/mail/mail/-r", "is damaged"),
        ("chmod 0666 -- /copy/mail/mail/-r", "is damaged"),
        ("rm -r /copy/mail/mail.more", "no whole copy"),
    ],
)
def test_a_damaged_copy_is_refused(mail: Source, damage: str, what: str) -> None:
    saved = checkpoint(mail)
    shell(mail, damage)
    with pytest.raises(GroundworkError, match=what):
        fill(mail, saved)


def test_it_runs_again_after_a_failure(mail: Source) -> None:
    with pytest.raises(GroundworkError, match="can't be copied"):
        data_type(mail.service).checkpoint(mail, COPY, "a directory that isn't there")
    assert started(mail)[1] == "true"
