"""What action/run_lock.py does on the controller, for ansible-doc."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_lock
short_description: Let one run at a time change a machine
description:
  - Takes a lock for this run of C(ansible-playbook). It is void when the run is gone, however that
    ended, so no task has to release it, and an interrupted run leaves nothing in the way.
  - On the controller itself the lock is void as soon as the process is gone. On another machine it
    is a lease there, which a process beside the run renews while the run lives. That process frees
    the lock at the end, and adds the run's two lines to the log, at its start and its end.
  - Where another run holds it, the task fails and says whose that is. C(until) and C(retries) wait.
options:
  path:
    description: The lock's file.
    type: path
    required: true
  log:
    description: The file on another machine that gets this run's lines.
    type: path
  why:
    description: Why the run has something to do, for the log; the plan that C(stack_info) returns.
    type: dict
    default: {}
  python:
    description: Another machine's own Python 3.
    type: path
    default: /usr/bin/python3
  holder:
    description:
      - Whose end frees the lock. V(run) is C(ansible-playbook) itself; V(parent) is the program
        that started it, where one program starts it several times (Molecule, on the controller).
    type: str
    choices: [run, parent]
    default: run
"""

EXAMPLES = r"""
- name: Acquire the deploy lock, waiting for up to ten minutes
  run_lock:
    path: /run/groundwork/lock
    log: /var/log/groundwork/runs.jsonl
  register: taken
  until: taken is success
  retries: 300
  delay: 2
"""

RETURN = r"""
waiting:
  description: Whose run is in the way, a sentence; empty where there is none.
  returned: always
  type: str
heartbeat:
  description: The file in which the run says at its end what it did (see the callback run_report),
    on another machine, the first time; else empty.
  returned: always
  type: str
"""
