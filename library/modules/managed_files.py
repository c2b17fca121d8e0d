"""Write the stack's files and the apps' env files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import files, rendered
from ansible.module_utils.groundwork.docker import Docker, compose, engine, ownership
from ansible.module_utils.groundwork.env import Image, git, named_secrets
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import postgres_roles, settings_trial
from ansible.module_utils.groundwork.state import Desired, example_files, for_volumes
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: managed_files
short_description: Write the Compose file and the env files, all of them or none
description:
  - With O(part=stack), writes the Compose file and its C(.env). The secrets live in that C(.env);
    those that are missing are made. Compose has to accept both files before they are put in place,
    and each server the settings that its container doesn't have yet (a throw-away container of its
    image is started with them, in check mode too).
  - With O(part=apps), writes each app's C(.env) from the same secrets.
  - With O(part=examples), writes a C(.env.example) beside each of them, from the same contract and
    without secrets, for the repository.
  - In an env file only the managed block is written. The lines around it are a person's own.
  - A file that gets passwords, and that git has or would add, is refused. Beside the C(.env) of
    O(part=stack) comes a C(.gitignore), in which only the managed block is written too.
  - A diff shows no secret, and no line of a person's own.
options:
  part:
    description: Which files.
    type: str
    choices: [stack, apps, examples]
    required: true
  stack_name:
    description: The Compose project's name.
    type: str
    required: true
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  apps:
    description: The dictionary C(env_files_apps) of the inventory.
    type: dict
    default: {}
  workspace_dir:
    description: The directory that the apps' paths start from.
    type: path
    required: true
  stack_dir:
    description: The directory of the Compose file and its C(.env).
    type: path
    required: true
  compose:
    description: The text of the Compose file.
    type: str
    default: ""
  images:
    description: By service, the reference and the storage format of its image. For O(part=stack).
    type: dict
    default: {}
  password_length:
    description: The length of passwords that are made.
    type: int
    default: 32
  rotate:
    description:
      - The services that get a new password. The one that the inventory gives, where it does.
    type: list
    elements: str
    default: []
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says what would be written.
    support: full
  diff_mode:
    description: Shows the lines that change, secrets masked.
    support: full
"""

EXAMPLES = r"""
- name: Write the backend's env file
  managed_files:
    part: apps
    stack_name: groundwork
    services: "{{ stack_services }}"
    apps: "{{ env_files_apps }}"
    workspace_dir: "{{ workspace_dir }}"
    stack_dir: "{{ workspace_dir }}/infra"
"""

RETURN = r"""
files:
  description: Each file with path, action (created, updated, unchanged).
  returned: always
  type: list
  elements: dict
made:
  description: The variables of secrets that were made, without their values.
  returned: always
  type: list
  elements: str
new_passwords:
  description: The variables of passwords that may not be in their databases yet.
  returned: always
  type: list
  elements: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "part": {"type": "str", "choices": ["stack", "apps", "examples"], "required": True},
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "apps": {"type": "dict", "default": {}},
    "workspace_dir": {"type": "path", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "compose": {"type": "str", "default": ""},
    "images": {"type": "dict", "default": {}},
    "password_length": {"type": "int", "default": 32, "no_log": False},
    "rotate": {"type": "list", "elements": "str", "default": []},
    "docker_cli": {"type": "str", "default": "docker"},
}


def wanted_files(params: Mapping[str, Any], desired: Desired) -> list[rendered.WantedFile]:
    if params["part"] == "apps":
        return desired.app_files()
    if params["part"] == "examples":
        return example_files(desired)
    missing = [service.name for service in desired.managed if service.name not in params["images"]]
    if missing:
        raise GroundworkError(f"No image is known for {', '.join(missing)}.", where="images")
    images = {
        name: Image(item["reference"], item["storage_format"])
        for name, item in params["images"].items()
    }
    quick_start = bool(desired.managed) and engine.inspect(Docker(params["docker_cli"])).quick_start
    return desired.infra_files(images, quick_start)


def validate(docker: Docker, desired: Desired, states: list[rendered.FileState]) -> None:
    """Let Compose read both files before they are put in place."""
    with tempfile.TemporaryDirectory(prefix="groundwork-") as directory:
        paths = {}
        for state in states:
            if state.wanted.private:
                continue
            path = Path(directory) / state.wanted.path.name
            path.touch(mode=0o600)
            path.write_text(state.after, encoding="utf-8")
            paths[state.wanted.path] = path
        rendered = paths[desired.compose_file], paths[desired.env_file]
        result = compose.check(docker, desired.stack, desired.stack_dir, *rendered)
    if not result.ok:
        raise GroundworkError(
            "Compose doesn't accept the files as rendered, so the old ones stay.",
            where=str(desired.compose_file),
            details=result.stderr.strip().splitlines()[-15:],
            next_step="The templates are in roles/stack/templates, their values in "
            "inventory/group_vars/all/stack.yml.",
        )


def with_volumes(docker: Docker, desired: Desired) -> tuple[Desired, set[str]]:
    """Desired for the volumes that are there, and their names."""
    names = [desired.volume(service) for service in desired.managed]
    there = set(docker.inspect("volume", names))
    return for_volumes(desired, there), there


def note_new_passwords(desired: Desired, volumes: set[str]) -> None:
    """Passwords that are new to a volume with the old one inside (see `host/postgres_roles.py`)."""
    old, secrets = desired.rotated(), desired.secrets
    changed = {name for name in old if old[name] != secrets.values[name]} | set(secrets.made)
    new = [
        variable
        for variable, secret in named_secrets(desired.services)
        if variable in changed and desired.volume(secret.service) in volumes
    ]
    if new:
        postgres_roles.note(desired.stack_dir, new)


def run(call: Call) -> dict[str, Any]:
    params = call.params
    desired, volumes = Desired.of(params), set[str]()
    desired.check_workspace()
    docker = Docker(params["docker_cli"])
    if params["part"] == "stack" and desired.managed:
        desired, volumes = with_volumes(docker, desired)
    secrets = desired.secrets
    call.secrets.update(secrets.values.values())
    states = [
        rendered.compare(item, files.inspect(item.path)) for item in wanted_files(params, desired)
    ]
    changing = rendered.changing(states)
    if params["part"] != "examples":
        git.check_unseen(changing, covered=params["part"] == "stack")
    of_stack = bool(changing) and params["part"] == "stack" and bool(desired.managed)
    if of_stack:
        images = {name: str(item["reference"]) for name, item in params["images"].items()}
        settings_trial.check(docker, desired.stack, desired.managed, images)
    if not call.check:
        if of_stack:
            ownership.claim(docker, desired.stack, desired.stack_dir)
            validate(docker, desired, states)
            note_new_passwords(desired, volumes)
        for state in changing:
            rendered.write(state)
    done = rendered.FilesResult(
        rendered.actions(states),
        secrets.made if params["part"] == "stack" else (),
        tuple(sorted(postgres_roles.journal(desired.stack_dir))),
    )
    answer: dict[str, Any] = {"changed": bool(changing), **done.to_dict()}
    del answer["tunnel"]
    if call.diff and changing:
        answer["diff"] = [rendered.diff(state, secrets.values.values()) for state in changing]
    return answer


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
