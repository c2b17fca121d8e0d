"""A source that nobody has written, for what reads SOURCES: it may have any official image."""

from __future__ import annotations

from ansible.module_utils.groundwork.images.sources import SourceType

DEPOT = SourceType("from the depot", official=True, built=False)
