"""Redis' data: the file that BGSAVE writes, put back as the base of an append-only file.

A dump.rdb alone in a new volume would be passed over, since the append-only file is on: the server
starts empty then. Nothing of the passwords is in the volume.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import GroundworkError
from ..services import ProbeError, endpoint, service_type
from ..services import redis as server
from . import steps
from .job import FILE_CAPABILITIES, Job, Mount, Worker
from .model import AT_ONCE, Checkpoint, Source, Turn

_TIMEOUT = 30.0  # seconds, of one command
_FILE = "dump.rdb"
_TOO_NEW = "Can't handle RDB format version"
_REFUSED = 23

# $1: the service's directory. An open file stays what it is when the next save is renamed over it.
_COPY = f"""
umask 077
cp /data/{_FILE} "/copy/$1/{_FILE}"
redis-check-rdb "/copy/$1/{_FILE}"
head -c 9 "/copy/$1/{_FILE}"; echo
sha256sum <"/copy/$1/{_FILE}"
wc -c <"/copy/$1/{_FILE}"
"""
# $2: its SHA-256. The entry point makes all of it the server's own. cat names a full disk.
_FILL = f"""
{steps.IS_EMPTY}
[ -f "/copy/$1/{_FILE}" ] || exit {steps.NO_COPY}
is_empty /data
at=/data/appendonlydir
umask 077
mkdir "$at"
cp "/copy/$1/{_FILE}" "$at/appendonly.aof.1.base.rdb"
[ "$(sha256sum <"$at/appendonly.aof.1.base.rdb" | cut -d' ' -f1)" = "$2" ] || exit {steps.BROKEN}
redis-check-rdb "$at/appendonly.aof.1.base.rdb" || exit {_REFUSED}
echo 'file appendonly.aof.1.base.rdb seq 1 type b' | cat >"$at/appendonly.aof.manifest"
{steps.synced("/data")}
"""
_SOCKET = "/tmp/redis.sock"  # noqa: S108  in the container
# As the service's, over its settings; nothing is evicted or saved besides
_ALONE = (
    *("--appendonly", "yes", "--appenddirname", "appendonlydir"),
    *("--appendfilename", "appendonly.aof", "--dir", "/data", "--save", "", "--maxmemory", "0"),
    *("--port", "0", "--unixsocket", _SOCKET),
)
_SERVER = (*FILE_CAPABILITIES, "SETGID", "SETUID")  # its entry point's, as the service has them
_ASK = f"redis-cli -s {_SOCKET}"
# $@: its options. It answers PING when it has loaded all.
_START = f"""
set -- docker-entrypoint.sh redis-server "$@"
{steps.start(f'[ "$({_ASK} PING 2>/dev/null)" = PONG ]')}
{_ASK} INFO
"""
_END = steps.end(f"{_ASK} SHUTDOWN")


@dataclass(frozen=True)
class RedisData:
    """What Redis' data are copied and put back by (see `model.DataType`)."""

    def bytes_needed(self, source: Source) -> int:
        """What it has in memory: its file is smaller."""
        return int(_info(source, "memory").get("used_memory", "0"))

    def checkpoint(self, source: Source, place: str, path: str, turn: Turn = AT_ONCE) -> Checkpoint:
        """A save of its own, then a copy of its file."""
        steps.container_of(source)
        turn.wait()
        version = _info(source, "server").get("redis_version", "")
        _save(source)
        live = source.volumes[source.service.name]
        steps.require_volumes(source, live, place)
        job = _job(source, Mount(live, "/data", read_only=True), Mount(place, "/copy"))
        done = job.run(_COPY, path)
        words = done.stdout.split()
        if not done.ok or len(words) < 4:
            raise steps.failed(
                f"{source.service.name} can't be copied.", source, done, "Run again."
            )
        return Checkpoint(
            kind=source.service.kind,
            image=source.image,
            storage_format=source.storage_format,
            version=version,
            files={_FILE: words[-3]},
            details={"rdb_version": int(words[-4].removeprefix("REDIS"))},
            facts=_counted(done.stdout),
            bytes=int(words[-1]),
        )

    def fill(
        self, source: Source, saved: Checkpoint, place: str, path: str, volumes: Mapping[str, str]
    ) -> None:
        """Check the file, put it into the append-only file's place, and let a server load it."""
        volume = volumes[source.service.name]
        steps.require_volumes(source, place, volume)
        job = Job(
            source.docker,
            source.stack,
            source.image,
            (Mount(volume, "/data"), Mount(place, "/copy", read_only=True)),
            capabilities=_SERVER,
            directory="/data",  # the entry point makes what is here the server's own
            memory=steps.memory_of(source),
        )
        with job.waiting() as work:
            done = work(_FILL, path, saved.files.get(_FILE, ""))
            if done.code == _REFUSED:
                raise _refused(source, saved, done.stdout)
            if not done.ok:
                raise steps.not_filled(source, done)
            _prove(source, work, saved)  # at its end it syncs what it appends to


