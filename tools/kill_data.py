"""Kills runs that work on a stack's data at random moments, and looks whose data are there.

    .venv/bin/python tools/kill_data.py restore                          # as whoever you are
    .venv/bin/python tools/as_user.py python tools/kill_data.py backup   # root, as an ordinary user

After each round what a person runs next has to end well, with the data of before or of after; and
after every ten nothing of the killed runs may be left. The trials are tests/integration/killed.py's
on stacks of their own, which are removed. An upgrade takes the newer PostgreSQL that tests build.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
ansible.module_utils.__path__.append(str(ROOT / "library" / "module_utils"))

from integration.killed import Migrations, Restores, Upgrades, Verb, trial  # noqa: E402
from integration.killed_backups import Backups, backup_settings  # noqa: E402
from integration.migrated_tree import Tree  # noqa: E402
from integration.newer_postgres import newer_image  # noqa: E402
from integration.stack import Stack, new_stack  # noqa: E402

PORTS = {"restore": 16760, "backup": 16764, "upgrade": 16768, "migration": 16772}


def main() -> None:
    """Kill, run, look; prints each round and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=PORTS)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groundwork-kills-") as place:
        directory = Path(place)
        name = f"groundwork-kill-{given.verb}"
        stack = new_stack(directory / "wörk space", name, PORTS[given.verb])
        if given.verb in ("upgrade", "migration") or (given.verb == "backup" and os.geteuid()):
            backend = {"path": "apps/backend/.env", "services": ["postgres"]}
            only = {"postgres": stack.services["postgres"]}
            stack.variables |= {"stack_services": only, "env_files_apps": {"backend": backend}}
        try:
            stack.up()
            what = verb(given.verb, stack, directory)
            trial(what, given.rounds, random.Random(given.seed), say)  # noqa: S311
        except AssertionError as error:
            sys.exit(f"{error}\nThat is neither before nor after.")
        finally:
            stack.destroy()


def verb(name: str, stack: Stack, directory: Path) -> Verb:
    """What is killed, by its name."""
    if name == "restore":
        return Restores(stack)
    if name == "backup":
        return Backups(stack, backup_settings(stack, directory))
    if name == "upgrade":
        return Upgrades(stack, newer_image("17", directory), "17")
    return Migrations(Tree(stack, directory / "an app", "kills"))


def say(text: str) -> None:
    """At once, whoever reads it."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
