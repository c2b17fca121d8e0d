"""Images' names, read as Docker's own reference grammar reads them.

`[registry[:port]/]path[:tag][@digest]`; the first part is a registry where it has a dot, a colon
or an upper-case letter, or is `localhost`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-f]{32,}"
_REFERENCE = re.compile(
    rf"(?:(?P<registry>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)"
    rf"(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)
_PREFIX = re.compile(rf"{_HOST}(?:/{_PART})*", re.ASCII)
_IDENTITY = re.compile(r"[0-9a-f]{64}")
_LONGEST = 255  # characters of registry and path
_DIGEST_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}
DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class Name:
    """A reference in its parts; those that it doesn't have are empty."""

    registry: str
    path: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """As it is written."""
        text = f"{self.registry}/{self.path}" if self.registry else self.path
        text += f":{self.tag}" if self.tag else ""
        return f"{text}@{self.digest}" if self.digest else text

    @property
    def repository(self) -> str:
        """Where it is at Docker Hub, `postgres` for `docker.io/library/postgres:16`; elsewhere
        with its registry in front."""
        if self.registry in ("", DOCKER_HUB, f"index.{DOCKER_HUB}"):
            return self.path.removeprefix("library/")
        return f"{self.registry}/{self.path}"


def parse(reference: str) -> Name | None:
    """A reference's parts, or None where Docker would refuse it."""
    match = _REFERENCE.fullmatch(reference)
    if not match or _IDENTITY.fullmatch(reference):
        return None
    registry, path = match["registry"] or "", match["path"]
    if registry and not _is_registry(registry):
        registry, path = "", f"{registry}/{path}"
        if not re.fullmatch(rf"{_PART}(?:/{_PART})*", path, re.ASCII):
            return None
    digest = match["digest"] or ""
    algorithm, _, digits = digest.partition(":")
    if digest and len(digits) != _DIGEST_LENGTH.get(algorithm, -1):
        return None
    if len(f"{registry}/{path}") > _LONGEST:
        return None
    return Name(registry, path, match["tag"] or "", digest)


def _is_registry(word: str) -> bool:
    return word == "localhost" or "." in word or ":" in word or word != word.lower()


def valid_prefix(prefix: str) -> bool:
    """Whether `images_registry` can stand in front of images: a registry, and a path if need be."""
    return bool(_PREFIX.fullmatch(prefix)) and _is_registry(prefix.partition("/")[0])


def behind(reference: str, prefix: str) -> str:
    """A reference with a mirror's prefix in front, unless it names its registry itself."""
    name = parse(reference)
    if not prefix or name is None or name.registry:
        return reference
    return f"{prefix}/{reference}"


def registry_of(reference: str) -> str:
    """The registry's host, as `docker login` takes it; `""` for Docker Hub."""
    name = parse(reference)
    return name.registry if name and name.registry not in ("", DOCKER_HUB) else ""


def pinned(reference: str) -> bool:
    """Whether it names its content by a digest, so that it never is another image."""
    name = parse(reference)
    return bool(name and name.digest)


def by_tag(reference: str) -> str:
    """The name by which an image that is pinned by its digest can be saved and loaded again.

    `docker save` writes tags and no digests, so the digest becomes the tag:
    `postgres:16@sha256:ab…` is `postgres:sha256-ab…`. Others are what they are.
    """
    name = parse(reference)
    if name is None or not name.digest:
        return reference
    return str(replace(name, tag=name.digest.replace(":", "-").replace("+", "-")[:128], digest=""))


def version(tag: str) -> str:
    """The version that a tag begins with: `v1.7.4` gives `1.7.4`; `""` where there is none."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", tag)
    return match[1] if match else ""


def difference(wanted: str, has: str, why: str = "") -> str:
    """`wanted redis:7.4-alpine, has groundwork/redis:7.0.15`, or `""` where it is what is wanted.

    `has` is the name of what runs or will run, `why` what keeps it from being what is wanted.
    """
    if not wanted or not has or has in (wanted, by_tag(wanted)):
        return ""
    return f"wanted {wanted}, has {has}" + (f" ({why})" if why else "")
