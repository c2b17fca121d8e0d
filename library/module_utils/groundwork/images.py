"""Brings the image of every service onto the host, from the first source that has it.

The sources are asked in the inventory's order, each for the images that are still missing:
`present` (already here), `archive` (a `docker save` tarball in a folder), `registry` (pull),
`build` (from `images/`, where no registry is in reach).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import image_archive, image_build, image_load, image_recipes, image_registry
from .docker import Docker
from .engine import environment, labels
from .errors import GroundworkError
from .image_archive import ArchiveError
from .image_build import Builder
from .image_fetch import BuildError
from .image_recipes import INPUTS_LABEL, Recipe
from .services import KINDS, Service

SOURCES = ("present", "archive", "registry", "build")


@dataclass(frozen=True)
class Wanted:
    """An image that services ask for.

    `built` is the name of the image that this project builds in its place, or `""`; `inputs` is
    the digest that it must carry, or `""` where any will do (where nothing is built).
    """

    kind: str
    reference: str
    built: str = ""
    inputs: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may have, the official one first."""
        return tuple(name for name in (self.reference, self.built) if name)

    def accepts(self, name: str, image_labels: Mapping[str, str]) -> bool:
        """Whether an image of that name and labels will do: a built one must be current."""
        if name != self.built or name == self.reference or not self.inputs:
            return True
        return image_labels.get(INPUTS_LABEL) == self.inputs


def absent(names: Sequence[str]) -> str:
    """That none of one or two names is here, as a sentence."""
    return f"neither {' nor '.join(names)} is here" if len(names) > 1 else f"{names[0]} is not here"


@dataclass(frozen=True)
class Answer:
    """A source's answer for one image: the name under which it is here now, or why it isn't.

    `lines` are evidence (the end of a build's output). `settled` is False where check mode can't
    tell; the source would be tried.
    """

    reference: str = ""
    why: str = ""
    lines: tuple[str, ...] = ()
    settled: bool = True


@dataclass(frozen=True)
class Outcome:
    """Where an image came from. `used` and `source` are `""` where nothing worked."""

    used: str = ""
    source: str = ""
    tried: tuple[tuple[str, Answer], ...] = ()
    seconds: float = 0.0
    settled: bool = True


Source = Callable[[Sequence[Wanted]], Mapping[Wanted, Answer]]


def settle(
    wanted: Iterable[Wanted],
    sources: Mapping[str, Source],
    clock: Callable[[], float] = time.monotonic,
) -> dict[Wanted, Outcome]:
    """Ask the sources in their order, each once, for all images that are still missing."""
    start = clock()
    open_ = dict.fromkeys(wanted, Outcome())
    done: dict[Wanted, Outcome] = {}
    for name, source in sources.items():
        if not open_:
            break
        for item, answer in source(list(open_)).items():
            before = open_[item]
            if answer.reference:
                done[item] = Outcome(
                    used=answer.reference if answer.settled else "",
                    source=name,
                    tried=before.tried,
                    seconds=round(clock() - start, 2),
                    settled=answer.settled,
                )
                del open_[item]
            else:
                open_[item] = Outcome(tried=(*before.tried, (name, answer)))
    return done | open_


def failure(outcomes: Mapping[Wanted, Outcome]) -> GroundworkError | None:
    """One error for all images that no source has, or None."""
    details: list[str] = []
    for item, outcome in outcomes.items():
        if outcome.source:
            continue
        details.append(f"{item.reference}:")
        for source, answer in outcome.tried:
            details.append(f"  {source}: {answer.why}")
            details += [f"    | {line}" for line in answer.lines]
        if not outcome.tried:
            details.append("  no source was tried: images_sources is empty")
    if not details:
        return None
    return GroundworkError(
        "Not every image of the stack can be had.",
        where="images_sources",
        details=details,
        next_step="Mend one of the sources above (bring the network or the registry in reach, or "
        "put a `docker save` tarball into images_archive_dir), and run again. What is here "
        "already stays.",
    )


