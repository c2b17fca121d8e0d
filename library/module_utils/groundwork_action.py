"""Runs a module of this project from within ansible-playbook where the host is this machine.

Packing a module and starting a Python for it costs half a second, most of what a run with nothing
to do takes. On other hosts, and with become, the module runs on the target as usual; unless it says
by `core_dir` that the project's core is there already, which answers without any module.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.groundwork import environment
from ansible.plugins.action import ActionBase

_MODULES = Path(__file__).resolve().parent.parent / "modules"


class _NoAnswer(Exception):
    pass


class ActionModule(ActionBase):
    """The module of the task's name."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Its answer."""
        super().run(tmp, task_vars)
        name = self._task.action.rpartition(".")[2]
        if self._connection.transport == "local" and not self._connection.become:
            module = load(name)
            # Ansible would put it before the command that starts the module
            given: dict[str, Any] = {}
            self._compute_environment_string(given)
            given = {name: str(value) for name, value in given.items()}
            unset = environment.unset(given)
            with environment.controlled(given):
                return self._answer(module, module.ARGUMENT_SPEC, module.run, unset)
        if self._task.args.get("core_dir"):
            module = load(name)
            # What a path means (~, $HOME) is for the target to say
            spec = {
                key: option | ({"type": "str"} if option["type"] == "path" else {})
                for key, option in module.ARGUMENT_SPEC.items()
            }
            try:
                return self._answer(module, spec, self._core(module.CORE, task_vars or {}))
            except _NoAnswer:
                pass
        result: dict[str, Any] = self._execute_module(name, task_vars=task_vars)
        return result

    def _answer(
        self,
        module: Any,
        spec: dict[str, Any],
        run: Callable[..., Any],
        unset: Mapping[str, str] | None = None,
        args: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        from ansible.module_utils.groundwork_module import Call, answer

        checks = getattr(module, "CHECKS", {})
        checked = ArgumentSpecValidator(spec, **checks).validate(
            self._task.args if args is None else args
        )
        if checked.error_messages:
            return {"failed": True, "msg": "; ".join(checked.error_messages)}
        params = checked.validated_parameters
        call = Call(params, self._task.check_mode, self._task.diff, unset or {})
        call.secrets.update(checked._no_log_values)
        return answer(run, call)

    def _core(self, core: str, variables: dict[str, Any]) -> Callable[..., Any]:
        from ansible.module_utils.groundwork_remote import ask_core

        directory = str(self._task.args["core_dir"])
        python = self._templar.template(variables["ansible_python_interpreter"])

        def run(call: Any) -> dict[str, Any]:
            found = ask_core(self, python, directory, core, call.params)
            if found is None:
                raise _NoAnswer
            return found

        return run


def load(name: str) -> Any:
    """The file of a module of this project."""
    spec = importlib.util.spec_from_file_location(name, _MODULES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
