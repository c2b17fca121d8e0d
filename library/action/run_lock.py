"""Takes the machine's lock for this run."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_LIBRARY = Path(__file__).resolve().parent.parent
_CORE = str(_LIBRARY / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible import context
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.locking import (
    LeaseAnswer,
    LockResult,
    RunWatch,
    audit_log,
    claim,
    in_the_way,
    keep,
    lease,
    process_parent,
    process_start,
    sentence,
    utc,
)
from ansible.module_utils.groundwork_remote import ask
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        args = self._task.args
        path, python = str(args["path"]), str(args.get("python") or "/usr/bin/python3")
        # A task runs in a worker, whose parent is the ansible-playbook that lives on.
        run = os.getppid()
        local = self._connection.transport == "local"
        holder = process_parent(run) if args.get("holder") == "parent" else run
        claimed = claim(holder, _LIBRARY.parent, local)
        try:
            asked = {"do": "take", "path": path, "claim": claimed}
            taken = LeaseAnswer.from_dict(ask(self, python, lease, asked))
        except GroundworkError as error:
            return _failed(error)
        except OSError as error:
            refused = GroundworkError(
                f"The lock {error.filename} can't be made: {error.strerror}.",
                where=path,
                next_step=f"`ls -ld '{path}' '{Path(path).parent}'` shows whose they are "
                "(`sudo chown $USER` on what isn't yours), then run again; nothing was changed.",
            )
            return _failed(refused)
        if taken.holder:
            return _failed(in_the_way(taken.holder, path), sentence(taken.holder))
        if local or taken.kept:
            return {"changed": False, **LockResult().to_dict()}
        why = audit_log.reasons(args.get("why") or {})
        playbooks = " ".join(Path(each).name for each in context.CLIARGS["args"])
        entry = audit_log.started(claimed, utc(), playbooks, why)
        file, name = tempfile.mkstemp(prefix="groundwork-run-")
        os.close(file)
        log = str(args.get("log") or "")
        self._start_guard(RunWatch(run, process_start(run), entry, path, log, Path(name)), python)
        return {"changed": False, **LockResult(heartbeat=name).to_dict()}

    def _start_guard(self, watch: RunWatch, python: str) -> None:
        """A process of its own, which outlives this worker and, briefly, the run."""
        if child := os.fork():
            os.waitpid(child, 0)
            return
        try:
            if os.fork() == 0:
                _detach()
                keep(watch, lambda program, asked: self._ask_in_time(python, program, asked))
                os.killpg(0, signal.SIGTERM)  # a connection that hangs goes with it
        finally:
            os._exit(0)

    def _ask_in_time(
        self, python: str, program: ModuleType, asked: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Over a connection that may be cut without a word. OSError is all that comes out of it."""
        signal.alarm(30)
        try:
            return ask(self, python, program, asked)
        except Exception as error:
            raise OSError(str(error)) from None
        finally:
            signal.alarm(0)


def _failed(error: GroundworkError, waiting: str = "") -> dict[str, Any]:
    result = LockResult(waiting=waiting).to_dict()
    return {"failed": True, "changed": False, "msg": str(error), **result}


def _detach() -> None:
    """Away from the run's terminal, signals, files and queue."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, _too_late)
    Display().verbosity = Display().log_verbosity = 0
    os.closerange(3, 4096)


def _too_late(number: int, frame: Any) -> None:
    raise TimeoutError
