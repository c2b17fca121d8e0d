"""A PostgreSQL volume whose first start was cut short: recognised, and finished or made anew.

The official image's entry point makes a cluster in place, and takes PG_VERSION, the first file of
initdb, for a whole one. Killed before its end, the next start serves what there is: a cluster
without the app's database, without a way in over TCP, half of one, or one that never starts.

What is done here rests on a proof that nothing of a person's is in the volume: no files and no
databases but initdb's own, and nothing made in those. A cluster that initdb finished is opened for
TCP, as the entry point would have done; the app's role and database are made as in every new one
(`postgres_objects`). Only one that initdb didn't finish is cleared away, and the next start makes
another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..docker import CommandResult, Docker, engine, volumes
from ..errors import GroundworkError
from ..services import Service
from .postgres_facts import psql

_FILES = frozenset(
    (
        *("PG_VERSION", "base", "global", "pg_commit_ts", "pg_dynshmem", "pg_hba.conf"),
        *("pg_ident.conf", "pg_logical", "pg_multixact", "pg_notify", "pg_replslot", "pg_serial"),
        *("pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans", "pg_tblspc", "pg_twophase"),
        *("pg_wal", "pg_xact", "postgresql.auto.conf", "postgresql.conf"),
        *("postmaster.opts", "postmaster.pid", "current_logfiles", "lost+found"),
    )
)
# A tablespace, a replication slot, a prepared transaction: empty as long as nobody makes one
_EMPTY = frozenset({"pg_tblspc", "pg_replslot", "pg_twophase"})
_DATABASES = frozenset({"template0", "template1", "postgres"})
_AT_THE_END = frozenset({"PG_VERSION", "global/pg_control", "base/5/PG_VERSION"})  # 5: postgres
_FIRST_NUMBER = 16384  # from here on what people make is numbered; below is what initdb makes

_HIGHEST_NUMBER = """
SELECT max(oid::text::bigint) FROM (
    SELECT oid FROM pg_class UNION ALL SELECT oid FROM pg_proc UNION ALL SELECT oid FROM pg_type
    UNION ALL SELECT oid FROM pg_namespace UNION ALL SELECT oid FROM pg_authid
) AS made"""
# As the entry point does, unless it had come so far already
_OPEN = r"""
grep -qE '^host[[:space:]]+all[[:space:]]+all[[:space:]]+all[[:space:]]' "$PGDATA/pg_hba.conf" || {
    printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"; echo opened; }
"""
_WIPE = ("find", "/volume", "-mindepth", "1", "!", "-name", "lost+found", "-delete")


@dataclass(frozen=True)
class Finding:
    """What was found in a volume. `done` says what became of it, `""` where it was left alone.

    `databases` are those in it, but templates, where the server could be asked.
    """

    done: str = ""
    databases: tuple[str, ...] = ()


def persons(paths: Iterable[str]) -> list[str]:
    """Those paths in a PGDATA (relative to it) that initdb alone doesn't leave."""
    return [path for path in paths if not _from_initdb(path)]


def unfinished(paths: Iterable[str]) -> bool:
    """Whether a PGDATA with these paths lacks what initdb makes before its end."""
    return not {*paths} >= _AT_THE_END


def _from_initdb(path: str) -> bool:
    top, _, rest = path.partition("/")
    if top not in _FILES or (rest and top in _EMPTY):
        return False
    if top not in ("base", "global"):
        return True
    numbers = (re.match(r"(?:t\d+_)?(\d+)", part) for part in rest.split("/"))
    return all(int(number[1]) < _FIRST_NUMBER for number in numbers if number)


def repair(docker: Docker, project: str, service: Service) -> Finding:
    """Finish the first start of a managed PostgreSQL, if it was cut short.

    Any other volume is left alone. Afterwards the server has yet to be waited for.
    Raises GroundworkError where the engine refuses a step; the next run begins anew.
    """
    found = (engine.containers(docker, project) or {}).get(service.name)
    mounted = (str(mount.get("Name", "")) for mount in (found or {}).get("Mounts", []))
    named = {volumes.parse(name, project): name for name in mounted}
    volume = next((named[place] for place in named if place and place[0] == service.name), "")
    if found is None or not volume:
        return Finding()
    cluster = _Cluster(docker, service, found["Id"], found["Image"], volume)
    asked = cluster.psql("template1", "SELECT datname FROM pg_database")
    if not asked.ok:
        return cluster.make_anew(unfinished)
    databases = set(asked.stdout.split("\n")) - {""}
    shown = Finding(databases=tuple(sorted(databases - {"template0", "template1"})))
    if databases - _DATABASES or cluster.has_something("template1"):
        return shown
    if "postgres" not in databases:  # what initdb makes last
        return cluster.make_anew(lambda _: True)
    return shown if cluster.has_something("postgres") else cluster.finish()


@dataclass(frozen=True)
class _Cluster:
    docker: Docker
    service: Service
    container: str
    image: str
    volume: str

    def psql(self, database: str, sql: str) -> CommandResult:
        """Over the socket, as the cluster's owner."""
        return psql(self.docker, self.container, self.service, database, f"{sql};\n")

    def has_something(self, database: str) -> bool:
        """Whether anything was made in a database, or any role; so too where nobody can say."""
        highest = self.psql(database, _HIGHEST_NUMBER).stdout.strip()
        return not highest.isdecimal() or int(highest) >= _FIRST_NUMBER

    def finish(self) -> Finding:
        """Do the rest of the entry point's work: access over TCP."""
        name = self.service.options["database"]
        if not self._do("exec", self.container, "sh", "-euc", _OPEN):
            return Finding(databases=("postgres",))
        self._check(self.psql("postgres", "SELECT pg_reload_conf()"))
        return Finding(
            f"{self.service.name}: its volume held no database of yours yet (a first start that "
            f"was cut short leaves that); {name} was made, nothing was removed"
        )

    def make_anew(self, confirmed: Callable[[list[str]], bool]) -> Finding:
        """Clear an unfinished cluster away and start the container, which makes another.

        `confirmed` says whether these are the paths of one; whatever isn't initdb's own forbids it.
        """
        if not self._may_go(confirmed) or not self._alone():
            return Finding()
        self._do("stop", self.container, timeout=120)
        if not self._may_go(confirmed):  # somebody was quicker
            self._do("start", self.container)
            return Finding()
        self._in_volume(*_WIPE)
        self._do("start", self.container)
        return Finding(
            f"{self.service.name}: its first start was cut short before there was a cluster; what "
            "it left, which held nothing of yours, was cleared away, and the cluster made anew"
        )

    def _may_go(self, confirmed: Callable[[list[str]], bool]) -> bool:
        listed = self._in_volume("find", "/volume", "-mindepth", "1", "-print0")
        paths = [path.removeprefix("/volume/") for path in listed.split("\0") if path]
        return bool(paths) and not persons(paths) and confirmed(paths)

    def _alone(self) -> bool:
        """Whether no other container has this volume."""
        having = self._do("ps", "-aq", "--no-trunc", "--filter", f"volume={self.volume}")
        return having.split() == [self.container]

    def _in_volume(self, *command: str) -> str:
        return self._do(
            *("run", "--rm", "--network", "none", "--pull", "never", "--user", "0"),
            *("--volume", f"{self.volume}:/volume", "--entrypoint", command[0]),
            *(self.image, *command[1:]),
        )

    def _do(self, *args: str, timeout: float = 60) -> str:
        return self._check(self.docker.run(*args, timeout=timeout))

    def _check(self, result: CommandResult) -> str:
        if not result.ok:
            raise GroundworkError(
                f"The first start of {self.service.name}, which was cut short, can't be made up "
                f"for: {result.error}",
                where=f"the volume {self.volume}",
                next_step="Run again; if it says the same, `docker compose logs` in infra/ says "
                "what the server does.",
            )
        return result.stdout
