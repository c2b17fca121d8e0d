"""Facts of a host on which nothing is, for tests that say what differs from that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible.module_utils.groundwork import files
from ansible.module_utils.groundwork.docker import Docker, Engine
from ansible.module_utils.groundwork.images import Present, Setup
from ansible.module_utils.groundwork.migrations import SchemaState
from ansible.module_utils.groundwork.state.compare import Asked
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.gather import Facts
from ansible.module_utils.groundwork.state.stack_containers import StackContainers


def facts_of(desired: Desired, **known: Any) -> Facts:
    nothing = Facts(
        engine=Engine("ok"),
        engine_settings=(),
        stack_containers=StackContainers({}),
        images=Present({}, {}),
        volumes={},
        data_versions={},
        answers={},
        schema={"": SchemaState("off")},
        firewall=(),
        monitoring=(),
        backup=(),
        backups=None,
        interface=False,
        owner=None,
        files={path: files.Found(None) for path in desired.paths()},
        new_passwords=(),
        objects={},
        ports_taken={},
        foreign_addresses=frozenset(),
    )
    return replace(nothing, **known)


def asked_for(desired: Desired) -> Asked:
    sources = ("present",)
    return Asked(Setup(Docker(), sources).wanted(desired.services), sources, renew=False)
