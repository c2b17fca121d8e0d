"""What a client may say about collections, turned into the stored configuration."""

from __future__ import annotations

from typing import Any

from . import models
from .collection import Collection, Config
from .errors import bad_request, not_spoken
from .store import Store

# What Qdrant 1.7 reports where a client leaves it open. The engine searches exactly, so these
# are kept and shown, and change no result.
_DEFAULTS: dict[str, Config] = {
    "hnsw_config": {
        "m": 16,
        "ef_construct": 100,
        "full_scan_threshold": 10000,
        "max_indexing_threads": 0,
        "on_disk": False,
    },
    "optimizers_config": {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1000,
        "default_segment_number": 0,
        "max_segment_size": None,
        "memmap_threshold": None,
        "indexing_threshold": 20000,
        "flush_interval_sec": 5,
        "max_optimization_threads": 1,
    },
    "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
}


def create(store: Store, name: str, body: models.CreateCollection) -> bool:
    """Make a collection."""
    vectors = body.vectors or {}
    each = [vectors] if isinstance(vectors, models.VectorParams) else list(vectors.values())
    sparse = {key: params or {} for key, params in (body.sparse_vectors or {}).items()}
    if not each and not sparse:
        raise bad_request("a collection needs at least one vector: `vectors` or `sparse_vectors`")
    if any(params.multivector_config is not None for params in each):
        raise not_spoken("multivector_config")
    if any(params.datatype not in {None, "float32"} for params in each):
        raise not_spoken("a vector datatype other than float32")
    if body.init_from is not None:
        raise not_spoken("init_from")
    if body.sharding_method == "custom":
        raise not_spoken("custom sharding")
    if any(params.get("modifier") not in {None, "none"} for params in sparse.values()):
        raise not_spoken("a sparse vector's modifier")
    config: Config = {
        "vectors": (
            _dump(vectors)
            if isinstance(vectors, models.VectorParams)
            else {key: _dump(params) for key, params in vectors.items()}
        ),
        "sparse_vectors": sparse,
        "on_disk_payload": bool(body.on_disk_payload),
        "quantization_config": body.quantization_config,
    }
    for part, defaults in _DEFAULTS.items():
        config[part] = {**defaults, **_given(getattr(body, part))}
    store.create(name, config)
    return True


def update(collection: Collection, body: models.UpdateCollection) -> bool:
    """Change tuning, which is kept and shown."""
    changes: Config = {
        part: _given(getattr(body, part))
        for part in ("hnsw_config", "optimizers_config")
        if getattr(body, part)
    }
    if isinstance(body.quantization_config, dict):
        changes["quantization_config"] = body.quantization_config
    elif body.quantization_config == "Disabled":
        changes["quantization_config"] = None
    if body.params and body.params.get("on_disk_payload") is not None:
        changes["on_disk_payload"] = bool(body.params["on_disk_payload"])
    collection.change_config(changes)
    return True


def _given(data: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (data or {}).items() if value is not None}


def _dump(params: models.VectorParams) -> Config:
    return params.model_dump(exclude_none=True)
