"""A stack of one Qdrant with a gRPC port."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.state.desired import Desired

PLAIN: dict[str, Any] = {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 6333}
QDRANT = PLAIN | {"grpc_port": 16334}


def desired(tmp_path: Path, **more: Any) -> Desired:
    params = {"stack_name": "t", "services": {"qdrant": QDRANT | more}, "apps": {}, "compose": ""}
    directories = {"workspace_dir": str(tmp_path), "stack_dir": str(tmp_path / "infra")}
    return Desired.of(params | directories | {"password_length": 32})
