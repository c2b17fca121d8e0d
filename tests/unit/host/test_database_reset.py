"""A reset whose container doesn't run; all else needs a server (tests/integration)."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host.database_reset import Done, Place, do

(SERVICE,) = parse_services({"db": {"kind": "postgres", "image": "postgres:16", "port": 1}})


@pytest.mark.parametrize("step", ["copy", "begin", "keep", "undo"])
def test_without_its_container_nothing_is_done(step: str) -> None:
    place = Place(Docker("no-such-docker"), "stack", SERVICE, "app", {"X": "very-secret-9"})
    with pytest.raises(GroundworkError, match="db doesn't run, so its databases can't be reset"):
        do(place, step, "digest")
    assert "very-secret-9" not in repr(place)


def test_what_came_of_a_step_is_plain_data() -> None:
    assert Done.from_dict(Done(changed=True, ready=True).to_dict()).ready
