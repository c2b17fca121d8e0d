"""Says why a role is about to act; the display and the log of runs read its reasons."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

DOCUMENTATION = r"""
action: pending_changes
short_description: Show why a role is about to act
description:
  - Returns the reasons that it is given. The display shows them as the stage's why, and names them
    as what was changed where the task counts as a change.
  - Changes nothing, and never says that it did. Where what acts on the reasons is left out of a
    check, the task has C(changed_when) for it.
options:
  reasons:
    description: A plain sentence for each pending change.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    description: It only speaks.
    support: full
"""

EXAMPLES = r"""
- name: Show pending changes
  pending_changes:
    reasons: "{{ images_plan }}"
  changed_when: ansible_check_mode # the images themselves are left out of a check
"""

RETURN = r"""
reasons:
  description: The sentences, as they were given.
  returned: always
  type: list
  elements: str
"""


class ActionModule(ActionBase):
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(
            {"reasons": {"type": "list", "elements": "str", "required": True}}
        )
        return {"changed": False, "reasons": given["reasons"]}
