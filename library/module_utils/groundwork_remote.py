"""How an action plugin asks for a machine's lock and log: in-process, or over its connection."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.groundwork import runlock
from ansible.module_utils.groundwork.errors import GroundworkError

_MARK = "groundwork:"


def ask(action: Any, python: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `runlock.serve` answers on the machine of an action's connection.

    Costs one command there and no module. Raises GroundworkError where it can't be asked.
    """
    if action._connection.transport == "local":
        return runlock.serve(asked)
    source = inspect.getsource(runlock)
    call = f"\nprint({_MARK!r} + json.dumps(serve(json.loads({json.dumps(asked)!r}))))\n"
    done = action._low_level_execute_command(f"{python} -", in_data=(source + call).encode())
    for line in reversed(done["stdout"].splitlines()):
        if line.startswith(_MARK):
            answer: dict[str, Any] = json.loads(line.removeprefix(_MARK))
            return answer
    said = (done["stderr"] or done["stdout"]).strip().splitlines()
    raise GroundworkError(
        "The lock on the machine can't be used.",
        where=str(asked["path"]),
        details=said[-3:],
        next_step=f"See that {python} is there, and that root may write to that path.",
    )
