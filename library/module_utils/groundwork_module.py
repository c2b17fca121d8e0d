"""How the project's modules meet Ansible: arguments in, one answer out, secrets kept out of it.

A module is a function `run(call) -> answer`. Where the host is this machine, the action plugin
`in_process` calls it from within ansible-playbook; elsewhere `main` does, on the target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.groundwork import environment
from ansible.module_utils.groundwork.config import given_passwords
from ansible.module_utils.groundwork.errors import GroundworkError


@dataclass(frozen=True)
class Call:
    """One call of a module. A `run` adds to `secrets` what no answer may show.

    `unset`: what the modules of others have to be told, see `environment.unset`.
    """

    params: Mapping[str, Any]
    check: bool
    diff: bool
    unset: Mapping[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set, repr=False)


_TEXTS = ("msg", "output", "diff", "warnings")
Run = Callable[[Call], dict[str, Any]]


def answer(run: Run, call: Call) -> dict[str, Any]:
    """What `run` returns, or its GroundworkError as `failed` and `msg`; no secret in either."""
    call.secrets.update(given_passwords(call.params.get("services")))
    try:
        with environment.controlled():
            found: dict[str, Any] = {"changed": False, **run(call)}
    except GroundworkError as error:
        found = {"changed": False, "failed": True, "msg": str(error)}
    # Only what people read: a password that is also a plain word must not cut into the data.
    secrets = {secret for secret in call.secrets if secret}
    return {
        **found,
        **remove_values({key: found[key] for key in _TEXTS if key in found}, secrets),
    }


def main(argument_spec: dict[str, Any], run: Run, **checks: Any) -> None:
    """Run a module on the target. `checks` are AnsibleModule's (required_together, ...)."""
    # no_log keeps the parameters, passwords among them, out of the target's system log.
    module = AnsibleModule(argument_spec, supports_check_mode=True, no_log=True, **checks)
    call = Call(module.params, module.check_mode, module._diff, environment.unset())
    found = answer(run, call)
    module.no_log_values |= {secret for secret in call.secrets if secret}
    for warning in found.pop("warnings", []):
        module.warn(warning)
    if found.get("failed"):
        module.fail_json(**found)
    module.exit_json(**found)
