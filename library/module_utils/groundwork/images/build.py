"""Builds images from `images/`, where no registry is in reach."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..docker import Docker
from . import fetch
from .fetch import BuildError
from .recipes import INPUTS_LABEL, Recipe

_BUILD_TIMEOUT = 900.0  # seconds, for one image
_LOCK_TIMEOUT = 900.0  # seconds, for another run that builds
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def missing_tools(docker: Docker | None, recipes: Sequence[Recipe]) -> list[str]:
    """The tools that building would need and that are not here, as Debian packages.

    `docker` is None where there is no engine yet, so no base either.
    """
    bases = {recipe.base.reference for recipe in recipes if recipe.base}
    present = set(docker.inspect("image", sorted(bases))) if docker else set()
    lacking = []
    if bases - present:
        lacking += [name for name, program in _base_tools() if not shutil.which(program)]
    if any(recipe.wheels for recipe in recipes) and not fetch.pip():
        lacking.append("python3-pip")
    return lacking


@dataclass(frozen=True)
class Builder:
    """`cache` keeps what was downloaded, and is where builds do their work."""

    docker: Docker
    cache: Path

    def build(self, recipes: Sequence[Recipe]) -> dict[str, BuildError | None]:
        """Build what each recipe describes; by name, None or what went wrong.

        The base and all downloads run side by side, then the images do.
        """
        with (
            self._alone() as work,
            ThreadPoolExecutor(8, thread_name_prefix="build") as pool,
        ):
            bases: dict[str, Future[None]] = {
                base.reference: pool.submit(fetch.debian_base, base, self.docker, self.cache, work)
                for base in _bases(recipes)
            }
            wheels = {
                recipe.name: pool.submit(fetch.wheels, recipe, self.cache / "wheels", work)
                for recipe in recipes
            }
            jobs = {
                recipe.name: pool.submit(self._one, recipe, bases, wheels[recipe.name], work)
                for recipe in recipes
            }
            return {name: _outcome(job) for name, job in jobs.items()}

    def prepare(self, recipes: Sequence[Recipe]) -> None:
        """Bring into the cache what `build` needs from outside; asks no engine.

        What can't be had is left out: `build` tries it again, and says why.
        """
        with (
            self._alone() as work,
            ThreadPoolExecutor(8, thread_name_prefix="prepare") as pool,
        ):
            for base in _bases(recipes):
                pool.submit(fetch.base_tarball, base, self.cache, work)
            for recipe in recipes:
                pool.submit(fetch.wheels, recipe, self.cache / "wheels", work)

    def _one(
        self,
        recipe: Recipe,
        bases: Mapping[str, Future[None]],
        wheels: Future[list[Path]],
        work: Path,
    ) -> None:
        files = wheels.result()
        if recipe.base:
            bases[recipe.base.reference].result()
        if fetch.is_built(recipe, self.docker):
            return  # another run has built it while this one waited
        context = work / recipe.name
        copy_context(recipe.directory, context)
        fetch.put_wheels(recipe, files, context)
        surroundings = fetch.environment()
        docker = Docker(self.docker.cli, {**surroundings, **(self.docker.env or {})})
        result = docker.run(
            "build", f"--tag={recipe.reference}",
            *([f"--build-arg=BASE={recipe.base.reference}"] if recipe.base else []),
            # By name alone: the values stay out of the command line and of the image's history.
            *(f"--build-arg={name}" for name in _PROXIES if surroundings.get(name)),
            f"--label={INPUTS_LABEL}={recipe.inputs}",
            f"--label=org.opencontainers.image.version={recipe.reference.rpartition(':')[2]}",
            str(context), timeout=_BUILD_TIMEOUT,
        )  # fmt: skip
        if not result.ok:
            raise BuildError(
                f"Building {recipe.reference} from {recipe.directory} failed",
                fetch.last_lines(result.stdout, result.stderr),
            )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[Path]:
        """A fresh directory to work in, for one run at a time.

        The kernel gives the lock back however a run ends, so what lies in the directory when it is
        got was left by a run that is gone.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        work, deadline = self.cache / "work", time.monotonic() + _LOCK_TIMEOUT
        with (self.cache / "lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise BuildError(f"Another run builds images in {self.cache}") from None
                    time.sleep(0.5)
            try:
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir()
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)


def _base_tools() -> list[tuple[str, str]]:
    """What makes a base, as packages and their programs.

    In a base are files of several users; one who isn't root gets those by newuidmap.
    """
    root = os.geteuid() == 0
    return [("mmdebstrap", "mmdebstrap"), *([] if root else [("uidmap", "newuidmap")])]


def _bases(recipes: Sequence[Recipe]) -> list[Recipe]:
    return list({recipe.base.reference: recipe.base for recipe in recipes if recipe.base}.values())


def copy_context(directory: Path, context: Path) -> None:
    """Copy a build directory, with the modes that git knows: a strict umask stays out of the
    image."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
    shutil.copytree(directory, context, copy_function=shutil.copyfile, ignore=ignored)
    for path in (context, *context.rglob("*")):
        original = directory / path.relative_to(context)
        path.chmod(0o755 if path.is_dir() or os.access(original, os.X_OK) else 0o644)


def _outcome(job: Future[None]) -> BuildError | None:
    try:
        job.result()
    except BuildError as error:
        return error
    except OSError as error:
        return BuildError(f"A file can't be read or written: {error}")
    return None