@dataclass(frozen=True)
class Setup:
    """Where images may come from. `dry`: only look, for check mode."""

    docker: Docker
    sources: Sequence[str] = SOURCES
    archive_dir: Path | None = None
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    cache_dir: Path | None = None
    dry: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any], dry: bool) -> Setup:
        """From the parameters of the module container_images. Raises GroundworkError."""
        build_dir = params["build_dir"]
        return cls(
            docker=Docker(params["docker_cli"]),
            sources=params["sources"],
            archive_dir=Path(params["archive_dir"]) if params["archive_dir"] else None,
            recipes=image_recipes.recipes(Path(build_dir)) if build_dir else {},
            cache_dir=Path(params["cache_dir"]) if params["cache_dir"] else None,
            dry=dry,
        )

    def wanted(self, services: Iterable[Service]) -> dict[str, Wanted]:
        """The image that each service asks for; two services may ask for the same."""
        found: dict[str, Wanted] = {}
        for service in (each for each in services if not each.external):
            recipe = self.recipes.get(service.kind)
            if recipe and not recipe.stands_in(service.image):
                recipe = None
            found[service.name] = Wanted(
                kind=service.kind,
                reference=service.image,
                built=recipe.reference if recipe else "",
                inputs=recipe.inputs if recipe and "build" in self.sources else "",
            )
        return found

    def ask(self) -> dict[str, Source]:
        """The sources, in their order."""
        known: dict[str, Source] = {
            "present": self._present,
            "archive": self._archive,
            "registry": self._registry,
            "build": self._build,
        }
        return {name: known[name] for name in self.sources}

    def lacking(self, outcomes: Mapping[Wanted, Outcome]) -> list[str]:
        """The Debian packages without which the images that nobody had can't be built here."""
        missing = [item for item, outcome in outcomes.items() if not outcome.source]
        recipes = [self.recipes[item.kind] for item in missing if item.built]
        if "build" not in self.sources or not recipes:
            return []
        return image_build.missing_tools(self.docker, recipes)

    def _present(self, wanted: Sequence[Wanted]) -> dict[Wanted, Answer]:
        here = self.docker.inspect("image", sorted({n for item in wanted for n in item.names}))
        answers = {}
        for item in wanted:
            found = [name for name in item.names if name in here]
            fitting = [name for name in found if item.accepts(name, labels(here[name]))]
            if fitting:
                answers[item] = Answer(fitting[0])
            elif found:
                answers[item] = Answer(why=f"{found[0]} is here, made from an older recipe")
            else:
                answers[item] = Answer(why=absent(item.names))
        return answers

    def _archive(self, wanted: Sequence[Wanted]) -> dict[Wanted, Answer]:
        if self.archive_dir is None:
            return dict.fromkeys(wanted, Answer(why="no folder is set (images_archive_dir)"))
        try:
            folder = image_archive.read_folder(self.archive_dir)
        except OSError as error:
            why = f"the folder {self.archive_dir} can't be read ({error.strerror})"
            return dict.fromkeys(wanted, Answer(why=why))
        return {item: self._load(folder, item) for item in wanted}

    def _load(self, folder: image_archive.Folder, item: Wanted) -> Answer:
        try:
            name, held = image_archive.choose(folder, item.names)
            if not item.accepts(name, held.labels):
                return Answer(why=f"{held.path} holds {name}, made from an older recipe")
            image_archive.check_digest(held.path)
            own = next(own for own in item.names if image_archive.short(own) == name)
            if not self.dry:
                image_load.load(self.docker, held, own)
        except ArchiveError as error:
            return Answer(why=str(error))
        return Answer(own)

    def _registry(self, wanted: Sequence[Wanted]) -> dict[Wanted, Answer]:
        if self.dry:
            return {item: Answer(item.reference, settled=False) for item in wanted}
        run = image_registry.runner(self.docker.cli)
        with ThreadPoolExecutor(4) as pool:
            whys = pool.map(lambda item: image_registry.pull(item.reference, run), wanted)
        return {
            item: Answer(why=why) if why else Answer(item.reference)
            for item, why in zip(wanted, whys, strict=True)
        }

    def _build(self, wanted: Sequence[Wanted]) -> dict[Wanted, Answer]:
        able = {item: self.recipes[item.kind] for item in wanted if item.built}
        answers = {
            item: Answer(why=f"there is no recipe that stands in for {item.reference}")
            for item in wanted
            if item not in able
        }
        recipes = list({recipe.kind: recipe for recipe in able.values()}.values())
        if not recipes:
            return answers
        if self.cache_dir is None:
            no_cache = Answer(why="no folder to work in is set (images_cache_dir)")
            return answers | dict.fromkeys(able, no_cache)
        if lacking := image_build.missing_tools(self.docker, recipes):
            why = f"missing on this machine: {', '.join(lacking)}"
            return answers | dict.fromkeys(able, Answer(why=why))
        if self.dry:
            return answers | {item: Answer(recipe.reference) for item, recipe in able.items()}
        try:
            errors = Builder(self.docker, self.cache_dir).build(recipes)
        except (BuildError, OSError) as error:
            return answers | dict.fromkeys(able, Answer(why=str(error)))
        for item, recipe in able.items():
            wrong = errors[recipe.kind]
            answers[item] = (
                Answer(why=str(wrong), lines=wrong.lines) if wrong else Answer(recipe.reference)
            )
        return answers


def report(
    docker: Docker, services: Mapping[str, Wanted], outcomes: Mapping[Wanted, Outcome]
) -> dict[str, dict[str, Any]]:
    """By service, the shape that the module's RETURN describes."""
    here = docker.inspect("image", sorted({o.used for o in outcomes.values() if o.used}))
    found: dict[str, dict[str, Any]] = {}
    for service, item in services.items():
        outcome = outcomes[item]
        image = here.get(outcome.used)
        flavour = KINDS[item.kind].flavour
        found[service] = {
            "wanted": item.reference,
            "used": outcome.used,
            "flavour": flavour(outcome.used, labels(image), environment(image)) if image else "",
            "id": image["Id"] if image else "",
            "archive": image_archive.file_name(outcome.used) if outcome.used else "",
            "source": outcome.source,
            "settled": outcome.settled,
            "tried": [{"source": name, "why": answer.why} for name, answer in outcome.tried],
            "seconds": outcome.seconds,
        }
    return found
