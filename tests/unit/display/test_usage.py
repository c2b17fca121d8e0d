"""What a stack uses, in two rows of a status at most."""

from __future__ import annotations

from ansible.module_utils.groundwork.display.text import plain
from ansible.module_utils.groundwork.display.usage import usage_rows
from ansible.module_utils.groundwork.services import Connections
from ansible.module_utils.groundwork.state.model import Usage, VolumeUse


def test_volumes_are_added_up_by_service() -> None:
    volumes = {
        "g_mail_data": VolumeUse("mail", 1_500_000),
        "g_mail.conf_data": VolumeUse("mail", 500_000),
        "g_redis_data": VolumeUse("redis", 177),
    }
    connections = {"postgres": Connections(3, 100), "redis": Connections(1)}
    assert plain(usage_rows(Usage(volumes, connections, 80_911_000_000))) == [
        "data      mail 2.0 MB, redis 177 B  80.9 GB free",
        "in use    connections: postgres 3 of 100, redis 1",
    ]


def test_volumes_that_are_not_live_count_apart() -> None:
    volumes = {
        "g_redis_data": VolumeUse("redis", 1_500_000, live=False),
        "g_redis_data.1": VolumeUse("redis", 500_000),
        "g_redis_data.2": VolumeUse("redis", 500_000, live=False),
    }
    assert plain(usage_rows(Usage(volumes))) == ["data      redis 500 kB, former volumes 2.0 MB"]


def test_what_nobody_could_tell_has_no_row() -> None:
    assert usage_rows(Usage()) == usage_rows(None) == []
    assert plain(usage_rows(Usage(free=5))) == ["data      5 B free"]
