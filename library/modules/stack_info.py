"""Reads a host once: its state, the plan, and what is in the way."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.state import ARGUMENT_SPEC, stack_info
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: stack_info
short_description: Inspect a host once, and say what a run would have to do
description:
  - Inspects the engine, the images, the rendered files, the volumes, the containers and their
    Compose configuration, the services' health and the database's revision. Changes nothing.
  - Compares that with the desired state. The plan holds, for each step, the reasons to act.
  - What could not be inspected is C(unknown), and the plan acts on it.
options:
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
    description: The text of the Compose file that is wanted.
    type: str
    required: true
  password_length:
    description: The length of passwords that are made.
    type: int
    default: 32
  sources:
    description: Where images may come from, as the module container_images has it.
    type: list
    elements: str
    choices: [present, archive, registry, build]
    required: true
  build_dir:
    description: The directory that says how images are built; without it, built ones aren't known.
    type: path
  trees:
    description: The Alembic trees, as the filter C(groundwork_trees) gives them.
    type: list
    elements: dict
    default: []
  registry:
    description: A mirror's prefix for images that name no registry.
    type: str
    default: ""
  renew:
    description: Whether newer images of the same names are asked for.
    type: bool
    default: false
  min_free_mb:
    description: The least free space, in megabytes, on the engine's disk to start something.
    type: int
    default: 1024
  docker_cli:
    description: The docker command.
    type: str
    default: docker
  tunnel:
    description: The command that opens an SSH tunnel to the host, for the summary.
    type: str
    default: ""
  reset_passwords:
    description: The databases are to get the passwords of the inventory or C(.env).
    type: bool
    default: false
  rotate:
    description: The services that this run gives a new password.
    type: list
    elements: str
    default: []
  refuse:
    description: Whether to fail on what must not be tried (a port taken, a foreign volume, ...).
    type: bool
    default: true
  usage:
    description: Whether the volumes' sizes, the connections and the free space are asked for.
    type: bool
    default: false
  daemon:
    description: >-
      The engine's settings as they should be, C(options), and whether it is in a swarm, C(swarm).
      Left out, they are not inspected.
    type: dict
    default: {}
  firewall:
    description: >-
      What the firewall should be: C(enabled), C(bridge) (the stack's network interface) and
      C(allow_from) (a list of networks). Left out, it is not inspected.
    type: dict
    default: {}
  monitoring:
    description: >-
      The files of the timer that writes the machine's metrics, their texts by path; empty for those
      that are to go. Left out, they are not inspected.
    type: dict
    default: {}
  backup: {description: The same of the backups' timer., type: dict, default: {}}
  backup_dir: {description: Where backups are noted; empty for none., type: str, default: ""}
  moving:
    description: Services that move to another storage format, so that theirs isn't compared.
    type: list
    elements: str
    default: []
  moving_back: {description: Whether they go back to what they were., type: bool, default: false}
  core_dir:
    description:
      - A directory on another machine that holds the project's core (the package C(groundwork)).
        Where it is there, that inspects, with the machine's C(ansible_python_interpreter), and no
        module has to be sent.
    type: path
attributes:
  check_mode:
    description: The module only reads.
    support: full
"""

EXAMPLES = r"""
- name: Inspect this machine
  stack_info:
    stack_name: groundwork
    services: "{{ stack_services }}"
    workspace_dir: "{{ workspace_dir }}"
    stack_dir: "{{ workspace_dir }}/infra"
    sources: [present, registry]
    compose: "{{ lookup('ansible.builtin.template', 'docker-compose.yml.j2') }}"
"""

RETURN = r"""
state:
  description: What is there.
  returned: always
  type: dict
  contains:
    engine:
      description: >-
        Its state, version, api and error, and the version of compose where that isn't known to
        read the project's file. Where it was chosen (DOCKER_HOST, a context) and is unreachable,
        chosen and next_step.
      returned: always
      type: dict
    engine_settings:
      description: The engine's settings that differ, where the role docker made them.
      returned: always
      type: list
      elements: str
    images:
      description:
        - By service, its reference, id and storage_format; the image that is wanted,
          the one that is built in its place, why the sources are to be asked (due, else empty), and
          whether and why the built one stays (kept, why).
      returned: always
      type: dict
    volumes:
      description: By service, where there is one, its storage format and data_version.
      returned: always
      type: dict
    files:
      description: By path, in_sync, changed, missing or unknown.
      returned: always
      type: dict
    env_files:
      description: The same for the apps' env files.
      returned: always
      type: dict
    services:
      description: >-
        By service, its kind, address, url (without the password), state, health, config, image,
        answers, version, error and code; not_live, the volumes that its container has in place of
        the live ones. A container that the inventory doesn't have any more is of the state orphan.
      returned: always
      type: dict
    new_passwords:
      description: The secrets' variables whose change an interrupted run began.
      returned: always
      type: list
      elements: str
    other_passwords:
      description: >-
        The secrets (a service's name, or C(reader@postgres)) of which the inventory gives another
        than C(.env) has.
      returned: always
      type: list
      elements: str
    objects:
      description: >-
        By service, for PostgreSQL, whether its roles, databases and extensions are those of the
        inventory (state), what is pending, and whether its user is a superuser; user_missing,
        refused, foreign, unavailable and left say what is wrong or over.
      returned: always
      type: dict
    schema:
      description: >-
        By tree (the one of schema_dir has no name), its state, current, heads and pending; where it
        could not be read (C(unknown), C(unread)), the error.
      returned: always
      type: dict
    firewall:
      description: Why the firewall has to be set up anew.
      returned: always
      type: list
      elements: str
    monitoring:
      description: Why the timer for the metrics has to be set up anew, or removed.
      returned: always
      type: list
      elements: str
    backup: {description: As above; the backups', returned: always, type: list, elements: str}
    backups:
      description: >-
        When the newest proven backup was C(made), its C(age) in seconds, what one that C(failed)
        since then said, and the C(hours) that may pass.
      returned: where O(backup_dir) is given
      type: dict
    owner:
      description: >-
        Another directory that the stack belongs to, and its user; nothing else is told of it then.
      returned: when it is another's
      type: dict
    left_data:
      description: The volumes of services that don't run here any more, by service.
      returned: always
      type: dict
    foreign_compose_file:
      description: A Compose file in this one's place that somebody else wrote; else empty.
      returned: always
      type: str
    ports_taken:
      description: >-
        The ports that somebody else holds, each with service, option (its name in the inventory),
        port and holder.
      returned: always
      type: list
      elements: dict
plan:
  description: >-
    The reasons to act, for each of docker, images, files, services, env_files, schema,
    firewall, monitoring and backup.
  returned: always
  type: dict
problems:
  description: >-
    What must not be tried, each with what, where and next_step; with O(refuse) the module fails on
    them.
  returned: always
  type: list
  elements: dict
summary:
  description: >-
    What the closing summary needs besides; C(stack), its name, and C(docs), pairs of a label and a
    text (the tunnel's command, when the first certificate ends).
  returned: always
  type: dict
images:
  description: The reference and storage format of each service's image, where one is here.
  returned: always
  type: dict
usage:
  description: >-
    Where it was asked for: the volumes by name (service, size in bytes, whether it is a live one),
    by service the connections that are in use and the limit, and the free bytes where the volumes
    are.
  returned: always
  type: dict
kept_images:
  description: The services whose image has to stay the one that is built here, for their data.
  returned: always
  type: list
  elements: str
"""

CORE = "state.info"  # whose `serve` answers where `core_dir` is


def run(call: Call) -> dict[str, Any]:
    return stack_info(call.params)


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
