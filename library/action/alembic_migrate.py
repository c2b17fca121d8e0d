"""Migrates, or fills as schema_seed, where the host is; or from here, through a forwarded port."""

from __future__ import annotations

import base64
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork import dotenv
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations import Ssh, forwarded
from ansible.module_utils.groundwork_action import ActionModule as InProcess
from ansible.module_utils.groundwork_action import load
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OF_THE_MACHINE = ("env_file", "password_variable", "from_controller", "sslrootcert")


class ActionModule(InProcess):
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        from_here = boolean(self._task.args.get("from_controller", False), strict=False)
        if not from_here or self._connection.transport == "local":
            return super().run(tmp, task_vars)
        ActionBase.run(self, tmp, task_vars)
        try:
            return self._from_here(self._task.args, task_vars or {})
        except GroundworkError as error:
            return {"failed": True, "changed": False, "msg": str(error)}

    def _from_here(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        if self._connection.transport != "ssh":
            raise GroundworkError(
                "A migration from the controller (run_on: controller) goes through SSH, and this "
                f"host's connection is {self._connection.transport}.",
                where=f"schema_trees: {args.get('tree', '')}",
                next_step="Give the tree run_on: target, or reach the host by SSH.",
            )
        host, port = str(args["host"]), int(args["port"])
        if "," in host:
            raise GroundworkError(
                "A forwarded port leads to one host, and the database has several.",
                where=f"schema_trees: {args.get('tree', '')}",
                next_step="Give the tree run_on: target.",
            )
        if args.get("sslmode") == "verify-full" and host not in _LOOPBACK:
            raise GroundworkError(
                f"The database's certificate is {host}'s, which a forwarded port is not.",
                where=f"schema_trees: {args.get('tree', '')}",
                next_step="Give the tree run_on: target.",
            )
        values = dotenv.parse(self._fetch(str(args["env_file"]), task_vars))
        password = values.get(str(args["password_variable"]), "")
        given = {name: each for name, each in args.items() if name not in _OF_THE_MACHINE}
        module = load(self._task.action.rpartition(".")[2])
        with self._authorities(args, task_vars) as file, forwarded(self._ssh(), host, port) as here:
            given |= {"host": "127.0.0.1", "port": here, "password": password}
            given |= {"sslrootcert": file} if file else {}
            return self._answer(module, module.ARGUMENT_SPEC, module.run, args=given)

    @contextmanager
    def _authorities(self, args: dict[str, Any], task_vars: dict[str, Any]) -> Iterator[str]:
        """The certificates that verify for the database, in a file of this computer's."""
        if not args.get("sslrootcert"):
            yield ""
            return
        with tempfile.NamedTemporaryFile("w", suffix=".crt") as file:
            file.write(self._fetch(str(args["sslrootcert"]), task_vars))
            file.flush()
            yield file.name

    def _ssh(self) -> Ssh:
        get = self._connection.get_option
        arguments = [
            part
            for name in ("ssh_args", "ssh_common_args", "ssh_extra_args")
            for part in shlex.split(str(get(name) or ""))
        ]
        return Ssh(
            host=str(get("host")),
            user=str(get("remote_user") or ""),
            port=int(port) if (port := get("port")) else None,
            key=str(Path(key).expanduser()) if (key := get("private_key_file")) else "",
            arguments=tuple(arguments),
            program=str(get("ssh_executable") or "ssh"),
            check_host_key=bool(get("host_key_checking")),
        )

    def _fetch(self, path: str, task_vars: dict[str, Any]) -> str:
        """A file of the machine's. Its text stays in this process."""
        found = self._execute_module("ansible.builtin.slurp", {"src": path}, task_vars=task_vars)
        if found.get("failed"):
            raise GroundworkError(
                f"The machine's {Path(path).name} can't be read: {found.get('msg', 'why unknown')}",
                where=path,
                next_step="Run the playbook from its start: the stack's role writes that file.",
            )
        return base64.b64decode(found["content"]).decode()
