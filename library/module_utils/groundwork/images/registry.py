"""Pulls images from their registry: patient with a slow one, quick to see that there is none."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import image_names
from ..docker import CommandResult

FIRST_ANSWER = 15.0  # seconds until the registry has to have said something
PULL_TIMEOUT = 1800.0  # seconds for one image
PAUSES = (1.0, 4.0)  # seconds before the second and the third attempt

# What the engine says of a registry, by what it means; the first that fits counts. Those are the
# words of Docker's own store and of containerd's.
_MEANINGS: tuple[tuple[str, str], ...] = (
    ("engine", r"cannot connect to the docker daemon|permission denied .*docker\.sock"),
    ("limit", r"toomanyrequests|too many requests|pull rate limit|http 429"),
    ("blocked", r"connect: (permission denied|operation not permitted)"),
    (
        "platform",
        r"no matching manifest|no match for platform|does not match the specified platform"
        r"|cannot be used on this platform",
    ),
    (
        "login",
        r"no basic auth credentials|unauthorized|authentication required|authorization failed"
        r"|incorrect username or password|denied|403 forbidden",
    ),
    ("missing", r"manifest unknown|not found|name unknown|name_unknown|manifest_unknown"),
    ("insecure", r"server gave http response to https client"),
    ("disk", r"no space left on device"),
    (
        "unreachable",
        r"no such host|connection refused|network is unreachable|no route to host|no answer within"
        r"|failed to verify certificate|x509:|proxyconnect|proxy authentication required"
        r'|": (forbidden|bad gateway|service unavailable|gateway timeout)$',
    ),
    (
        "faltering",
        r"timeout|timed out|deadline exceeded|connection reset|broken pipe|\beof\b"
        r"|temporary failure|server misbehaving|not done after"
        r"|\b50[0234] (internal server error|bad gateway|service unavailable|gateway)",
    ),
)
_ANSWERED = re.compile(r": Pulling from ")  # the registry has the image; its parts are on their way

Run = Callable[[Sequence[str]], CommandResult]


@dataclass(frozen=True)
class PullError:
    """What a failed pull means: `why` as a sentence, and what to do next where that is known.

    `reached`: there is a registry, and it has spoken; `again`: asking again may help.
    """

    why: str
    next_step: str = ""
    reached: bool = True
    again: bool = False


def judge(reference: str, result: CommandResult) -> PullError:
    """Read the engine's words on a pull that failed."""
    text = result.error.removeprefix("Error response from daemon: ")
    meaning = "engine" if result.code == 127 else _meaning(text, reference)
    if meaning in ("unreachable", "faltering") and _ANSWERED.search(result.stdout):
        return PullError(
            f"the connection to the registry broke in the middle: {text}",
            "Run again: what has arrived stays.",
        )
    if meaning in ("unreachable", "blocked"):
        return PullError(f"no registry in reach: {text}", reached=False)
    if meaning == "faltering":
        return PullError(f"no registry in reach: {text}", reached=False, again=True)
    host = image_names.registry_of(reference)
    login = f"`docker login {host}`" if host else "`docker login`"
    where = f"where {reference} is asked for (stack_services, images_registry)"
    what, next_step = {
        "engine": ("the Docker engine doesn't answer", "See that `docker info` works."),
        "limit": (
            "the registry gives no more for now",
            f"{login} raises the limit; or wait, or let images_registry name a mirror.",
        ),
        "platform": (
            "the registry has it for other architectures alone",
            f"Name an image for this machine's architecture {where}.",
        ),
        "login": (
            "the registry gives it to nobody without the right login",
            f"{login} as the user who runs this; and see that its name is right {where}.",
        ),
        "missing": (
            "the registry doesn't have it",
            f"Correct its name or tag {where}.",
        ),
        "insecure": (
            "the registry speaks no TLS",
            f"Give it a certificate, or add {host or 'it'} to the engine's insecure-registries.",
        ),
        "disk": (
            "the engine's disk is full",
            "Free some space: `docker system df` shows what it holds.",
        ),
    }.get(meaning, ("it can't be pulled", f"See what `docker pull {reference}` says."))
    return PullError(f"{what}: {text}", next_step)


def _meaning(text: str, reference: str) -> str:
    # Names are no evidence: there may be an image `unauthorized`
    lowered = re.sub(r'"https?://[^"]*"', '""', text.lower().replace(reference.lower(), ""))
    return next((name for name, words in _MEANINGS if re.search(words, lowered)), "")


def pull(reference: str, run: Run, sleep: Callable[[float], None] = time.sleep) -> PullError | None:
    """Pull an image. Returns None, or why it can't be had."""
    result = run(["pull", reference])
    for pause in PAUSES:
        if result.ok or not judge(reference, result).again:
            break
        sleep(pause)
        result = run(["pull", reference])
    return None if result.ok else judge(reference, result)


def other_architecture(architecture: str, machine: str) -> PullError:
    """That an image which came can't run here. Processors in Docker's words: amd64, arm64."""
    return PullError(
        f"it is for {architecture} alone, and this machine's architecture is {machine}",
        f"Name an image for {machine}, or one for several architectures, in stack_services.",
    )


def runner(cli: str) -> Run:
    """Runs `CLI ARGS`, and gives up where no word comes within FIRST_ANSWER seconds.

    A pull's first line says that the registry has answered; the engine itself would try for
    minutes where a firewall swallows everything.
    """

    def run(args: Sequence[str]) -> CommandResult:
        try:
            process = subprocess.Popen(
                [cli, *args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            return CommandResult(127, "", f"{cli}: {error.strerror}")
        lines: list[str] = []
        spoke = threading.Event()

        def listen() -> None:
            for line in process.stdout or ():
                lines.append(line)
                spoke.set()
            spoke.set()

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            if not spoke.wait(FIRST_ANSWER):
                return CommandResult(124, "", f"no answer within {FIRST_ANSWER:g} s")
            try:
                process.wait(PULL_TIMEOUT)
            except subprocess.TimeoutExpired:
                return CommandResult(124, "".join(lines), f"not done after {PULL_TIMEOUT:g} s")
            listener.join(5)
            last = next((line for line in reversed(lines) if line.strip()), "")
            return CommandResult(
                process.returncode, "".join(lines), last if process.returncode else ""
            )
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    return run
