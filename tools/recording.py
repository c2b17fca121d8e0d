"""Records a first run as docs/first-run.svg: a real one, of a stack of its own, removed afterwards.

Run it where an engine is; what it shows is what that machine's run printed, paths shortened.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import NAME, Bench
from measure import ROOT, run
from rich.console import Console
from rich.text import Text

PICTURE = ROOT / "docs" / "first-run.svg"
WIDTH = 110  # columns
# The picture of a code host may fetch nothing: no fonts from elsewhere
_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def picture(printed: str) -> str:
    """An SVG of what a terminal shows for `printed`, colours in it."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(printed), soft_wrap=True)
    return _FONTS.sub("", console.export_svg(title="make dev", unique_id="first-run"))


def main() -> None:
    """Run, record, remove."""
    with tempfile.TemporaryDirectory(prefix="groundwork-") as directory:
        bench = Bench(Path(directory))
        env = os.environ | {"ANSIBLE_FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
        done = subprocess.run(
            bench.playbook("dev"), cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        run(bench.playbook("down", "-e", f"stack_remove_data={NAME}"))
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    shown = done.stdout.replace(directory, "~/groundwork").replace(NAME, "groundwork")
    shown = re.sub(r"(no registry in reach): .*", r"\1", shown)  # this machine's own network
    PICTURE.write_text(picture(shown), encoding="utf-8")


if __name__ == "__main__":
    main()
