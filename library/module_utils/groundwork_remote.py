"""How an action plugin asks the machine of its connection without sending a module there.

What it asks with, and the program, go to the standard input of that machine's Python: neither is in
a list of processes, and nothing is left behind.
"""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ansible.module_utils.groundwork.errors import GroundworkError

_MARK = "groundwork:"
# The first line has the program and what is asked; what follows it is the program's to read
_START = f"""import json, sys
call, names = json.loads(sys.stdin.buffer.readline()), {{"__name__": "__main__"}}
exec(call["source"], names)
print({_MARK!r} + json.dumps(names["serve"](call["asked"], sys.stdin.buffer)))"""


def ask(action: Any, python: str, program: ModuleType, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `program.serve` (of locking) answers on the machine of an action's connection.

    Costs one command there and no module. Raises GroundworkError where it can't be asked.
    """
    if action._connection.transport == "local":
        served: dict[str, Any] = program.serve(asked)
        return served
    done = _run(action, python, inspect.getsource(program), asked)
    if (answer := _answer(done)) is not None:
        return answer
    raise GroundworkError(
        "The lock and the log on the machine can't be used.",
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
    command = f"{shlex.quote(python)} -I -c {shlex.quote(_START)}"  # -I: as in _run
    done = action._low_level_execute_command(command, in_data=call + b"\n" + data)
    if (answer := _answer(done)) is not None:
        return answer
    raise GroundworkError(
        "The machine doesn't take anything in.",
        where=python,
        details=_said(done),
        next_step=f"See that {python} is there.",
    )


def ask_core(
    action: Any, python: str, directory: str, module: str, params: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What `serve` of a core module answers there, where `directory` holds the package groundwork.

    None where it doesn't answer: an older toolbox, say. The core is compiled there once, while a
    module that Ansible sends is packed for each run, and compiled by each machine each time.
    """
    source = f"import sys\nsys.path.insert(0, {directory!r})\nfrom groundwork.{module} import serve"
    return _answer(_run(action, python, source, params))


def _run(action: Any, python: str, source: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    call = (
        f"\nimport json\nprint({_MARK!r} + json.dumps(serve(json.loads({json.dumps(asked)!r}))))\n"
    )
    # -I: the directory that a connection begins in is the user's, and this may be root's Python
    command = f"{action._compute_environment_string()} {shlex.quote(python)} -I -".strip()
    done: dict[str, Any] = action._low_level_execute_command(
        command, in_data=(source + call).encode()
    )
    return done


def _answer(done: Mapping[str, Any]) -> dict[str, Any] | None:
    for line in reversed(done["stdout"].splitlines()):
        if line.startswith(_MARK):
            answer: dict[str, Any] = json.loads(line.removeprefix(_MARK))
            return answer
    return None


def _said(done: Mapping[str, Any]) -> list[str]:
    said: str = done["stderr"] or done["stdout"]
    return said.strip().splitlines()[-3:]
