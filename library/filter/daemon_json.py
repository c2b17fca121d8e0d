"""The engine's settings file as the docker role reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils

# Ansible's setting `module_utils` is for modules; a plugin on the controller has to say it again
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork.docker import data_root, merge_daemon_config
from ansible.module_utils.groundwork.errors import GroundworkError

DOCUMENTATION = r"""
name: groundwork_daemon_json
short_description: What the Docker engine's daemon.json should hold
description:
  - Takes the file's text (empty where there is none) and puts options into it. Other settings
    stay as they are.
options:
  _input:
    description: The text of the file.
    type: str
    required: true
  options:
    description: The settings to put in.
    type: dict
    required: true
  swarm:
    description: Leave C(live-restore) out, which a swarm excludes.
    type: bool
    default: false
  path:
    description: The file's path, for the text of an error.
    type: str
    default: /etc/docker/daemon.json
"""

EXAMPLES = r"""
- ansible.builtin.debug:
    msg: "{{ ('' | groundwork_daemon_json({'live-restore': true})).text }}"
"""

RETURN = r"""
_value:
  description:
    - C(text), what the file should hold; C(differs), the names of settings that are not yet so;
      C(data_root), the directory of the engine's data; C(error), what is wrong with the file, or an
      empty text.
  type: dict
"""


def groundwork_daemon_json(
    text: str,
    options: Mapping[str, Any],
    swarm: bool = False,
    path: str = "/etc/docker/daemon.json",
) -> dict[str, Any]:
    # The error is a value: a task can then say it plainly, without Ansible's words around it
    try:
        config = merge_daemon_config(text, options, swarm=swarm, path=path)
        root = data_root(text, options, path)
    except GroundworkError as error:
        return {"text": text, "differs": [], "data_root": "", "error": str(error)}
    return {
        "text": config.text,
        "differs": list(config.differs),
        "data_root": root,
        "error": "",
    }


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"groundwork_daemon_json": groundwork_daemon_json}
