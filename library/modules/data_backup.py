"""Back a stack's data up and prove it, list the backups, or prove one once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.data import backup, backup_program
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: data_backup
short_description: Back a stack's data up, each backup proven by a restore
description:
  - Copies the data of the stack's services, PostgreSQL's last, and puts them into a restic
    repository. Then restores that into throw-away servers without a network, and compares what
    they have with what was copied.
  - A backup that isn't proven fails the module; it stays in the repository.
  - The deploy lock is held only while the data are copied.
options:
  settings:
    description: The file of settings that the role C(backup) writes for the timer.
    type: path
    required: true
  state:
    description:
      - V(made) makes one and proves it, V(proven) proves O(id) once more, V(listed) says which
        there are.
    type: str
    choices: [made, proven, listed]
    default: made
  id:
    description: The backup's id or the first digits of it, or V(latest).
    type: str
    default: latest
attributes:
  check_mode:
    description: Makes and proves nothing.
    support: full
"""

EXAMPLES = r"""
- name: Make a backup
  data_backup:
    settings: /opt/groundwork/backup.json

- name: Prove the newest once more
  data_backup:
    settings: /opt/groundwork/backup.json
    state: proven
"""

RETURN = r"""
id:
  description: The backup that was made or proven; empty for a list.
  returned: success
  type: str
said:
  description: What happened, a line each.
  returned: success
  type: list
  elements: str
backups:
  description: Those that are there, the newest first; the one alone that was made or proven.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      returned: always
      type: str
    made:
      description: When the data were copied, in UTC.
      returned: always
      type: str
    bytes:
      description: How large they were.
      returned: always
      type: int
    services:
      description: Whose data are in it.
      returned: always
      type: list
      elements: str
    skipped:
      description: Services whose data nothing here can copy.
      returned: always
      type: list
      elements: str
    proven:
      description: Whether its proof went well.
      returned: always
      type: bool
    proof:
      description: When it ended, in UTC.
      returned: always
      type: str
    why:
      description: Why it isn't proven.
      returned: always
      type: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "settings": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["made", "proven", "listed"], "default": "made"},
    "id": {"type": "str", "default": "latest"},
}


def run(call: Call) -> dict[str, Any]:
    settings = backup_program.read(Path(call.params["settings"]))
    call.secrets.update(str(value) for value in settings["environment"].values())
    place, sources = backup_program.set_up(settings)
    call.secrets.update(value for each in sources for value in each.secrets.values())
    said: list[str] = []
    if call.params["state"] == "listed":
        return backup.Backups(backups=tuple(backup.listed(place))).to_dict()
    wanted = call.params["id"] or "latest"
    if call.check:
        return backup.Backups().to_dict() | {"changed": call.params["state"] == "made"}
    if call.params["state"] == "made":
        note = backup.make(place, sources, said.append)
    else:
        note = backup.verify(place, sources, wanted)
    if not note.proven:
        raise GroundworkError(
            f"The backup {note.id[:8]} is {note.verdict}",
            where=place.repository.location,
            next_step="Mend what it says, then make another (playbooks/backup.yml); this one stays "
            "in the repository.",
        )
    found = backup.Backups(note.id, tuple(said), (note,))
    return found.to_dict() | {"changed": call.params["state"] == "made"}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
