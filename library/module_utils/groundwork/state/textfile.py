"""The program of the timer: inspects this machine and writes its metrics into a file.

It starts from the toolbox (host/monitoring.py), with settings that the role monitoring wrote.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .. import environment
from ..errors import GroundworkError
from ..files import replacing
from ..locking import RunsResult, audit_log
from .info import ARGUMENT_SPEC, inspect
from .metrics import metrics


def main(text: str) -> int:
    """The exit status. `text` is JSON: `params` of stack_info, the audit `log`'s path, and the
    `output`, which is replaced as a whole: a reader sees the old one or the new one."""
    settings: dict[str, Any] = json.loads(text)
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    try:
        with environment.controlled():
            found = inspect({**defaults, **settings["params"], "refuse": False, "usage": True})
        log = RunsResult.from_dict(audit_log.serve({"path": settings["log"], "count": 1}))
        with replacing(Path(settings["output"]), 0o644) as fresh:
            fresh.write_text(metrics(found, log), encoding="utf-8")
    except (GroundworkError, OSError) as error:
        print(f"No metrics were written: {error}", file=sys.stderr)
        return 1
    return 0
