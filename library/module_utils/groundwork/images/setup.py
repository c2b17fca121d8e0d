"""How the sources of images are asked: what is here, archives, a registry, and building."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import image_names
from ..docker import Docker, labels
from ..errors import GroundworkError
from ..services import Service, lacks
from . import archive, build, load
from . import recipes as image_recipes
from . import registry as image_registry
from .archive import ArchiveError
from .build import Builder
from .fetch import BuildError
from .here import Here
from .recipes import Recipe
from .registry import PullError
from .resolve import Resolution, Source, SourceAnswer, WantedImage, absent, refused
from .sources import SOURCES

# What the modules have in common that ask the sources
ARGUMENTS: dict[str, Any] = {
    "services": {"type": "dict", "required": True},
    "sources": {
        "type": "list",
        "elements": "str",
        "choices": list(SOURCES),
        "default": list(SOURCES),
    },
    "archive_dir": {"type": "path"},
    "build_dir": {"type": "path"},
    "cache_dir": {"type": "path"},
    "registry": {"type": "str", "default": ""},
}


def checked_prefix(prefix: str) -> str:
    """`images_registry` as it stands in front of names. Raises GroundworkError."""
    if prefix and not image_names.valid_prefix(prefix):
        raise GroundworkError(
            f"images_registry is {prefix!r}; it is a registry's host, with its port and a path if "
            "need be, such as mirror.example.com/hub.",
            where="images_registry",
            next_step="Correct it in the inventory (no https://, no / at its end); nothing was "
            "changed.",
        )
    return prefix


@dataclass(frozen=True)
class Setup:
    """Where images may come from. `dry`: only inspect, for check mode.

    `registry` is a mirror's prefix for all images that name none; `kept` are the services that
    keep the image that is built here; `renew` asks for newer images of the same names.
    """

    docker: Docker
    sources: Sequence[str] = tuple(SOURCES)
    archive_dir: Path | None = None
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    cache_dir: Path | None = None
    dry: bool = False
    registry: str = ""
    kept: Collection[str] = ()
    renew: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any], dry: bool) -> Setup:
        """From the parameters of a module with ARGUMENTS. Raises GroundworkError."""
        build_dir = params["build_dir"]
        return cls(
            docker=Docker(params.get("docker_cli", "docker")),
            sources=params["sources"],
            archive_dir=Path(params["archive_dir"]) if params["archive_dir"] else None,
            recipes=image_recipes.read_recipes(Path(build_dir)) if build_dir else {},
            cache_dir=Path(params["cache_dir"]) if params["cache_dir"] else None,
            dry=dry,
            registry=checked_prefix(params["registry"]),
            kept=params.get("kept", ()),
            renew=params.get("renew", False),
        )

    @cached_property
    def here(self) -> Here:
        """The images that are here."""
        return Here(self.docker)

    def wanted(self, services: Iterable[Service]) -> dict[str, WantedImage]:
        """The image that each service asks for; two services may ask for the same."""
        found: dict[str, WantedImage] = {}
        for service in (each for each in services if not each.external):
            recipe = self.recipes.get(service.kind)
            unfit = f"what is built here {lacks(service)}" if lacks(service) else ""
            if recipe and (unfit or not recipe.stands_in(service.image)):
                recipe = None
            found[service.name] = WantedImage(
                kind=service.kind,
                reference=image_names.behind(service.image, self.registry),
                built=recipe.reference if recipe else "",
                inputs=recipe.inputs if recipe and "build" in self.sources else "",
                kept=bool(recipe) and service.name in self.kept,
                unfit=unfit,
            )
        return found

    def ask(self) -> list[tuple[str, Source]]:
        """The sources, in their order.

        What was built here and merely is here comes after those that have official ones alone.
        Only the registry renews. Raises GroundworkError where there is none.
        """
        names = list(self.sources)
        if self.renew:
            if "registry" not in names:
                raise GroundworkError(
                    "images_renew asks the registry, which images_sources doesn't have.",
                    where="images_sources",
                    next_step="Run without images_renew; or load a newer archive: `docker load`.",
                )
            return [("present", self._lasting), ("registry", self._registry)]
        known = self._known()
        order = [(name, known[name]) for name in names]
        plain = [n for n, name in enumerate(names) if SOURCES[name].official_alone]
        if "present" in names and plain and plain[-1] > names.index("present"):
            order[names.index("present")] = ("present", self._official)
            order.insert(plain[-1] + 1, ("present", self._present))
        return order

    def _known(self) -> dict[str, Source]:
        """How each of SOURCES is asked."""
        return {
            "present": self._present,
            "archive": self._archive,
            "registry": self._registry,
            "build": self._build,
        }

    def lacking(self, outcomes: Mapping[WantedImage, Resolution]) -> list[str]:
        """The Debian packages without which the images that nobody had can't be built here."""
        missing = [i for i, found in outcomes.items() if not found.source and not refused(found)]
        recipes = [self.recipes[item.kind] for item in missing if item.built]
        if "build" not in self.sources or not recipes:
            return []
        return build.missing_tools(self.docker, recipes)

    def _official(self, wanted: Sequence[WantedImage]) -> dict[WantedImage, SourceAnswer]:
        """What is here, but for those built here that nothing keeps."""
        plain = {item if item.kept else item.without_built(): item for item in wanted}
        return {plain[each]: answer for each, answer in self._present(list(plain)).items()}

    def _lasting(self, wanted: Sequence[WantedImage]) -> dict[WantedImage, SourceAnswer]:
        """What is here and can't be renewed."""
        return self._present([i for i in wanted if i.kept or image_names.pinned(i.reference)])

    def _present(self, wanted: Sequence[WantedImage]) -> dict[WantedImage, SourceAnswer]:
        present = self.here.inspect(name for item in wanted for name in item.names)
        answers = {}
        for item in wanted:
            found = [name for name in item.names if name in present]
            fitting = [name for name in found if item.accepts(name, labels(present[name]))]
            if fitting:
                answers[item] = SourceAnswer(fitting[0])
            elif found:
                answers[item] = SourceAnswer(why=f"{found[0]} is here, made from an older recipe")
            else:
                answers[item] = SourceAnswer(why=absent(item.names))
        return answers

    def _archive(self, wanted: Sequence[WantedImage]) -> dict[WantedImage, SourceAnswer]:
        if self.archive_dir is None:
            return dict.fromkeys(
                wanted, SourceAnswer(why="no directory is set (images_archive_dir)")
            )
        try:
            directory = archive.read_directory(self.archive_dir)
        except OSError as error:
            why = f"the directory {self.archive_dir} can't be read ({error.strerror})"
            return dict.fromkeys(wanted, SourceAnswer(why=why))
        return {item: self._load(directory, item) for item in wanted}

    def _load(self, directory: archive.Directory, item: WantedImage) -> SourceAnswer:
        try:
            name, held = archive.choose(directory, item.names)
            if not item.accepts(name, held.labels):
                return SourceAnswer(why=f"{held.path} holds {name}, made from an older recipe")
            archive.check_digest(held.path)
            full = next(each for each in item.names if archive.short(each) == name)
            image = self.docker.inspect("image", [full]).get(full)
            if not self.dry and not (image and load.same(held, image)):
                self.here.forget()
                load.load(self.docker, held, full)
        except ArchiveError as error:
            return SourceAnswer(why=str(error))
        return SourceAnswer(full)

    def _registry(self, wanted: Sequence[WantedImage]) -> dict[WantedImage, SourceAnswer]:
        asked = [item for item in wanted if not item.kept]
        if self.dry:
            return {item: SourceAnswer(item.reference, resolved=False) for item in asked}
        run = image_registry.runner(self.docker.cli)
        before = self.here.inspect(item.reference for item in asked)
        with ThreadPoolExecutor(4) as pool:
            refusals = list(pool.map(lambda i: image_registry.pull(i.reference, run), asked))
        found = dict(zip(asked, refusals, strict=True))
        came = [item for item, refusal in found.items() if refusal is None]
        found |= self._other_architectures(came, before)
        return {item: self._pulled(item, refusal) for item, refusal in found.items()}

    def _pulled(self, item: WantedImage, refusal: PullError | None) -> SourceAnswer:
        if refusal is None:
            return SourceAnswer(item.reference)
        # To renew is to ask the registry: another answer would be none
        final = refusal.reached or self.renew
        return SourceAnswer(why=refusal.why, final=final, next_step=refusal.next_step)

    def _other_architectures(
        self, came: Sequence[WantedImage], before: Mapping[str, Mapping[str, Any]]
    ) -> dict[WantedImage, PullError | None]:
        """Why those that came are unusable here, as the engine pulls what is for another
        architecture alone without a word; they are removed again, and their names are whose they
        were `before`. An engine that can run them may."""
        if not came:
            return {}
        self.here.forget()
        machine = self.docker.run("version", "--format", "{{.Server.Arch}}").stdout.strip()
        pulled = self.docker.inspect("image", sorted({item.reference for item in came}))
        found: dict[WantedImage, PullError | None] = {}
        for item in came:
            architecture = str(pulled.get(item.reference, {}).get("Architecture") or machine)
            if architecture != machine and not self._runs(item.reference):
                found[item] = image_registry.other_architecture(architecture, machine)
                self.docker.run("image", "rm", item.reference)
                if item.reference in before:
                    self.docker.run("tag", str(before[item.reference]["Id"]), item.reference)
        return found

    def _runs(self, reference: str) -> bool:
        quiet = ("--rm", "--network", "none", "--pull", "never", "--entrypoint", "sh")
        return self.docker.run("run", *quiet, reference, "-c", "true").ok

    def _build(self, wanted: Sequence[WantedImage]) -> dict[WantedImage, SourceAnswer]:
        able = {item: self.recipes[item.kind] for item in wanted if item.built}
        answers = {
            item: SourceAnswer(
                why=item.unfit or f"nothing that is built here stands in for {item.reference}"
            )
            for item in wanted
            if item not in able
        }
        recipes = list({recipe.name: recipe for recipe in able.values()}.values())
        if not recipes:
            return answers
        if self.cache_dir is None:
            no_cache = SourceAnswer(why="no directory to work in is set (images_cache_dir)")
            return answers | dict.fromkeys(able, no_cache)
        if lacking := build.missing_tools(self.docker, recipes):
            why = f"missing on this machine: {', '.join(lacking)}"
            return answers | dict.fromkeys(able, SourceAnswer(why=why))
        self.here.forget()
        try:
            errors = {} if self.dry else Builder(self.docker, self.cache_dir).build(recipes)
        except (BuildError, OSError) as error:
            return answers | dict.fromkeys(able, SourceAnswer(why=str(error)))
        for item, recipe in able.items():
            wrong = errors.get(recipe.name)
            answers[item] = (
                SourceAnswer(why=str(wrong), lines=wrong.lines)
                if wrong
                else SourceAnswer(recipe.reference)
            )
        return answers
