"""A REST gateway that speaks the everyday part of Qdrant 1.7's API on Qdrant Edge."""

from __future__ import annotations

from importlib.metadata import version

QDRANT_VERSION = "1.7.4"  # whose API it is; clients look at it
GATEWAY = f"Qdrant Edge gateway, qdrant-edge-py {version('qdrant-edge-py')}"
