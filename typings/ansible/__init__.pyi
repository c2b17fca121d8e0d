# As much of Ansible as this project's edge uses, for mypy: Ansible itself has no types. Below
# module_utils are links to the project's own core, so that calls of it are checked too.
from typing import Any

constants: Any
context: Any
