"""After a changed recipe: Redis was built on the host, and nothing else came."""

from __future__ import annotations

from typing import Any

testinfra_hosts = ["ansible://test_hosts"]

Images = dict[str, dict[str, Any]]
REDIS = "groundwork/redis:7.0.15"


def test_redis_is_of_the_changed_recipe(here: Images, archived: Images) -> None:
    built, old = here[REDIS]["Config"]["Labels"], archived[REDIS]["config"]["Labels"]
    assert built["groundwork.test"] == "changed"
    assert built["groundwork.inputs"] not in ("", old["groundwork.inputs"])
    assert built["groundwork.libc"] == "glibc"


def test_it_runs(host: Any) -> None:
    assert "v=7.0.15 " in host.check_output(f"docker run --rm {REDIS} redis-server --version")


def test_the_others_are_those_of_the_archives(here: Images, archived: Images) -> None:
    names = {name for name in here if not name.startswith("sha256:")}
    assert names == archived.keys() | {"groundwork/base:bookworm"}
    for name in archived.keys() - {REDIS}:
        assert here[name]["Id"] == archived[name]["id"], name


def test_the_build_left_nothing_but_its_cache(host: Any) -> None:
    cache = host.file("/var/cache/groundwork images")
    assert cache.is_directory
    assert "work" not in cache.listdir()
