"""The one exception that a user may see."""

from __future__ import annotations

from dataclasses import dataclass

from .records import Record

# The next step where a Python library is missing
LIBRARIES = (
    "On this computer, run `tools/venv`, then .venv/bin/ansible-playbook: what the playbooks need "
    "here is in that Python. On another machine, ansible_python_interpreter has to name the "
    "toolbox's (playbooks/staging.yml sends it)."
)


@dataclass(frozen=True)
class Problem(Record):
    """What must not be tried: what is wrong, where, and what to do next."""

    what: str
    where: str
    next_step: str

    def as_error(self) -> GroundworkError:
        """As the error that a module fails with."""
        return GroundworkError(self.what, where=self.where, next_step=self.next_step)


class GroundworkError(Exception):
    """Something a person has to know: what is wrong, where, and what to do next.

    Every part is a plain sentence without a secret in it. `str()` gives the text that modules
    hand to `fail_json(msg=...)`; `details` are lines of evidence (a container's log, a list of
    what was tried), shown below the sentences.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        next_step: str = "",
        details: list[str] | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step
        self.details = list(details or [])

    def as_problem(self) -> Problem:
        """As one of several things that are in the way; without the details."""
        return Problem(self.what, self.where, self.next_step)

    def __str__(self) -> str:
        """The parts as lines: what; `Where:`; the details, indented; `Next:`."""
        lines = [self.what]
        if self.where:
            lines.append(f"Where: {self.where}")
        lines += [f"  {line}" for line in self.details]
        if self.next_step:
            lines.append(f"Next: {self.next_step}")
        return "\n".join(lines)