def _job(source: Source, *mounts: Mount) -> Job:
    return Job(source.docker, source.stack, source.image, mounts, capabilities=FILE_CAPABILITIES)


def _save(source: Source) -> None:
    """Wait for a save that began now. Raises GroundworkError."""
    deadline = time.monotonic() + steps.LONG
    while True:
        _idle(source, deadline)
        try:
            with _session(source) as ask:
                ask("BGSAVE")
        except _Busy:  # one by the server's own rule came first
            continue
        break
    said = _idle(source, deadline)
    if said.get("rdb_last_bgsave_status") != "ok":
        log = source.docker.run("logs", "--tail", "15", source.container)
        raise GroundworkError(
            f"{source.service.name} can't save its data: its BGSAVE failed.",
            where=source.stack,
            details=steps.last(log.stdout + log.stderr),
            next_step="See what it says (no room on the disk, no memory for a fork), then run "
            "again.",
        )


def _idle(source: Source, deadline: float) -> dict[str, str]:
    """What it says of its files once nothing is being written. Only one can be at a time."""
    pause = 0.05
    while True:
        said = _info(source, "persistence")
        writes = ("rdb_bgsave_in_progress", "aof_rewrite_in_progress", "loading")
        if all(said.get(each, "0") == "0" for each in writes):
            return said
        if time.monotonic() > deadline:
            raise GroundworkError(
                f"{source.service.name} has been saving for {steps.LONG / 3600:g} hours.",
                where=source.stack,
                next_step="See its log (`docker logs`), then run again.",
            )
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)


class _Busy(Exception):
    pass


@contextmanager
def _session(source: Source) -> Iterator[Callable[..., str]]:
    service = source.service
    secret = service_type(service).password(service, source.secrets)
    try:
        with server.session(service, endpoint(service, "host"), secret, _TIMEOUT) as ask:
            yield ask
    except ProbeError as error:
        if re.search(r"already in progress|child process is active", str(error)):
            raise _Busy from None
        raise GroundworkError(
            f"{service.name} can't be asked: {error}",
            where=str(endpoint(service, "host")),
            next_step="See that it is healthy (playbooks/status.yml), then run again.",
        ) from None


def _info(source: Source, section: str) -> dict[str, str]:
    with _session(source) as ask:
        return _fields(ask("INFO", section))


def _fields(info: str) -> dict[str, str]:
    return {k: v for k, _, v in (line.partition(":") for line in info.splitlines()) if v}


def _counted(said: str) -> dict[str, int | list[int]]:
    """What redis-check-rdb counted: exactly what is in the file, what has expired too."""
    keys, expires = (
        int(found[1]) if (found := re.search(rf"\[info\] (\d+) {what}$", said, re.M)) else 0
        for what in ("keys read", "expires")
    )
    databases = sorted({int(each) for each in re.findall(r"Selecting DB ID (\d+)", said)})
    return {"keys": keys, "keys_with_ttl": expires, "databases": databases}


def _refused(source: Source, saved: Checkpoint, said: str) -> GroundworkError:
    name = source.service.name
    words = [line for line in steps.last(said) if line.strip()]
    if _TOO_NEW in said:
        return GroundworkError(
            f"The copy of {name} was made by Redis {saved.version}, whose files "
            f"({saved.details.get('rdb_version')}) the image {source.image} can't read.",
            where=source.stack,
            details=words,
            next_step=f"{steps.UNTOUCHED}Name an image in stack_services.{name} that is as new.",
        )
    return GroundworkError(
        f"The copy of {name} is damaged: Redis can't read its file.",
        where=source.stack,
        details=words,
        next_step=f"{steps.UNTOUCHED}Choose another copy.",
    )


def _prove(source: Source, work: Worker, saved: Checkpoint) -> None:
    rules = service_type(source.service).settings
    settings = rules.arguments(source.service.settings) if rules else []
    started = work(_START, *settings, *_ALONE)
    if not started.ok:
        raise steps.unproven(source, "doesn't start", started.stderr)
    if lacking := _lacking(saved.facts, started.stdout):
        raise steps.differs(source, lacking)
    ended = work(_END)
    if not ended.ok:
        raise steps.unproven(source, "didn't end in order", ended.stderr)


def _lacking(wanted: Mapping[str, object], info: str) -> list[str]:
    """What it loaded otherwise than the file has it, by what INFO says. Pure.

    Keys with a time to live may have ended since; those without are all there, and are counted
    again after the load.
    """
    keys, limited = wanted.get("keys", 0), wanted.get("keys_with_ttl", 0)
    found = int(_fields(info).get("rdb_last_load_keys_loaded", "-1"))
    if found != keys:
        return [f"It loaded {found} keys, and the file has {keys}."]
    counts = re.findall(r"^db\d+:keys=(\d+),expires=(\d+)", info, re.MULTILINE)
    lasting = sum(int(all_) - int(some) for all_, some in counts)
    assert isinstance(keys, int) and isinstance(limited, int)
    if lasting != keys - limited:
        return [f"It has {lasting} keys without a time to live, and the file {keys - limited}."]
    return []


TYPE = RedisData()
