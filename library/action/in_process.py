"""The action plugin of the modules whose names beside this file are links to it.

Ansible finds an action plugin by its module's name. What it does is in groundwork_action.py.
"""

from __future__ import annotations

from pathlib import Path

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork_action import ActionModule

__all__ = ["ActionModule"]
