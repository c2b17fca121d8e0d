"""What action/run_log.py does on the controller, for ansible-doc."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_log
short_description: Show a machine's lock and its audit log
description:
  - Reads what run_lock and its heartbeat wrote. Changes nothing.
options:
  path:
    description: The lock's file.
    type: path
    required: true
  log:
    description: The log's file.
    type: path
    required: true
  count:
    description: How many runs.
    type: int
    default: 5
  python:
    description: Another machine's own Python 3.
    type: path
    default: /usr/bin/python3
"""

EXAMPLES = r"""
- name: Show the last runs
  run_log:
    path: /run/groundwork/lock
    log: /var/log/groundwork/runs.jsonl
"""

RETURN = r"""
holder:
  description: The run that holds the lock now, with run, who, where, revision, since and process;
    or nothing.
  returned: always
  type: dict
runs:
  description: The last runs, newest first; each with run, at, who, where, revision, playbook,
    result (ok, failed or interrupted) and why; of those that came to their end also stopped,
    changed, schema (before, after) and seconds. What isn't known is empty.
  returned: always
  type: list
  elements: dict
succeeded:
  description: The last run that ended well, however long ago; or nothing.
  returned: always
  type: dict
"""
