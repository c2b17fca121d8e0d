"""A restic repository: backups of directories, encrypted, in a directory here, by SFTP or in S3.

The password, and what a remote place asks for, go by the environment and by files.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import GroundworkError
from ..records import Record
from ..text import clean, shortened

TAG = "groundwork"
_LIMIT = 12 * 3600.0  # seconds
_LINES = 5
_PAUSE = 0.3  # seconds
# What restic says, what that means, and what to do; the first that fits
_MEANINGS = (
    (
        "wrong password or no key found",
        "The backup repository was made with another password.",
        "Put the one that it was made with into the vault (vault_passwords.backup_key); without it "
        "the backups can't be read. To begin a new repository, name another place.",
    ),
    (
        "Is there a repository at the following location",
        "There is no backup repository.",
        "Correct backup_repository; a new place gets its repository with the first backup.",
    ),
    (
        "already locked",
        "The backup repository is locked by another restic.",
        "Wait until that one is done. Locks of dead processes are removed by themselves after "
        "half an hour, or at once on the machine that they are of.",
    ),
    (
        "Pack ID does not match|ciphertext verification failed|repository contains errors"
        "|does not exist in the repository|load <data/|invalid data returned",
        "The backup repository is damaged.",
        "See that its disk is well, then make a new one in another place: backups that were "
        "damaged can't be restored. `restic check --read-data` says which files.",
    ),
    (
        "no matching ID found|no snapshot found",
        "There is no such backup.",
        "`playbooks/backup.yml -e list=true` shows those that there are.",
    ),
    (
        "no space left on device",
        "The disk is full.",
        "Free some space, then run again; backups that are there stay as they are.",
    ),
    (
        "unable to start the sftp session|Access Denied|InvalidAccessKeyId|SignatureDoesNotMatch"
        "|no such host|connection refused|permission denied",
        "The backup repository can't be reached.",
        "See that root of this machine may reach it: its SSH key, or the keys in "
        "backup_environment.",
    ),
)

_MISSING, _LOCKED = _MEANINGS[1], _MEANINGS[2]


@dataclass(frozen=True)
class Backup(Record):
    """A backup in a repository. `time` is ISO 8601, `id` the whole one."""

    id: str = ""
    time: str = ""
    hostname: str = ""
    tags: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Its id as people type it."""
        return self.id[:8]


