"""Values of a person's in a Compose fragment, which stay what they are."""

from __future__ import annotations

import json
from typing import Any


def literal(text: str) -> str:
    """A text that Compose leaves as it is."""
    return text.replace("$", "$$")


def in_yaml(value: Any) -> str:
    """A value in one line that no character of a person's leaves: JSON is YAML, but for its halves
    of characters (`ensure_ascii`) and what isn't printable, which an entry can't have."""
    return json.dumps(value, ensure_ascii=False)
