"""Makes .venv, the project's own Python, from the requirements files. tools/venv calls it.

It runs in the machine's own Python, so it uses the standard library alone. uv installs the packages
in seconds; pip, which every Python brings, fetches uv, and does all of it where uv can't.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import fcntl
import importlib.util
import os
import py_compile
import shutil
import ssl
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"  # what a killed run leaves is made anew
WHEELS_ALONE = ["--require-hashes", "--only-binary", ":all:"]
# A person who set one of these for uv has told it where packages are
UV_INDEXES = {"UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"}
# pip's settings that have a variable of uv's for the same thing
SAME = {
    "timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
    "keyring-provider": "UV_KEYRING_PROVIDER",
    "client-cert": "SSL_CLIENT_CERT",
}


class InstallError(Exception):
    """What could not be done, and what to do next, in lines."""


def main() -> int:
    """Make or complete .venv. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with what the tests need, too")
    dev = parser.parse_args().dev
    try:
        with one_at_a_time():
            make(dev)
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next run makes .venv anew.", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two terminals may type `make dev` at once: the second waits for the first."""
    path = ROOT / ".cache" / "venv.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting", "another run makes .venv")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(dev: bool) -> None:
    """The three steps: a virtual environment, uv in it, the packages."""
    start = time.monotonic()
    if not usable():
        shutil.rmtree(VENV, ignore_errors=True)
        version = ".".join(map(str, sys.version_info[:3]))
        say("1 of 3", f"a virtual environment in .venv, Python {version}")
        VENV.mkdir()
        UNFINISHED.touch()
        pip = bundled_pip()
        without = ["--without-pip"] if pip else []
        if run([sys.executable, "-m", "venv", *without, str(VENV)]):
            raise InstallError(
                "The virtual environment .venv could not be made; Python says why above.\n"
                "Next: see that this directory can be written and its disk has free space, then "
                "run make again."
            )
        if pip:  # venv itself compiles all of it first, which takes longer than what it is for
            with zipfile.ZipFile(pip) as wheel:
                wheel.extractall(sysconfig.get_path("purelib", "venv", {"base": str(VENV)}))
        (VENV / "directory").write_text(f"{ROOT}\n", encoding="utf-8")
    UNFINISHED.touch()
    names = ["requirements.txt", *(["requirements-dev.txt"] if dev else [])]
    install([word for name in names for word in ("-r", str(ROOT / name))])
    prepare_start()
    UNFINISHED.unlink()
    for stamp in ("ready", *(["ready-dev"] if dev else [])):
        (VENV / stamp).touch()
    say("done", f"{time.monotonic() - start:.0f} s")


def prepare_start() -> None:
    """Have each program of .venv begin with tools/start.py."""
    for directory in VENV.glob("lib/python3.*/site-packages"):
        module, start = directory / "groundwork_start.py", directory / "groundwork.pth"
        for each in (module, start):
            each.unlink(missing_ok=True)  # in a copy of .venv they may be another user's
        shutil.copyfile(ROOT / "tools" / "start.py", module)
        py_compile.compile(str(module))  # who may only read it would compile it at each start
        start.write_text("import groundwork_start\n", encoding="utf-8")


def bundled_pip() -> Path | None:
    """The wheel of pip that this Python's venv would install, where it is to be found."""
    spec = importlib.util.find_spec("ensurepip")
    directories = [Path(spec.origin).parent / "_bundled"] if spec and spec.origin else []
    if kept_apart := sysconfig.get_config_var("WHEEL_PKG_DIR"):  # as Linux distributions do
        directories.append(Path(kept_apart))
    wheels = [
        wheel for directory in directories for wheel in directory.glob("pip-*-py3-none-any.whl")
    ]
    return wheels[0] if len(wheels) == 1 else None


def usable() -> bool:
    """Whether .venv was made in this directory, to its end, and its Python still runs."""
    directory = VENV / "directory"
    if UNFINISHED.exists() or not directory.exists():
        return False
    # Its scripts name the directory that they were made in
    if directory.read_text(encoding="utf-8").rstrip("\n") != str(ROOT):
        return False
    try:
        return not run([str(PYTHON), "-c", "import pip"], quiet=True)
    except OSError:
        return False


