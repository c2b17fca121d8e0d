"""Settings, under the names that the official image uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONFIG_FOLDER = "GROUNDWORK_QDRANT_CONFIG"  # where local.yaml is; for tests
_DEFAULT_FOLDER = "/qdrant/config"
_DEFAULT_STORAGE = "/qdrant/storage"


class SettingsError(Exception):
    """Settings that the gateway cannot start with. The text never holds a value."""


@dataclass(frozen=True)
class Settings:
    """What the gateway runs with. `api_key` is None where no key is asked for."""

    host: str
    port: int
    api_key: str | None
    storage: Path
    snapshots: Path
    temp: Path
    max_request_bytes: int
    certificate: Path | None = None  # both or none: with them, HTTPS alone
    key: Path | None = None

    def __repr__(self) -> str:
        """Show where things are, never the key."""
        return f"Settings(host={self.host!r}, port={self.port}, storage={str(self.storage)!r})"


def load(env: Mapping[str, str]) -> Settings:
    """Read the environment (QDRANT__SECTION__NAME) over config/local.yaml over the defaults."""
    folder = Path(env.get(CONFIG_FOLDER) or _DEFAULT_FOLDER)
    document = _read_yaml(folder / "local.yaml")

    def value(section: str, name: str, default: Any) -> Any:
        from_env = env.get(f"QDRANT__{section}__{name}".upper())
        if from_env:
            return from_env
        part = document.get(section)
        found = part.get(name) if isinstance(part, dict) else None
        return default if found is None or found == "" else found

    storage = Path(str(value("storage", "storage_path", _DEFAULT_STORAGE))).absolute()
    api_key = value("service", "api_key", None)
    secure = str(value("service", "enable_tls", False)).lower() == "true"
    return Settings(
        host=str(value("service", "host", "0.0.0.0")),
        port=_number(value("service", "http_port", 6333), "service.http_port"),
        api_key=None if api_key is None else str(api_key),
        storage=storage,
        snapshots=Path(str(value("storage", "snapshots_path", storage / "snapshots"))).absolute(),
        temp=Path(str(value("storage", "temp_path", storage / "tmp"))).absolute(),
        max_request_bytes=_number(
            value("service", "max_request_size_mb", 32), "service.max_request_size_mb"
        )
        * 1024
        * 1024,
        certificate=_file(value("tls", "cert", None), "tls.cert") if secure else None,
        key=_file(value("tls", "key", None), "tls.key") if secure else None,
    )


def _file(value: Any, name: str) -> Path:
    if not value:
        raise SettingsError(f"{name} must name a file, since service.enable_tls is on")
    return Path(str(value))


def _number(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name} must be a whole number") from error


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        # YAML's own message quotes the line, and the line may hold the key.
        raise SettingsError(f"{path} is not valid YAML") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError(f"{path} must hold settings by name, like `service: {{http_port: 1}}`")
    return document
