"""Settings as they reach a server: its command or its configuration, and the container's label."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import settings
from rendered import compose

HARD = "a$b ${HOME} 'q' \" \\ : # é {{ x }}"


def entry(kind: str, given: Any, **more: Any) -> dict[str, Any]:
    images = {"postgres": "postgres:16", "redis": "redis:7", "qdrant": "qdrant/qdrant:v1.7.4"}
    return {"kind": kind, "image": images[kind], "port": 15000, "settings": given} | more


def words(service: dict[str, Any]) -> list[str]:
    """The command as the engine gets it, after Compose."""
    return [str(each).replace("$$", "$") for each in service["command"]]


def test_postgres_gets_options_of_its_command_whatever_is_in_them() -> None:
    given = {"log_line_prefix": HARD, "fsync": False, "work_mem": ""}
    found = compose({"postgres": entry("postgres", given)})["services"]["postgres"]
    options = ["-c", f"log_line_prefix={HARD}", "-c", "fsync=off", "-c", "work_mem="]
    assert words(found) == ["postgres", *options]
    secured = compose({"postgres": entry("postgres", given, tls=True)})["services"]["postgres"]
    assert words(secured)[-len(options) :] == options
    assert "ssl=on" in secured["command"]


def test_redis_gets_each_value_as_a_word_and_the_entrys_maxmemory_wins() -> None:
    given = {"maxmemory": "100mb", "save": ["3600 1", "60 5"], "proc-title-template": HARD}
    found = compose({"redis": entry("redis", given, memory="512m")})["services"]["redis"]
    assert words(found)[-8:] == [
        *("--maxmemory", "100mb", "--save", "3600 1", "--save", "60 5"),
        *("--proc-title-template", HARD),
    ]
    assert words(found).count("--maxmemory") == 1
    secured = compose({"redis": entry("redis", {"save": ""}, tls=True, memory="512m")})
    command = words(secured["services"]["redis"])
    assert command[-2:] == ["--save", ""]
    assert "--maxmemory" in command


def test_the_label_tells_which_settings_a_container_has_in_another_way() -> None:
    service = compose({"redis": entry("redis", {"save": ["a$b"], "hz": 20})})["services"]["redis"]
    label = service["labels"][settings.LABEL].replace("$$", "$")
    (parsed,) = parse_services({"redis": entry("redis", {"save": ["a$b"], "hz": 10, "timeout": 1})})
    assert settings.differing(label, parsed.settings) == ("hz", "timeout")
    assert settings.differing(settings.written(parsed.settings), parsed.settings) == ()
    assert settings.differing(label, {}) == ("hz", "save")
    assert settings.differing("", {}) == ()
    assert settings.differing("no JSON", {"hz": 1}) == ("hz",)
    assert settings.differing("[1]", {"hz": 1}) == ("hz",)


def test_without_settings_there_is_neither_a_command_nor_a_label() -> None:
    found = compose({"postgres": entry("postgres", {})})["services"]["postgres"]
    assert "command" not in found
    assert settings.LABEL not in found["labels"]
