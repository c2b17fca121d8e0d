"""Another machine that takes archives, and archives to send it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.images import receive
from ansible.module_utils.groundwork.images import send as image_send
from ansible.module_utils.groundwork.images.send import Todo
from tarballs import save, sums

PART = 1000
SIZE = 3500


class Machine:
    """The other machine: its real program in a directory, at the end of a line that can be cut."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sent: list[tuple[str, int, int]] = []
        self.cut_after = -1  # bytes
        self.architecture = ""  # another one than this machine's

    def ask(self, asked: Mapping[str, Any], data: bytes) -> Mapping[str, Any]:
        if asked["do"] == "part":
            self.sent.append((asked["name"], asked["offset"], len(data)))
            if 0 <= self.cut_after < len(data):
                receive.serve(asked, io.BytesIO(data[: self.cut_after]))
                raise ConnectionError
            self.cut_after -= len(data) if self.cut_after >= 0 else 0
        answer = receive.serve(asked, io.BytesIO(data))
        return answer | ({"architecture": self.architecture} if self.architecture else {})

    def send(self, paths: list[Path]) -> list[Todo]:
        directory = str(self.directory)
        todos = image_send.inspect(image_send.archives(paths), directory, PART, self.ask)
        for todo in todos:
            if not todo.complete:
                list(image_send.send(todo, directory, self.ask))
        return todos

    def growing(self) -> list[str]:
        return sorted(path.name for path in self.directory.glob(".sending-*"))


def content(seed: int, size: int = SIZE) -> bytes:
    return bytes((seed + number * 7 + number // 256) % 256 for number in range(size))


def saved(directory: Path, **seeds: int) -> list[Path]:
    """Archives as saved_images leaves them."""
    directory.mkdir(exist_ok=True)
    paths = [directory / f"{name}.tar" for name in seeds]
    for path, seed in zip(paths, seeds.values(), strict=True):
        path.write_bytes(content(seed))
    sums(directory, *paths)
    return paths


def saved_image(directory: Path, architecture: str) -> Path:
    """One that holds an image."""
    directory.mkdir(exist_ok=True)
    path = save(directory / "one.tar", "redis:7", architecture=architecture)
    sums(directory, path)
    return path


def same(paths: list[Path], directory: Path) -> bool:
    names = [path.name for path in paths] + ["SHA256SUMS"]
    here = paths[0].parent
    return all((here / name).read_bytes() == (directory / name).read_bytes() for name in names)
