"""Says why a role is about to act; the display and the audit log read its reasons."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(
            {"reasons": {"type": "list", "elements": "str", "required": True}}
        )
        return {"changed": False, "reasons": given["reasons"]}
