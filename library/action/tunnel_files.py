"""Writes the env files of laptops that reach a shared machine through a tunnel."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork import dotenv, files, rendered
from ansible.module_utils.groundwork.config import App, parse_apps, parse_services
from ansible.module_utils.groundwork.env import content, git, named_secrets, tunnel
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import Service, secrets_of, service_type
from ansible.module_utils.groundwork.tls import ca_file_of
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            return self._write(self._task.args, task_vars or {})
        except GroundworkError as error:
            return {"failed": True, "changed": False, "msg": str(error)}

    def _write(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        offset = int(args["offset"])
        ca = str(ca_file_of(Path(args["stack_dir"])))
        services = parse_services(args["services"], ca=ca)
        apps = [app for app in parse_apps(args["apps"], services) if app.audience == "tunnel"]
        command = tunnel.command(services, args["ssh"], offset)
        secrets: dict[str, str] = {}
        if apps:
            secrets = dotenv.parse(self._fetch(f"{args['stack_dir']}/.env", task_vars))
        needed = {
            variable: secret.given or secrets.get(variable, "")
            for variable, secret in named_secrets(services)
        }
        self._check(needed, apps, services, args["stack_dir"])
        used = [each for each in services if any(each.name in app.services for app in apps)]
        prefix = Path(args["workspace_dir"]) / "infra" / str(task_vars["inventory_hostname"])
        services, ca_files = tunnel.ca_files(used, ca, prefix)
        wanted = [
            rendered.WantedFile(
                Path(args["workspace_dir"]) / Path(app.path).expanduser(),
                dotenv.render(content.app_env(app, services, needed, offset)),
                0o644 if app.public else 0o600,
                block=True,
                hidden=content.app_secret_lines(app, services),
            )
            for app in apps
        ]
        wanted += [
            rendered.WantedFile(local, self._fetch(remote, task_vars), 0o644)
            for local, remote in ca_files.items()
        ]
        states = [rendered.compare(item, files.inspect(item.path)) for item in wanted]
        changing = rendered.changing(states)
        git.check_unseen(changing)
        if not self._task.check_mode:
            for state in changing:
                rendered.write(state)
        answer: dict[str, Any] = {
            "changed": bool(changing),
            "tunnel": command,
            "files": [each.to_dict() for each in rendered.actions(states)],
        }
        if self._task.diff and changing:
            answer["diff"] = [rendered.diff(state, needed.values()) for state in changing]
        return answer

    def _fetch(self, path: str, task_vars: dict[str, Any]) -> str:
        """A file of the machine's. Its text stays in this process."""
        found = self._execute_module("ansible.builtin.slurp", {"src": path}, task_vars=task_vars)
        if found.get("failed"):
            raise GroundworkError(
                f"The machine's {Path(path).name} can't be read: {found.get('msg', 'why unknown')}",
                where=path,
                next_step="Run playbooks/staging.yml first: it writes that file.",
            )
        return base64.b64decode(found["content"]).decode()

    @staticmethod
    def _check(
        needed: Mapping[str, str], apps: list[App], services: list[Service], stack_dir: str
    ) -> None:
        # Those of roles that no app here uses may be missing: a superuser's is, in older stacks
        used = {(login.service, login.role) for app in apps for login in app.logins}
        used |= {(login.service, "") for app in apps for login in app.logins}
        # A container's secrets are its own, whoever uses it
        names = {login.service for app in apps for login in app.logins}
        used |= {
            (service.name, secret.role)
            for service in services
            if service.name in names and not service_type(service).secret_suffix
            for secret in secrets_of(service)
        }
        missing = [
            variable
            for variable, secret in named_secrets(services)
            if (secret.service.name, secret.role) in used and not needed[variable]
        ]
        if missing:
            raise GroundworkError(
                f"The machine has no value for {', '.join(missing)} yet.",
                where=f"{stack_dir}/.env",
                next_step="Run playbooks/staging.yml first: it writes that file.",
            )
