"""Lets every test import the project's core the way Ansible's modules do."""

from __future__ import annotations

import os
from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parent.parent

ansible.module_utils.__path__.append(str(ROOT / "library" / "module_utils"))
# A person's own workspace says nothing about the code
os.environ.pop("GROUNDWORK_WORKSPACE", None)
