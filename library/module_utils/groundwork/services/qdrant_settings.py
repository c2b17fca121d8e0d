"""Qdrant's configuration keys, those of `config/config.yaml` in its repository at 1.7.4."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .settings import REFUSED, SCRIPT, TLS, Settings, Trial, text_of

# What 1.7.4 reads besides what is Groundwork's own. Newer ones read more, and none says anything of
# a key that it doesn't know.
_KNOWN: dict[str, tuple[str, ...]] = {
    "": ("log_level",),
    "service": ("max_request_size_mb", "max_workers", "enable_cors", "enable_static_content"),
    "storage": (
        *("on_disk_payload", "update_concurrency", "node_type", "mmap_advice", "async_scorer"),
        *("update_queue_size", "handle_collection_load_errors", "recovery_mode"),
    ),
    "storage.wal": ("wal_capacity_mb", "wal_segments_ahead"),
    "storage.performance": (
        *("max_search_threads", "max_optimization_threads", "update_rate_limit"),
        *("search_timeout_sec", "incoming_shard_transfers_limit", "outgoing_shard_transfers_limit"),
    ),
    "storage.optimizers": (
        *("deleted_threshold", "vacuum_min_vector_number", "default_segment_number"),
        *("max_segment_size_kb", "memmap_threshold_kb", "indexing_threshold_kb"),
        *("flush_interval_sec", "max_optimization_threads"),
    ),
    "storage.hnsw_index": (
        *("m", "ef_construct", "full_scan_threshold_kb", "max_indexing_threads", "on_disk"),
        "payload_m",
    ),
    "storage.quantization": ("scalar", "product", "binary"),
}
_READ_BY_GATEWAY = ("service.max_request_size_mb",)

_PATHS = "would lead the server away from its volume"
_SECRET = "the key is the entry's `password`, or made; settings are no place for secrets"
_ALONE = "a server that runs here stands alone"
_OWNED = {
    "service.host": "the entry's `bind` says where it is reached",
    "service.http_port": "inside its container the server keeps 6333; see the entry's `port`",
    "service.grpc_port": "the entry's `grpc_port` publishes gRPC",
    "service.api_key": _SECRET,
    "service.alt_api_key": _SECRET,
    "service.read_only_api_key": _SECRET,
    "service.static_content_dir": "the container has no other files",
    "telemetry_disabled": "nothing is sent to anybody",
    "storage.storage_path": _PATHS,
    "storage.snapshots_path": _PATHS,
    "storage.temp_path": _PATHS,
}
_OWNED_PARTS = {
    "tls": TLS,
    "cluster": _ALONE,
    "storage.snapshots_config": _SECRET,
}
_TLS_KEYS = ("service.enable_tls", "service.verify_https_client_certificate")


def _owned(name: str) -> str:
    if name in _KNOWN:
        return "is a section: a dictionary of its keys"
    if name in _TLS_KEYS:
        return _OWNED_PARTS["tls"]
    for part, why in _OWNED_PARTS.items():
        if name == part or name.startswith(f"{part}."):
            return why
    return _OWNED.get(name, "")


def _value(raw: Any) -> Any:
    if isinstance(raw, (list, tuple)):
        return [_value(each) for each in raw]
    if raw is None or isinstance(raw, (bool, int, float)):
        return raw  # null is a value there: none
    text = text_of(raw, "", "")
    if re.search(r"[\\'\"$]", text):
        raise ValueError("has a quote, a backslash or a $, which no key of Qdrant's takes")
    return text


def configuration(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the configuration file has them, sections within sections."""
    config: dict[str, Any] = {}
    for name, value in settings.items():
        *sections, key = name.split(".")
        place = config
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return config


_SCRIPT = SCRIPT.format(
    # Its configuration is read below the directory where it starts
    prepare='mkdir "$at/config" && cd "$at" || exit 8\n'
    "cp -r /qdrant/config/. config 2>/dev/null\n"
    "printf '%s' \"$1\" >config/local.yaml\n"
    'export GROUNDWORK_QDRANT_CONFIG="$at/config" QDRANT_INIT_FILE_PATH="$at/started"\n'
    'export QDRANT__STORAGE__STORAGE_PATH="$at/storage" QDRANT__TELEMETRY_DISABLED=true\n'
    'export QDRANT__STORAGE__SNAPSHOTS_PATH="$at/snapshots"\n'
    "server=/qdrant/entrypoint.sh\n"
    "[ ! -x /qdrant/qdrant ] || server=/qdrant/qdrant",
    server='"$server"',
    ready="bash -c 'exec 3<>/dev/tcp/127.0.0.1/6333' 2>/dev/null",
    signal="TERM",
    known=":",
)


def _trial(settings: Mapping[str, Any]) -> Trial:
    config = json.dumps(configuration(settings))
    return Trial("0", _SCRIPT, (config,), ("/tmp:mode=1777,size=512m",))  # noqa: S108  inside


def _refusal(code: int, said: str, known: Iterable[str]) -> list[str]:
    return said.strip().splitlines()[-3:] if code == REFUSED else []


def _problems(settings: Mapping[str, Any], limits: Mapping[str, Any]) -> list[str]:
    """Near misses: Qdrant starts with a key that it doesn't know, and says nothing."""
    found = []
    for name in settings:
        parts = name.split(".")
        for depth, part in enumerate(parts):
            before = ".".join(parts[:depth])
            inside = [*_KNOWN.get(before, ()), *_sections(before)]
            near = difflib.get_close_matches(part, inside, n=1, cutoff=0.8)
            if near and part not in inside:
                meant = ".".join([*parts[:depth], near[0], *parts[depth + 1 :]])
                found.append(
                    f"{name}: Qdrant 1.7.4 has no such key, and would say nothing. "
                    f"Did you mean {meant!r}?"
                )
            if part not in inside:
                break
    return found


def _sections(before: str) -> set[str]:
    start = f"{before}." if before else ""
    return {
        name.removeprefix(start).split(".")[0]
        for name in _KNOWN
        if name and name.startswith(start) and name != before
    }


SETTINGS = Settings(
    example="{storage: {optimizers: {indexing_threshold_kb: 50000}}}",
    name=re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*"),
    owned=_owned,
    value=_value,
    arguments=lambda settings: [],
    trial=_trial,
    refusal=_refusal,
    problems=_problems,
    nested=True,
    ignored=lambda settings: [name for name in settings if name not in _READ_BY_GATEWAY],
)
