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
    """The other machine: its real program in a folder, at the end of a line that can be cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: list[tuple[str, int, int]] = []
        self.cut_after = -1  # bytes
        self.processor = ""  # another one than this machine's

    def ask(self, asked: Mapping[str, Any], data: bytes) -> Mapping[str, Any]:
        if asked["do"] == "part":
            self.sent.append((asked["name"], asked["offset"], len(data)))
            if 0 <= self.cut_after < len(data):
                receive.serve(asked, io.BytesIO(data[: self.cut_after]))
                raise ConnectionError
            self.cut_after -= len(data) if self.cut_after >= 0 else 0
        answer = receive.serve(asked, io.BytesIO(data))
        return answer | ({"processor": self.processor} if self.processor else {})

    def send(self, paths: list[Path]) -> list[Todo]:
        folder = str(self.folder)
        todos = image_send.look(image_send.archives(paths), folder, PART, self.ask)
        for todo in todos:
            if not todo.whole:
                list(image_send.send(todo, folder, self.ask))
        return todos

    def growing(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob(".sending-*"))


def content(seed: int, size: int = SIZE) -> bytes:
    return bytes((seed + number * 7 + number // 256) % 256 for number in range(size))


def saved(folder: Path, **seeds: int) -> list[Path]:
    """Archives as saved_images leaves them."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}.tar" for name in seeds]
    for path, seed in zip(paths, seeds.values(), strict=True):
        path.write_bytes(content(seed))
    sums(folder, *paths)
    return paths


def saved_image(folder: Path, processor: str) -> Path:
    """One that holds an image."""
    folder.mkdir(exist_ok=True)
    path = save(folder / "one.tar", "redis:7", processor=processor)
    sums(folder, path)
    return path


def same(paths: list[Path], folder: Path) -> bool:
    names = [path.name for path in paths] + ["SHA256SUMS"]
    here = paths[0].parent
    return all((here / name).read_bytes() == (folder / name).read_bytes() for name in names)
