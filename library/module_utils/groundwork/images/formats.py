"""What of an image its data depend on: its labels tell, or it is asked itself, once.

An answer is remembered by the image's id, which stands for its whole content.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..docker import CommandResult, Docker, environment, labels, state_dir
from ..files import replacing
from ..services import ServiceType

_MEMORY = "image-flavours.json"
_MOST = 200  # answers that are remembered
_TIMEOUT = 60.0  # seconds, to start a container and read two files in it


def find(
    docker: Docker, images: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, ServiceType]
) -> dict[str, str]:
    """The storage format of each inspected image, by name; `kinds`: by name, what it is for."""
    memory = _read()
    known: dict[str, str] = {}
    unknown: list[str] = []
    for name, image in images.items():
        storage_format = kinds[name].storage_format(labels(image), environment(image), "")
        said = memory.get(f"{kinds[name].name} {image['Id']}")
        if kinds[name].ask_image and "unknown" in storage_format:
            if said is None:
                unknown.append(name)
            storage_format = said or storage_format
        known[name] = storage_format
    if unknown:
        with ThreadPoolExecutor(4) as pool:
            answers = pool.map(lambda n: ask(docker, n, images[n], kinds[n]), unknown)
            asked = dict(zip(unknown, answers, strict=True))
        new = {
            f"{kinds[name].name} {images[name]['Id']}": storage_format
            for name, storage_format in asked.items()
            if "unknown" not in storage_format
        }
        if new:
            _write({**memory, **new})
        known |= asked
    return known


def ask(docker: Docker, name: str, image: Mapping[str, Any], kind: ServiceType) -> str:
    """An image's own report, from a container that is thrown away; nothing of it is started."""
    result = inside(docker, name, kind.ask_image)
    return kind.storage_format(
        labels(image), environment(image), result.stdout if result.ok else ""
    )


def inside(docker: Docker, image: str, script: str) -> CommandResult:
    """Run a shell script in a container of an image, which is thrown away and may do nothing."""
    return docker.run(
        *("run", "--rm", "--network", "none", "--pull", "never", "--read-only", "--user", "0"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "64"),
        *("--entrypoint", "sh", image, "-c", script),
        timeout=_TIMEOUT,
    )


def _read() -> dict[str, str]:
    try:
        found = json.loads((state_dir() / _MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = found if isinstance(found, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _write(memory: Mapping[str, str]) -> None:
    """Without it the next run asks again, which costs half a second and nothing else."""
    newest = dict(list(memory.items())[-_MOST:])
    path = state_dir() / _MEMORY
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as fresh:
            fresh.write_text(json.dumps(newest, indent=1), encoding="utf-8")
