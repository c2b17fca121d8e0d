"""Qdrant's settings: in its configuration file, and what its server says of them."""

from __future__ import annotations

import json

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import secret_files, service_type, settings
from ansible.module_utils.groundwork.services.qdrant_settings import SETTINGS


def test_qdrant_gets_them_in_its_file_beside_the_key() -> None:
    given = {"service": {"max_workers": 2}, "storage.hnsw_index.m": 32, "log_level": "WARN"}
    (service,) = parse_services(
        {"qdrant": {"kind": "qdrant", "image": "x:1", "port": 1, "settings": given}}
    )
    config = json.loads(secret_files(service, {"QDRANT_API_KEY": "key"})["qdrant"])
    assert config == {
        "service": {"max_workers": 2, "api_key": "key"},
        "storage": {"hnsw_index": {"m": 32}},
        "log_level": "WARN",
    }
    rules = service_type(service).settings
    assert rules
    assert rules.ignored(service.settings) == [
        "service.max_workers",
        "storage.hnsw_index.m",
        "log_level",
    ]


def test_the_trial_gets_the_same_configuration_without_the_key() -> None:
    trial = SETTINGS.trial({"storage.wal.wal_capacity_mb": 64})
    assert json.loads(trial.arguments[0]) == {"storage": {"wal": {"wal_capacity_mb": 64}}}


def test_its_last_lines_say_what_it_refuses() -> None:
    said = "banner\nqdrant gateway: service.max_request_size_mb must be a whole number\n"
    assert SETTINGS.refusal(settings.REFUSED, said, ())[-1].endswith("must be a whole number")
    assert SETTINGS.refusal(0, said, ()) == []
