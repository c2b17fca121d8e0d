"""PostgreSQL's logical copy: a dump of each database and the roles, and a server made from them.

It crosses storage formats and major versions: the newer version's programs dump the older server.
Template databases aren't in it; their owner makes them anew.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..docker import Docker
from ..errors import GroundworkError
from ..services import SUPERUSER, Service
from ..text import shortened
from .job import FILE_CAPABILITIES, Job, Mount
from .model import Checkpoint, Source
from .postgres_comparison import CLUSTER, DATABASES, OPTIONS, database_sql, differences, parse
from .postgres_scripts import DATA, SERVERS, WORDS

GLOBALS = "globals.sql"
PLACE = "/copy"
_LIMIT = 6 * 3600.0
_START = 180.0  # seconds
_TRIES = 3
_WHOLE = "PostgreSQL database cluster dump complete"
# Of the inventory's settings those without which a restore may fail
_NEEDED = ("shared_preload_libraries", "max_locks_per_transaction")

# $1, $2: where sockets may be; $3: whoever may own the cluster besides postgres
_CONNECT = f"""
export PGHOST PGUSER PGDATABASE PGCONNECT_TIMEOUT=10 PGAPPNAME=groundwork
connected() {{
  for PGHOST in "$1" "$2"; do for PGUSER in {SUPERUSER} "$3"; do
    for PGDATABASE in postgres template1; do
      if psql -XAtqc 'SELECT 1' >/dev/null 2>/tmp/why; then return 0; fi
    done
  done; done
  cat /tmp/why >&2; return 1
}}
connected "$@"
ask() {{ PGOPTIONS={OPTIONS!r} psql -XAtq -v ON_ERROR_STOP=1 "$@" </dev/null; }}
"""
# In the service's directory; $4 and $5: the SQL
_DUMP = f"""{_CONNECT}
umask 022 # whoever restores it may have another number; the place is root's
printf %s "$4" >/tmp/cluster.sql; printf %s "$5" >/tmp/database.sql
first=$PGDATABASE
ask -c "{DATABASES}" >/tmp/names
n=0
while IFS= read -r PGDATABASE <&3; do
  export OUT="$n.dump"
  rm -f /tmp/dumped
  ask -v file="$n.dump" -f /tmp/database.sql
  [ -e /tmp/dumped ]
  n=$((n + 1))
done 3</tmp/names
PGDATABASE=$first
ask -f /tmp/cluster.sql
pg_dumpall --globals-only --no-tablespaces --lock-wait-timeout=30s --file={GLOBALS}
sync
for file in *; do sum=$(sha256sum "$file"); echo "sum ${{sum%% *}} $(wc -c <"$file") $file"; done
"""
_FACTS = f"""{_CONNECT}
printf %s "$4" >/tmp/cluster.sql; printf %s "$5" >/tmp/database.sql
first=$PGDATABASE
ask -c "{DATABASES}" >/tmp/names
while IFS= read -r PGDATABASE <&3; do ask -f /tmp/database.sql; done 3</tmp/names
PGDATABASE=$first
ask -f /tmp/cluster.sql
"""
# $4: the dump, $5: its database. One that initdb made is made anew, with its settings.
_RESTORE = f"""{_CONNECT}
anew=
if [ "$5" = postgres ]; then PGDATABASE=template1; anew='--clean --if-exists'; fi
exec pg_restore --exit-on-error --no-tablespaces --create $anew --jobs=2 \
  --dbname="$PGDATABASE" "$4" </dev/null
