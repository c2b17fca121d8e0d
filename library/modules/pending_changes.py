"""What action/pending_changes.py does on the controller, for ansible-doc."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pending_changes
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
