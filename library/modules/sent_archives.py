"""What action/sent_archives.py does on the controller, for ansible-doc."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sent_archives
short_description: Have archives of images in a directory of another machine
description:
  - Sends archives that C(saved_images) wrote, those that aren't there or differ, and their
    C(SHA256SUMS). They go in parts, over the connection that Ansible has anyway.
  - Where the connection breaks, what arrived stays there. The next time, only the rest is sent.
  - An archive gets its name there when all of it is there and has the right digest. What an
    interrupted run left of another version is removed.
options:
  files:
    description: The archives on this computer.
    type: list
    elements: path
    required: true
  directory:
    description: The directory on the other machine; it is made where it isn't there.
    type: path
    required: true
  part_mb:
    description: How many megabytes are sent at once. Each part takes that much memory here.
    type: int
    default: 16
  python:
    description: The other machine's own Python 3.
    type: path
    default: /usr/bin/python3
attributes:
  check_mode:
    description: Says which would be sent.
    support: full
"""

EXAMPLES = r"""
- name: Send the images, and go on where the connection broke
  sent_archives:
    files: ["{{ inventory_dir | dirname }}/.cache/archives/groundwork_redis_7.0.15.tar"]
    directory: /opt/groundwork/archives
  register: sent
  until: sent is success or not sent.broken
  retries: 3
  delay: 5
"""

RETURN = r"""
files:
  description:
    - Each file with name, action (unchanged; sent; resumed, where a part of it was there already)
      and bytes, its size, those that have arrived, and those that were sent this time.
  returned: always
  type: list
  elements: dict
  sample:
    - name: groundwork_redis_7.0.15.tar
      action: resumed
      size: 62914560
      arrived: 62914560
      sent: 12582912
broken:
  description: Whether the connection broke.
  returned: always
  type: bool
waiting:
  description: How far it came, where the connection broke.
  returned: when it broke
  type: str
"""