"""
# What is there already is no error: the facts tell whether all are
_ROLES = f"""{_CONNECT}
tail -n 5 "$4" | grep -q {_WHOLE!r} || {{ echo 'the file is not whole' >&2; exit 1; }}
psql -Xq -f "$4" </dev/null 2>&1
"""
_ANALYZE = f"{_CONNECT}\nvacuumdb --all --analyze-only --quiet"
_INSIDE = ("/var/run/postgresql", "/tmp")  # noqa: S108
_BESIDE = tuple(f"/proc/1/root{each}" for each in ("/run/postgresql", "/tmp"))  # noqa: S108


def dump(source: Source, place: str, path: str, image: str = "") -> Checkpoint:
    """Copy a running PostgreSQL into the directory `path` of `place` (see DataType).

    `image`: whose programs do it, those of the service's own by default. Every database is
    consistent in itself, with the facts of that moment. Raises GroundworkError.
    """
    job = Job(
        source.docker,
        source.stack,
        image or source.image,
        (Mount(place, PLACE),),
        user=_owner(source),
        pid=source.container,
        directory=f"{PLACE}/{path}",
        environment=WORDS,
    )
    user = source.service.options["user"]
    for attempt in range(_TRIES):
        done = job.run(_DUMP, *_BESIDE, user, CLUSTER, database_sql(dump=True))
        # Whoever waits to change a table is let through first
        if done.ok or "lock timeout" not in done.stderr or attempt == _TRIES - 1:
            break
    if not done.ok:
        raise GroundworkError(
            f"{source.service.name} can't be copied: {shortened(done.error, 600)}",
            where=f"the container of {source.service.name}",
            next_step="Fix what it says, then run again. Nothing of the service was changed.",
        )
    lines = done.stdout.splitlines()
    sums = [line.split(maxsplit=3)[1:] for line in lines if line.startswith("sum ")]
    facts = parse("\n".join(line for line in lines if not line.startswith("sum ")))
    databases = {name: inside.pop("file") for name, inside in facts["databases"].items()}
    return Checkpoint(
        kind="postgres",
        image=source.image,
        storage_format=source.storage_format,
        version=facts["version"],
        files={name: digest for digest, _, name in sums},
        details={"form": "dump", "databases": databases},
        facts=facts,
        bytes=sum(int(size) for _, size, _ in sums),
    )


def _owner(source: Source) -> str:
    """As whom the server runs: nobody else may see its sockets from beside it."""
    done = source.docker.run("exec", source.container, "stat", "-c", "%u:%g", "/proc/1")
    if not done.ok:
        raise GroundworkError(
            f"{source.service.name} doesn't run, so its data can't be copied: {done.error}",
            next_step="Bring the stack up first.",
        )
    return done.stdout.strip()


def read_facts(docker: Docker, container: str, user: str) -> dict[str, Any]:
    """What a server holds that runs in a container. Raises GroundworkError."""
    here = _Inside(docker, container, user)
    return parse(here.run(_FACTS, CLUSTER, database_sql(dump=False)))


@contextmanager
def restored(
    source: Source,
    saved: Checkpoint,
    place: str,
    path: str,
    volume: str = "",
    memory: str = "",
) -> Iterator[str]:
    """A throw-away server, proven, with what `dump` copied; in a new `volume`, or one that goes
    with it. Raises GroundworkError."""
    user = str(saved.facts["bootstrap"])
    with new_server(source, saved, place, volume, memory) as container:
        load(source.docker, container, user, saved, f"{PLACE}/{path}")
        yield container


def load(docker: Docker, container: str, user: str, saved: Checkpoint, directory: str) -> None:
    """Restore a dump that a new server's container sees at `directory`, and prove it.

    `user` is whom the server was made with. Raises GroundworkError, with what differs.
    """
    here = _Inside(docker, container, user, directory)
    said = here.run(_ROLES, GLOBALS)
    for name, file in saved.details["databases"].items():
        here.run(_RESTORE, file, name)
    here.run(_ANALYZE)
    prove(saved.facts, read_facts(docker, container, user), said)


def prove(saved: Mapping[str, Any], found: Mapping[str, Any], said: str = "") -> None:
    """Raise GroundworkError where a restored server holds something else."""
    if lines := differences(saved, found):
        errors = [line for line in said.splitlines() if "ERROR" in line]
        raise GroundworkError(
            "What was restored differs from what was copied.",
            details=[*lines[:10], *(f"(roles) {line}" for line in errors[:5])],
            next_step="Keep the data that are there, and make another copy.",
        )


@dataclass(frozen=True)
class _Inside:
    """Scripts in a server's own container, in a directory that its user may not find by itself."""

    docker: Docker
    container: str
    user: str
    directory: str = "/"

    def run(self, script: str, *arguments: str) -> str:
        done = self.docker.run(
            *("exec", "--user", SUPERUSER, "--workdir", self.directory, self.container),
            *("sh", "-euc", script, "sh", *_INSIDE, self.user, *arguments),
            timeout=_LIMIT,
        )
        if not done.ok:
            raise GroundworkError(
                f"PostgreSQL can't be restored: {shortened(done.error, 600)}",
                next_step="Nothing of the service was changed. Take another copy.",
            )
        return done.stdout


@contextmanager
def new_server(
    source: Source, saved: Checkpoint, place: str, volume: str = "", memory: str = ""
) -> Iterator[str]:
    """A throw-away container with a new, empty cluster in `volume` (`""`: one that goes with it).

    It is made as the service's own would be, and owned by the same role; it sees the `place` of a
    dump, where there is one. Raises GroundworkError where it doesn't start.
    """
    environment = {
        "POSTGRES_USER": str(saved.facts["bootstrap"]),
        "POSTGRES_DB": "postgres",
        # Till the roles are restored; nobody reaches it
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "POSTGRES_INITDB_ARGS": "--data-checksums --auth-host=scram-sha-256",
        "PGDATA": DATA,
        **WORDS,
    }
    if not volume:  # it goes with the container
        environment["POSTGRES_INITDB_ARGS"] += " --no-sync"
    if "alpine" not in source.service.image:
        environment["GROUNDWORK_LOCALE"] = "en_US.utf8"
    job = Job(
        source.docker,
        source.stack,
        source.image,
        (Mount(volume, DATA), *([Mount(place, PLACE, read_only=True)] if place else [])),
        capabilities=(*FILE_CAPABILITIES, "SETGID", "SETUID"),
        memory=memory,
        tmpfs=SERVERS,
        environment=environment,
    )
    with job.started("postgres", *settings(source.service, bool(volume))) as container:
        _wait(source.docker, container)
        yield container


def settings(service: Service, safe: bool) -> Iterator[str]:
    """What a server that only dumps or restores needs; not `safe`: it is thrown away."""
    asked: dict[str, Any] = {name: service.settings.get(name) for name in _NEEDED}
    # Parallel work needs more shared memory than a container has by default
    asked |= {"max_parallel_maintenance_workers": 0, "max_parallel_workers_per_gather": 0}
    asked |= {} if safe else {"fsync": "off", "full_page_writes": "off"}
    for name, value in asked.items():
        if value is not None:
            yield from ("-c", f"{name}={value}")


def _wait(docker: Docker, container: str) -> None:
    """Over TCP: while a cluster is made, a temporary server answers on the socket alone."""
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        if docker.run("exec", container, "pg_isready", "-q", "-h", "127.0.0.1").ok:
            return
        state = docker.run("inspect", "-f", "{{.State.Running}}", container)
        if state.stdout.strip() != "true":
            break
        time.sleep(0.2)
    said = docker.run("logs", "--tail", "5", container)
    lines = (said.stdout + said.stderr).splitlines()
    raise GroundworkError(
        "A throw-away PostgreSQL doesn't start.",
        details=lines[-5:],
        next_step="Fix what it says, then run again. Nothing of the service was changed.",
    )
