"""The settings that docs/settings.md shows are ones that Groundwork takes, and those it refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from project import ROOT

PAGE = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
REFUSED = {
    "postgres": "port listen_addresses ssl_ciphers hba_file password_encryption logging_collector",
    "redis": "bind port tls-port requirepass user aclfile appendonly",
    "qdrant": "tls.cert service.enable_tls telemetry_disabled",
}


def entry(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {kind: {"kind": kind, "image": "x:1", "port": 1000} | fields}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_is_taken(block: dict[str, Any]) -> None:
    services = block.get("stack_services", block)
    for kind, fields in services.items():
        (service,) = parse_services(entry(kind, fields))
        assert service.settings


@pytest.mark.parametrize("kind", REFUSED)
def test_what_it_says_is_refused(kind: str) -> None:
    names = REFUSED[kind].split()
    with pytest.raises(GroundworkError) as caught:
        parse_services(entry(kind, {"settings": dict.fromkeys(names, "x")}))
    for name in names:
        assert f"settings.{name} is not for you to set" in str(caught.value)
