"""A container is stopped while its data move, and starts again where they didn't."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.data import upgrade
from ansible.module_utils.groundwork.errors import GroundworkError

from .test_upgrade_checks import Engine


def verbs(engine: Engine) -> list[str]:
    return [each[0] for each in engine.asked if each[0] in ("stop", "start")]


def test_a_container_starts_again_where_something_fails_before_the_switch() -> None:
    engine = Engine()
    with pytest.raises(ZeroDivisionError), upgrade.stopped(engine, "c", lambda: True):
        raise ZeroDivisionError
    assert verbs(engine) == ["stop", "start"]
    engine = Engine(stopped="no")
    with (
        pytest.raises(GroundworkError, match="can't be stopped"),
        upgrade.stopped(engine, "c", lambda: True),
    ):
        pytest.fail("not stopped")
    assert verbs(engine) == ["stop", "start"]


def test_it_does_not_start_on_the_former_volume_after_the_switch() -> None:
    engine = Engine()
    with upgrade.stopped(engine, "c", lambda: False):
        pass
    with pytest.raises(KeyboardInterrupt), upgrade.stopped(engine, "c", lambda: False):
        raise KeyboardInterrupt
    assert verbs(engine) == ["stop", "stop"]
