"""Compose's own program, for what needs no Docker client around it.

`docker compose` waits beside Compose until that is done, and before it asks every plugin what it
is. Compose alone takes 25 MB and half the processor time less: docs/benchmarks.md#compose-alone
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

SYSTEM_DIRECTORIES = tuple(
    Path(each, "docker/cli-plugins")
    for each in ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
)


def compose_program(
    cli: str, env: Mapping[str, str], system: tuple[Path, ...] = SYSTEM_DIRECTORIES
) -> str | None:
    """The program that `docker compose` would start; None where that isn't beyond doubt.

    Another one might be of another version, whose hashes are others. So there is to be one alone
    in all the places where the client looks, and the client no script or snap that leads elsewhere.
    """
    home = env.get("HOME")
    own = Path(env.get("DOCKER_CONFIG") or Path(home or "", ".docker"))
    client = shutil.which(cli, path=env.get("PATH"))
    if not home or not client or Path(client).resolve().name != "docker":
        return None
    try:
        with Path(client).open("rb") as program:
            script = program.read(2) == b"#!"
        settings = own / "config.json"
        more = settings.exists() and "clipluginsextradirs" in settings.read_text("utf-8").lower()
        found = [
            each for each in (own / "cli-plugins", *system) if (each / "docker-compose").exists()
        ]
    except (OSError, ValueError):
        return None
    # /usr/lib may be a link to /usr/libexec or the other way round
    programs = {str((each / "docker-compose").resolve()) for each in found}
    alone = programs.pop() if len(programs) == 1 and not script and not more else None
    return alone if alone and os.access(alone, os.X_OK) else None
