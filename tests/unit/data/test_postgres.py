"""How PostgreSQL's data are copied and put back: which containers, with what, in which order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible.module_utils.groundwork.data.model import Checkpoint, Source
from ansible.module_utils.groundwork.data.postgres import TYPE
from ansible.module_utils.groundwork.docker import CommandResult, Docker
from ansible.module_utils.groundwork.errors import GroundworkError

from .test_postgres_contents import SAVED, SERVICE

SECRETS = {
    "POSTGRES_PASSWORD": "first-secret",
    "POSTGRES_SUPERUSER_PASSWORD": "second-secret",
    "POSTGRES_READER_PASSWORD": "third-secret",
}


@dataclass(frozen=True)
class Fake(Docker):
    """An engine with volumes and a server; what it is asked is noted."""

    volumes: tuple[str, ...] = ("kept", "new")
    jobs: list[CommandResult] = field(default_factory=list)
    extensions: tuple[str, ...] = ("plpgsql", "pgcrypto")
    tablespaces: tuple[str, ...] = ()
    made_meanwhile: tuple[str, ...] = ()
    asked: list[tuple[str, ...]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        self.given.append(options.get("stdin") or "")
        if (args[0] == "run" and "--detach" not in args) or (
            args[0] == "exec" and "-euc" in args[:6]
        ):
            return self.jobs.pop(0)
        return CommandResult(0, self._answer(self.given[-1]), "")

    def _answer(self, script: str) -> str:
        if "'sizes'" in script:
            known = SAVED.to_dict() | {"open": ["app"], "tablespaces": list(self.tablespaces)}
            if any(each[0] == "run" for each in self.asked):
                known["roles"] = [*SAVED.roles, *self.made_meanwhile]
            return json.dumps(known)
        if "'extensions'" in script:
            there = {name: SAVED.extensions["app"][name] for name in self.extensions}
            return json.dumps({"database": "app", "extensions": there, "tables": 4})
        return "3000" if "sum(" in script else ""

    def inspect(self, kind: str, names: Any) -> dict[str, dict[str, Any]]:
        if kind == "volume":
            return {name: {} for name in names if name in self.volumes}
        return {}

    def containers(self) -> list[str]:
        return [" ".join(each) for each in self.asked if each[0] == "run"]


def source(engine: Fake, **change: Any) -> Source:
    given = {"container": "live", "secrets": SECRETS} | change
    return Source(
        engine, "shop", SERVICE, "image", "postgres-16-glibc", {"postgres": "old"}, **given
    )


def done(code: int = 0, stdout: str = "", stderr: str = "") -> CommandResult:
    return CommandResult(code, stdout, stderr)


LOG = """FATAL:  could not access file "nowhere"
FATAL:  the database system is starting up
"""


def fill(engine: Fake, **change: Any) -> None:
    details = replace(SAVED, extensions={"app": SAVED.extensions["app"]}).to_dict()
    saved = Checkpoint(kind="postgres", details=details)
    TYPE.fill(source(engine, **change), saved, "kept", "postgres", {"postgres": "new"})


def test_a_checkpoint_needs_its_databases_and_a_margin() -> None:
    assert TYPE.bytes_needed(source(Fake())) == 3000 + 10**9


def test_a_checkpoint_reaches_the_socket_and_no_network() -> None:
    engine = Fake(jobs=[done(), done(stdout="200\tdata\n")])
    made = TYPE.checkpoint(source(engine), "kept", "postgres")
    (job,) = engine.containers()
    assert "--user postgres" in job
    assert "--network none" in job
    assert "--pid container:live" in job
    assert "--cap-add" not in job
    assert "--workdir /copy/postgres" in job
    script, _ = (each for each in engine.asked if each[0] == "exec" and "-euc" in each)
    assert script[-2:] == ("sh", "postgres")
    assert made.bytes == 200 * 1024
    assert (made.kind, made.version, made.image) == ("postgres", "16.15", "image")
    assert made.details["roles"] == ["app", "postgres", "reader"]
    assert made.details["extensions"] == {"app": SAVED.extensions["app"]}


def test_a_role_that_is_made_meanwhile_need_not_be_in_the_copy() -> None:
    engine = Fake(jobs=[done(), done(stdout="200\tdata\n")], made_meanwhile=("late",))
    made = TYPE.checkpoint(source(engine), "kept", "postgres")
    assert made.details["roles"] == ["app", "postgres", "reader"]


def test_what_pg_basebackup_refuses_is_told() -> None:
    words = "pg_basebackup: error: FATAL:  number of requested standby connections exceeds"
    engine = Fake(jobs=[done(1, stderr=words)])
    with pytest.raises(GroundworkError, match="can't be copied") as caught:
        TYPE.checkpoint(source(engine), "kept", "postgres")
    assert caught.value.details == [words]
    assert "max_wal_senders" in caught.value.next_step


def test_what_cannot_be_copied_is_refused_before_anything_begins() -> None:
    engine = Fake(tablespaces=("fast",))
    with pytest.raises(GroundworkError, match=r"tablespaces \(fast\)"):
        TYPE.checkpoint(source(engine), "kept", "postgres")
    with pytest.raises(GroundworkError, match="doesn't run"):
        TYPE.checkpoint(source(engine, container=""), "kept", "postgres")
    assert not [each for each in engine.asked if "-euc" in each], "nothing was copied"


def test_a_new_volume_is_filled_proven_and_closed() -> None:
    engine = Fake(jobs=[done(), done(), done()])
    limits = replace(SERVICE, limits={"memory": "1g"}, settings={"work_mem": "8MB"})
    details = replace(SAVED, extensions={"app": SAVED.extensions["app"]}).to_dict()
    TYPE.fill(
        replace(source(engine), service=limits),
        Checkpoint(details=details),
        "kept",
        "postgres",
        {"postgres": "new"},
    )
    (container,) = engine.containers()
    assert "source=kept,target=/copy,readonly" in container
    assert "source=new,target=/var/lib/postgresql/data" in container
    assert "--user 0" in container
    assert "--memory 1g" in container
    assert "--network none" in container
    copied, served, ended = (each for each in engine.asked if each[0] == "exec" and "sh" in each)
    assert "--user" not in copied
    assert served[1:3] == ended[1:3] == ("--user", "postgres")
    assert "-c work_mem=8MB -c hba_file=" in " ".join(served)
    assert "source=old," not in str(engine.asked)
    everything = str(engine.asked) + str(engine.given)
    assert not [secret for secret in SECRETS.values() if secret in everything]
    changed = next(n for n, text in enumerate(engine.given) if "ALTER ROLE" in text)
    assert changed < engine.asked.index(ended)
    assert engine.given[changed].count("SCRAM-SHA-256$") == 3


@pytest.mark.parametrize(
    ("engine", "what"),
    [
        (Fake(volumes=("kept",)), "volume new is gone"),
        (Fake(volumes=("new",)), "volume kept is gone"),
        (Fake(jobs=[done(20)]), "no whole copy"),
        (Fake(jobs=[done(21)]), "isn't empty"),
        (Fake(jobs=[done(22, stderr="checksum mismatch")]), "is damaged"),
        (Fake(jobs=[done(1, stderr="No space left")]), "can't be filled"),
        (Fake(jobs=[done(), done(1, stderr=LOG)]), "doesn't start"),
        (Fake(jobs=[done(), done()], extensions=("plpgsql",)), "doesn't have all"),
        (Fake(jobs=[done(), done(), done(1, stderr=LOG)]), "in order"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_stays(engine: Fake, what: str) -> None:
    with pytest.raises(GroundworkError, match=what) as caught:
        fill(engine)
    assert "as they were" in caught.value.next_step
    begun = [each[each.index("--name") + 1] for each in engine.asked if each[0] == "run"]
    assert begun == [each[-1] for each in engine.asked if each[0] == "rm"]
    if "doesn't have all" in what:
        assert caught.value.details == ["The extension pgcrypto is missing in app."]
        assert "ALTER ROLE" not in str(engine.given)
    if engine.jobs == [] and what in ("doesn't start", "in order"):
        assert caught.value.details == ['FATAL:  could not access file "nowhere"']


def test_a_password_that_is_not_known_is_told_before_anything_is_copied() -> None:
    engine = Fake()
    with pytest.raises(GroundworkError, match="POSTGRES_PASSWORD"):
        fill(engine, secrets={})
    assert engine.asked == []
