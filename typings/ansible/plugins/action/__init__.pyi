from typing import Any

class ActionBase:
    _connection: Any
    _loader: Any
    _task: Any
    _templar: Any

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]: ...
    def _compute_environment_string(
        self, raw_environment_out: dict[str, Any] | None = None
    ) -> str: ...
    def _execute_module(
        self,
        module_name: str | None = None,
        module_args: dict[str, Any] | None = None,
        tmp: Any = None,
        task_vars: dict[str, Any] | None = None,
    ) -> dict[str, Any]: ...
    def validate_argument_spec(
        self, argument_spec: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]: ...
