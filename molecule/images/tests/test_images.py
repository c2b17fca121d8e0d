"""The images that were archived are on the host, unchanged; and no others."""

from __future__ import annotations

from typing import Any

testinfra_hosts = ["ansible://test_hosts"]

Images = dict[str, dict[str, Any]]


def test_they_are_those_of_the_archives(here: Images, archived: Images) -> None:
    assert len(archived) == 3
    assert here.keys() == archived.keys()


def test_each_is_what_was_archived(here: Images, archived: Images) -> None:
    for name, image in archived.items():
        assert here[name]["Id"] == image["id"], name
        assert here[name]["Config"]["Labels"] == image["config"]["Labels"], name
        assert here[name]["RootFS"]["Layers"] == image["rootfs"]["diff_ids"], name
        assert image["config"]["Labels"]["groundwork.inputs"], name


def test_they_run(host: Any, archived: Images) -> None:
    for name, program in (("postgres:16.15-3", "postgres"), ("redis:7.0.15", "redis-server")):
        image = f"groundwork/{name}"
        assert image in archived
        said = host.check_output(f"docker run --rm --entrypoint {program} {image} --version")
        assert name.rpartition(":")[2].partition("-")[0] in said


def test_nothing_was_built(host: Any) -> None:
    assert not host.package("mmdebstrap").is_installed
