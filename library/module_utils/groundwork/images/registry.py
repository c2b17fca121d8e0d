"""Pulls images from their registry: patient with a slow one, quick to see that there is none."""

from __future__ import annotations

import re
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .. import image_names
from ..docker import CommandResult

FIRST_ANSWER = 15.0  # seconds until the registry has to have said something
PULL_TIMEOUT = 1800.0  # seconds for one image
PAUSES = (1.0, 4.0)  # seconds before the second and the third attempt

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


_NO_ENGINE = PullError("the Docker engine doesn't answer", "See that `docker info` works.")
_BLOCKED = PullError("no registry in reach", reached=False)
_UNKNOWN = PullError("it can't be pulled", "See what `docker pull {reference}` says.")

# What the engine says of a registry, and what that means; the first that fits counts. Those are
# the words of Docker's own store and of containerd's.
_MEANINGS: tuple[tuple[str, PullError], ...] = (
    (r"cannot connect to the docker daemon|permission denied .*docker\.sock", _NO_ENGINE),
    (
        r"toomanyrequests|too many requests|pull rate limit|http 429",
        PullError(
            "the registry gives no more for now",
            "{login} raises the limit; or wait, or let images_registry name a mirror.",
        ),
    ),
    (r"connect: (permission denied|operation not permitted)", _BLOCKED),
    (
        r"no matching manifest|no match for platform|does not match the specified platform"
        r"|cannot be used on this platform",
        PullError(
            "the registry has it for other architectures alone",
            "Name an image for this machine's architecture {where}.",
        ),
    ),
    (
        r"no basic auth credentials|unauthorized|authentication required|authorization failed"
        r"|incorrect username or password|denied|403 forbidden",
        PullError(
            "the registry gives it to nobody without the right login",
            "{login} as the user who runs this; and see that its name is right {where}.",
        ),
    ),
    (
        r"manifest unknown|not found|name unknown|name_unknown|manifest_unknown",
        PullError("the registry doesn't have it", "Correct its name or tag {where}."),
    ),
    (
        r"server gave http response to https client",
        PullError(
            "the registry speaks no TLS",
            "Give it a certificate, or add {host} to the engine's insecure-registries.",
        ),
    ),
    (
        r"no space left on device",
        PullError(
            "the engine's disk is full", "Free some space: `docker system df` shows what it holds."
        ),
    ),
    (
        r"no such host|connection refused|network is unreachable|no route to host|no answer within"
        r"|failed to verify certificate|x509:|proxyconnect|proxy authentication required"
        r'|": (forbidden|bad gateway|service unavailable|gateway timeout)$',
        PullError("no registry in reach", reached=False),
    ),
    (
        r"timeout|timed out|deadline exceeded|connection reset|broken pipe|\beof\b"
        r"|temporary failure|server misbehaving|not done after"
        r"|\b50[0234] (internal server error|bad gateway|service unavailable|gateway)",
        PullError("no registry in reach", reached=False, again=True),
    ),
)


def judge(reference: str, result: CommandResult) -> PullError:
    """Read the engine's words on a pull that failed."""
    text = result.error.removeprefix("Error response from daemon: ")
    meaning = _NO_ENGINE if result.code == 127 else _meaning(text, reference)
    # Where a firewall lets the registry through and not its store, to run again is no help
    if not meaning.reached and meaning is not _BLOCKED and _ANSWERED.search(result.stdout):
        return PullError(
            f"the connection to the registry broke in the middle: {text}",
            "Run again: what has arrived stays.",
        )
    host = image_names.registry_of(reference)
    next_step = meaning.next_step.format(
        reference=reference,
        login=f"`docker login {host}`" if host else "`docker login`",
        host=host or "it",
        where=f"where {reference} is asked for (stack_services, images_registry)",
    )
    return replace(meaning, why=f"{meaning.why}: {text}", next_step=next_step)


def _meaning(text: str, reference: str) -> PullError:
    # Names are no evidence: there may be an image `unauthorized`
    lowered = re.sub(r'"https?://[^"]*"', '""', text.lower().replace(reference.lower(), ""))
    return next((found for words, found in _MEANINGS if re.search(words, lowered)), _UNKNOWN)


def pull(reference: str, run: Run, sleep: Callable[[float], None] = time.sleep) -> PullError | None:
    """Pull an image. Returns None, or why it can't be had."""
    result = run(["pull", reference])
    for pause in PAUSES:
        if result.ok or not judge(reference, result).again:
            break
        sleep(pause)
        result = run(["pull", reference])
    return None if result.ok else judge(reference, result)


def other_architecture(theirs: str, machine: str) -> PullError:
    """That an image which came can't run here. Processors in Docker's words: amd64, arm64."""
    return PullError(
        f"it is for {theirs} alone, and this machine's architecture is {machine}",
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
        with process:
            assert process.stdout is not None  # a pipe was asked for
            try:
                if not select.select([process.stdout], [], [], FIRST_ANSWER)[0]:
                    return CommandResult(124, "", f"no answer within {FIRST_ANSWER:g} s")
                printed = process.communicate(timeout=PULL_TIMEOUT)[0]
            except subprocess.TimeoutExpired as error:
                so_far = (error.output or b"").decode(errors="replace")
                return CommandResult(124, so_far, f"not done after {PULL_TIMEOUT:g} s")
            finally:
                process.kill()  # where it hasn't ended
        last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
        return CommandResult(process.returncode, printed, last if process.returncode else "")

    return run
