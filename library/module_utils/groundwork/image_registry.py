"""Pulls images from their registry: patient with a slow one, quick to see that there is none."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .docker import Result

FIRST_ANSWER = 15.0  # seconds until the registry has to have said something
PULL_TIMEOUT = 1800.0  # seconds for one image
PAUSES = (1.0, 4.0)  # seconds before the second and the third attempt

# What the engine says when there is no way to the registry: asking again is a waste of time.
_UNREACHABLE = (
    "no such host",
    "connection refused",
    "network is unreachable",
    "no route to host",
    "failed to verify certificate",
    "server gave http response to https client",
    "no answer within",
)
_TRANSIENT = (
    "timeout",
    "timed out",
    "deadline exceeded",
    "connection reset",
    "eof",
    "temporary failure",
    "server misbehaving",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway",
    "500 internal server error",
)

Run = Callable[[Sequence[str]], Result]


@dataclass(frozen=True)
class Verdict:
    """What a failed pull means, as a sentence, and whether asking again may help."""

    why: str
    again: bool = False


def judge(result: Result) -> Verdict:
    """Read the engine's words on a pull that failed."""
    text = result.error.removeprefix("Error response from daemon: ")
    lowered = text.lower()
    if "cannot connect to the docker daemon" in lowered or result.code == 127:
        return Verdict(f"the Docker engine doesn't answer: {text}")
    if any(words in lowered for words in _UNREACHABLE):
        return Verdict(f"no registry in reach: {text}")
    if "toomanyrequests" in lowered:
        return Verdict(f"the registry gives no more for now; log in (`docker login`): {text}")
    if any(words in lowered for words in _TRANSIENT):
        return Verdict(text, again=True)
    return Verdict(text)


def pull(reference: str, run: Run, sleep: Callable[[float], None] = time.sleep) -> str:
    """Pull an image. Returns `""`, or why it can't be had."""
    result = run(["pull", reference])
    for pause in PAUSES:
        if result.ok or not judge(result).again:
            break
        sleep(pause)
        result = run(["pull", reference])
    return "" if result.ok else judge(result).why


def runner(cli: str) -> Run:
    """Runs `CLI ARGS`, and gives up where no word comes within FIRST_ANSWER seconds.

    A pull's first line says that the registry has answered; the engine itself would try for
    minutes where a firewall swallows everything.
    """

    def run(args: Sequence[str]) -> Result:
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
            return Result(127, "", f"{cli}: {error.strerror}")
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
                return Result(124, "", f"no answer within {FIRST_ANSWER:g} s")
            try:
                process.wait(PULL_TIMEOUT)
            except subprocess.TimeoutExpired:
                return Result(124, "", f"not done after {PULL_TIMEOUT:g} s")
            listener.join(5)
            last = "".join(lines[-3:])
            return Result(process.returncode, "", last if process.returncode else "")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    return run
