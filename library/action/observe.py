"""Looks at this machine from within ansible-playbook itself; at others through the module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The module observe, without a Python process of its own where the host is this machine.

    Packing a module and starting it costs half a second, most of what a run with nothing to do
    takes. The same function does the work in both places.
    """

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        if self._connection.transport != "local" or self._connection.become:
            result: dict[str, Any] = self._execute_module("observe", task_vars=task_vars)
            return result
        from ansible.module_utils.groundwork.observation import ARGUMENT_SPEC, observe

        checked = ArgumentSpecValidator(ARGUMENT_SPEC).validate(self._task.args)
        if checked.error_messages:
            return {"failed": True, "msg": "; ".join(checked.error_messages)}
        try:
            return observe(checked.validated_parameters)
        except GroundworkError as error:
            return {"failed": True, "msg": str(error)}