def install(requirements: list[str]) -> None:
    """The packages by uv, or where it can't, by pip."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    say("2 of 3", "uv, which installs the rest")
    needed = ["-r", str(ROOT / "tools" / "requirements-uv.txt")]
    if not run([*pip, "install", "-q", "--progress-bar=off", *WHEELS_ALONE, *needed]):
        say("3 of 3", "the project's Python packages")
        uv = str(VENV / "bin" / "uv")
        settings = pip_settings(pip)
        words = [uv, "pip", "install", "--python", str(PYTHON), *WHEELS_ALONE, *requirements]
        if is_true(settings.get("no-index")):
            words.append("--no-index")
        known = dict(os.environ) | uv_environment(settings, os.environ)
        if not run(words, known | link_mode(uv, known)):
            return
    say("3 of 3", "uv can't (its reason is above); pip installs the packages, in about a minute")
    # As with uv, Python compiles what is used at its first use: all of it takes half a minute
    if run([*pip, "install", "--no-compile", *WHEELS_ALONE, *requirements]):
        raise InstallError(
            "The Python packages could not be installed; pip says why above.\n"
            "Next: see that this machine reaches its package index "
            "(.venv/bin/python -m pip config list), then run make again."
        )


def pip_settings(pip: list[str]) -> dict[str, str]:
    """What pip goes by (pip.conf, PIP_*): option, value. Read by pip itself."""
    done = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(
            f"pip's settings can't be read: {done.stderr.strip()}\n"
            "Next: correct that file (`pip config debug` names them all), then run make again."
        )
    return parse_settings(done.stdout)


def parse_settings(text: str) -> dict[str, str]:
    """The lines of `pip config list` (`global.timeout='60'`) as `pip install` understands them."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.partition(".")
        if section in found:
            found[section][option] = str(ast.literal_eval(value))
    return found["global"] | found["install"] | found[":env:"]


def uv_environment(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that make uv do what pip's `settings` say; `environ` is the person's own.

    uv reads nothing of pip's. What the person set for uv itself stays. Values may hold a password:
    they go into the environment, never into a command line or a file.
    """
    own: dict[str, str] = {name: settings[key] for key, name in SAME.items() if key in settings}
    # As pip does: of all indexes the version that is asked for. Its digest says that it's the one
    own["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if not UV_INDEXES & set(environ):
        if "index-url" in settings:
            own["UV_DEFAULT_INDEX"] = settings["index-url"]
        own["UV_INDEX"] = " ".join(addresses(settings.get("extra-index-url", "")))
    own["UV_FIND_LINKS"] = ",".join(
        address.replace(",", "%2C") for address in addresses(settings.get("find-links", ""))
    )
    own["UV_INSECURE_HOST"] = " ".join(settings.get("trusted-host", "").split())
    if is_true(settings.get("no-cache-dir")):
        own["UV_NO_CACHE"] = "true"
    wanted = {name: value for name, value in own.items() if value and name not in environ}
    if proxy := settings.get("proxy"):
        wanted |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    return wanted | certificates(settings, environ)


def addresses(text: str) -> list[str]:
    """pip's list of places as addresses, without directories that aren't there: pip skips those
    too."""
    found = []
    for word in text.split():
        parts = urlsplit(word)
        if parts.scheme not in ("", "file"):
            found.append(word)
            continue
        path = Path(unquote(parts.path) if parts.scheme else word).expanduser()
        if path.exists():
            found.append(path.resolve().as_uri())
    return found


def certificates(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Whom to trust: what pip is told, what other programs are told, or what the system trusts."""
    told = settings.get("cert") or next(
        (
            environ[name]
            for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
            if environ.get(name)
        ),
        "",
    )
    if told:
        return {"SSL_CERT_DIR" if Path(told).is_dir() else "SSL_CERT_FILE": told}
    paths = ssl.get_default_verify_paths()
    stores = [Path(path) for path in (paths.cafile, paths.capath) if path]
    there = any(path.is_file() or (path.is_dir() and any(path.iterdir())) for path in stores)
    if "UV_SYSTEM_CERTS" in environ or not (there or sys.platform == "darwin"):
        return {}
    return {"UV_SYSTEM_CERTS": "true"}


def link_mode(uv: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Copies where uv's cache is on another file system, without its warning that it can't link."""
    done = subprocess.run(
        [uv, "cache", "dir"], env=dict(environ), capture_output=True, text=True, check=False
    )
    place = Path(done.stdout.strip())
    while not place.exists():
        place = place.parent
    if "UV_LINK_MODE" in environ or place.stat().st_dev == VENV.stat().st_dev:
        return {}
    return {"UV_LINK_MODE": "copy"}


def is_true(value: str | None) -> bool:
    """What pip takes for yes."""
    return (value or "").lower() in ("y", "yes", "t", "true", "on", "1")


def run(words: list[str], environ: Mapping[str, str] | None = None, quiet: bool = False) -> int:
    """Run a program to its end. Returns its exit code."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(words, env=environ, stdout=output, stderr=output, check=False).returncode


def say(step: str, what: str) -> None:
    """One line, in the columns of what the playbooks print."""
    print(f"{'Set-up':<10} {step:<8} {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
