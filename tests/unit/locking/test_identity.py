"""Who a run is, and what others are told of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from ansible.module_utils.groundwork.locking.identity import in_the_way, revision, sentence
from ansible.module_utils.groundwork.locking.results import LockHolder


def test_the_sentence_names_who_from_where_since_when_and_which_revision() -> None:
    holder = LockHolder(who="ada", where="laptop", since="noon", revision="12")
    said = "ada on laptop, since noon UTC, with revision 12."
    assert said in sentence(holder)
    assert said in str(in_the_way(holder, "/run/lock"))
    assert "process 7 of ada" in sentence(replace(holder, process=7, revision=""))


def test_a_checkout_says_its_commit_and_whether_it_was_changed(tmp_path: Path) -> None:
    assert revision(tmp_path / "none") == ""
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git(*identity, "commit", "--quiet", "--message=one")
    commit = git("rev-parse", "HEAD")[:10]
    assert revision(tmp_path) == commit
    (tmp_path / "new").write_text("")
    assert revision(tmp_path) == f"{commit} with changes"