@dataclass(frozen=True)
class Repository:
    """Where backups of `stack` go. `environment`: what a remote place asks for, by variable.

    `patience`: for how many seconds another restic's lock is waited for.
    """

    location: str
    stack: str
    password_file: Path
    cache: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    program: str = "restic"
    patience: float = 60.0

    def ensure(self) -> bool:
        """Free it of the locks that dead processes left, or make it: whether there was none.

        Raises GroundworkError, also for a wrong password.
        """
        done = self._run("unlock")
        if done.returncode == 0:
            return False
        if _meaning(done.stderr) != _MISSING:
            raise self._error(done)
        self._checked("init")
        return True

    def add(self, directory: Path) -> Backup:
        """Back a directory up, whole; what of it couldn't be read is an error."""
        tags = (option for tag in (TAG, self.stack) for option in ("--tag", tag))
        host = ("--host", self.stack)
        done = self._checked("backup", "--json", *host, *tags, ".", cwd=directory)
        ids = [line["snapshot_id"] for line in _lines(done.stdout) if "snapshot_id" in line]
        return self.find(ids[-1])  # older ones say its first digits alone

    def backups(self) -> list[Backup]:
        """This stack's, the newest first."""
        tags = ("--tag", f"{TAG},{self.stack}")
        done = self._checked("snapshots", "--json", *tags)
        found = [Backup.from_dict(each) for each in json.loads(done.stdout) or []]
        return sorted(found, key=lambda each: each.time, reverse=True)

    def find(self, wanted: str) -> Backup:
        """One by its id or the first digits of it, or the `latest`. Raises GroundworkError."""
        found = self.backups()
        chosen = found[:1] if wanted == "latest" else [b for b in found if b.id.startswith(wanted)]
        if wanted and len(chosen) == 1:
            return chosen[0]
        what = f"There is no backup {wanted or 'without an id'} of {self.stack}."
        if wanted and chosen:
            what = f"Several backups begin with {wanted!r}."
        advice = "`playbooks/backup.yml -e list=true` shows those that there are."
        raise GroundworkError(what, where=self.location, next_step=advice)

    def restore(self, backup: Backup, directory: Path) -> None:
        """Write a backup's files into a directory, each checked. Raises GroundworkError."""
        # Not from the cache: a proof is one of the repository
        restore = ("restore", "--no-cache", backup.id, "--target", str(directory))
        self._checked(*restore)

    def forget(self, keep: Mapping[str, int]) -> int:
        """Remove those that `keep` (daily, weekly, monthly …) doesn't; how many."""
        rules = [part for name, count in keep.items() for part in (f"--keep-{name}", str(count))]
        chosen = ("--tag", f"{TAG},{self.stack}", "--group-by", "host,tags")
        done = self._checked("forget", "--json", "--prune", *chosen, *rules)
        # What prune says comes behind it, and not in JSON
        groups, _ = json.JSONDecoder().raw_decode(done.stdout.lstrip() or "[]")
        return sum(len(group.get("remove") or ()) for group in groups)

    def check(self, part: int, parts: int) -> None:
        """Read one of so many parts of all data. Raises GroundworkError where it's damaged."""
        self._checked("check", f"--read-data-subset={part}/{parts}")

    def _run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        own = {
            "RESTIC_REPOSITORY": self.location,
            "RESTIC_PASSWORD_FILE": str(self.password_file),
            "RESTIC_CACHE_DIR": str(self.cache),
        }
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        try:
            return subprocess.run(
                [self.program, *arguments],
                cwd=cwd,
                env={**kept, **self.environment, **own},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LIMIT,
                check=False,
            )
        except OSError as error:
            raise GroundworkError(
                f"{self.program} can't be started: {error.strerror}.",
                next_step="Run playbooks/staging.yml, which installs it.",
            ) from None
        except subprocess.TimeoutExpired:
            raise GroundworkError(
                f"`restic {arguments[0]}` took more than {_LIMIT / 3600:g} hours.",
                where=self.location,
                next_step="See that the repository's place is fast enough.",
            ) from None

    def _checked(
        self, *arguments: str, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = self._run(*arguments, cwd=cwd)
        deadline = time.monotonic() + self.patience
        # One that was killed may take a while to be gone, and its lock is as good until then
        while _locked(done) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
            self._run("unlock")
            done = self._run(*arguments, cwd=cwd)
        if done.returncode:
            raise self._error(done)
        return done

    def _error(self, done: subprocess.CompletedProcess[str]) -> GroundworkError:
        what, next_step = f"restic failed with status {done.returncode}.", "Fix what it says."
        if known := _meaning(done.stderr):
            _, what, next_step = known
        lines = [line for line in map(clean, done.stderr.splitlines()) if line]
        details = [shortened(self._hidden(line), 200) for line in lines[-_LINES:]]
        where = self._hidden(self.location)
        return GroundworkError(what, where=where, details=details, next_step=next_step)

    def _hidden(self, text: str) -> str:
        for value in self.environment.values():
            text = text.replace(value, "***") if len(value) > 3 else text
        return text


# ssh reads its keys from the home directory
_KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "TMPDIR", "LANG")


def _meaning(said: str) -> tuple[str, str, str] | None:
    for each in _MEANINGS:
        if any(part.lower() in said.lower() for part in each[0].split("|")):
            return each
    return None


def _locked(done: subprocess.CompletedProcess[str]) -> bool:
    return done.returncode != 0 and _meaning(done.stderr) == _LOCKED


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def reading(week: int, parts: int = 8) -> tuple[int, int]:
    """Which part of how many is read in a week: all of them in turn."""
    return week % parts + 1, parts
