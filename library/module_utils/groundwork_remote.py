"""How an action plugin asks something of a machine without a module, over its connection."""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ansible.module_utils.groundwork import runlock
from ansible.module_utils.groundwork.errors import GroundworkError

_MARK = "groundwork:"
# The first line has the program and what is asked; what follows it is the program's to read
_START = f"""import json, sys
call, names = json.loads(sys.stdin.buffer.readline()), {{"__name__": "__main__"}}
exec(call["source"], names)
print({_MARK!r} + json.dumps(names["serve"](call["asked"], sys.stdin.buffer)))"""


def ask(action: Any, python: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `runlock.serve` answers on the machine of an action's connection, or in-process.

    Costs one command there and no module. Raises GroundworkError where it can't be asked.
    """
    if action._connection.transport == "local":
        return runlock.serve(asked)
    source = inspect.getsource(runlock)
    call = f"\nprint({_MARK!r} + json.dumps(serve(json.loads({json.dumps(asked)!r}))))\n"
    done = action._low_level_execute_command(f"{python} -", in_data=(source + call).encode())
    if (answer := _answer(done)) is not None:
        return answer
    raise GroundworkError(
        "The lock on the machine can't be used.",
        where=str(asked["path"]),
        details=_said(done),
        next_step=f"See that {python} is there, and that root may write to that path.",
    )


def send(
    action: Any, python: str, program: ModuleType, asked: Mapping[str, Any], data: bytes
) -> dict[str, Any]:
    """What `program.serve(asked, stream)` answers on that machine; the stream brings it `data`.

    Raises GroundworkError where it gives no answer, AnsibleConnectionFailure or ConnectionError
    where the connection breaks.
    """
    call = json.dumps({"source": inspect.getsource(program), "asked": asked}).encode()
    command = f"{shlex.quote(python)} -c {shlex.quote(_START)}"
    done = action._low_level_execute_command(command, in_data=call + b"\n" + data)
    if (answer := _answer(done)) is not None:
        return answer
    raise GroundworkError(
        "The machine doesn't take anything in.",
        where=python,
        details=_said(done),
        next_step=f"See that {python} is there.",
    )


def _answer(done: Mapping[str, Any]) -> dict[str, Any] | None:
    for line in reversed(done["stdout"].splitlines()):
        if line.startswith(_MARK):
            answer: dict[str, Any] = json.loads(line.removeprefix(_MARK))
            return answer
    return None


def _said(done: Mapping[str, Any]) -> list[str]:
    return (done["stderr"] or done["stdout"]).strip().splitlines()[-3:]
