"""What images are built of, made ahead: while an engine is being installed, which takes as long.

A process beside the run fills the cache: wheels, and the base as a file. It holds the lock of
builds, so a build waits for it and finds what is there. Whatever goes wrong in it is left to the
build, which tries the same again and says why. It ends with the run, however that ends.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import environment, image_names
from ..docker import Docker
from ..locking import process_start
from ..services import Service
from . import recipes as image_recipes
from .build import Builder
from .recipes import Recipe
from .setup import Setup
from .sources import SOURCES

DOCKER_HUB = "registry-1.docker.io"
PATIENCE = 5.0  # seconds for a registry's first answer
_ANSWERS = (200, 401)  # of a registry; a proxy that forbids it has others
_LAST_CHANCE = 10.0  # seconds from the request to end


def needed(
    setup: Setup, services: Iterable[Service], answers: Callable[[str], bool]
) -> list[Recipe]:
    """What will have to be built here, as far as one can know without an engine.

    Nothing where a directory with archives is set, or another source may have the images that only
    an engine can ask. `answers` tells whether there is a registry at a host; `""` is Docker Hub.
    """
    bringing = {name for name in setup.sources if SOURCES[name].official}
    if not setup.archive_dir:
        bringing.discard("archive")
    if "build" not in setup.sources or bringing - {"registry"}:
        return []
    items = [item for item in setup.wanted(services).values() if item.built]
    asked = items if "registry" in bringing else []
    hosts = list({image_names.registry_of(item.reference) for item in asked})
    with ThreadPoolExecutor(8) as pool:
        reached = dict(zip(hosts, pool.map(answers, hosts), strict=True))
    kinds = [i.kind for i in items if not reached.get(image_names.registry_of(i.reference))]
    return [setup.recipes[kind] for kind in dict.fromkeys(kinds)]


def registry_answers(host: str) -> bool:
    """Whether a registry answers at a host (`""`: Docker Hub), asked as the engine would ask."""
    plain = host.partition(":")[0] in ("localhost", "127.0.0.1")  # the engine asks those so, too
    for scheme in ("https", "http") if plain else ("https",):
        try:
            address = f"{scheme}://{host or DOCKER_HUB}/v2/"
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except (OSError, http.client.HTTPException):
            continue
        if status in _ANSWERS:
            return True
    return False


def start(recipes: Sequence[Recipe], cache: Path, run: int) -> subprocess.Popen[bytes]:
    """Begin to fill the cache in a process of its own, as long as the process `run` lives."""
    core = Path(__file__).resolve().parents[2]
    # Not of the run's process group: what it has started has to end with it, and nothing else
    return subprocess.Popen(
        [
            *(sys.executable, "-c", "from groundwork.images.prepare import main; main()"),
            *(str(run), process_start(run), str(cache)),
            *(str(recipe.directory) for recipe in recipes),
        ],
        env=environment.seen({"PYTHONPATH": str(core)}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main() -> None:
    """Fill the cache: RUN STARTED CACHE DIRECTORY..., see `start`."""
    run, started, cache, *directories = sys.argv[1:]
    threading.Thread(target=_end_with, args=(int(run), started), daemon=True).start()
    recipes = [image_recipes.recipe(path.parent, path.name) for path in map(Path, directories)]
    Builder(Docker(), Path(cache)).prepare(recipes)


def _end_with(run: int, started: str) -> None:
    """Once the run is gone, end this process and all that it has started, as ctrl-C would."""
    while process_start(run) == started:
        time.sleep(0.5)
    os.killpg(0, signal.SIGINT)
    time.sleep(_LAST_CHANCE)
    os.killpg(0, signal.SIGKILL)
