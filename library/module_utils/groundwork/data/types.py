"""The service types' data, by the types' names."""

from __future__ import annotations

from ..services import Service
from . import container, postgres, qdrant, redis
from .model import DataType

DATA_TYPES: dict[str, DataType] = {
    "container": container.TYPE,
    "postgres": postgres.TYPE,
    "qdrant": qdrant.TYPE,
    "redis": redis.TYPE,
}


def data_type(service: Service) -> DataType:
    """That of a managed service."""
    return DATA_TYPES[service.kind]
