"""Waiting for health: what ends it. Probes and containers are plain functions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from ansible.module_utils.groundwork.docker.containers import Container
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.health import probe as ask
from ansible.module_utils.groundwork.health import wait
from ansible.module_utils.groundwork.health.probe import ServiceHealth, Target
from ansible.module_utils.groundwork.health.report import Unhealthy
from ansible.module_utils.groundwork.services import ProbeError
from container_entry import SECRETS as SECRETS_OF_MAIL
from container_entry import mail
from waiting import (
    LONG,
    MIXED_TARGETS,
    SECRET,
    SECRETS,
    SERVICES,
    TARGETS,
    LeftBehind,
    Looks,
    container,
    containers,
    failed_wait,
    failing,
    well,
)


class Time:
    """A clock that only pauses and probes move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return self.now > 20


def polled(answers: Callable[[float], Exception | None]) -> tuple[list[ServiceHealth], Time]:
    clock, told = Time(), []

    def probe(target: Target, timeout: float) -> str:
        assert 0 < timeout <= wait.ATTEMPT
        error = answers(clock.now)
        if error:
            raise error
        return "1.0"

    wait.poll(TARGETS[0], probe, 20.0, clock, clock.pause, told.append)
    return told, clock


def test_a_healthy_service_is_asked_once() -> None:
    (result,), clock = polled(lambda now: None)
    assert result.public() == {
        "name": "postgres",
        "kind": "postgres",
        "address": "127.0.0.1:5432",
        "healthy": True,
        "seconds": 0.0,
        "tries": 1,
        "version": "1.0",
        "last_error": "",
        "hosts": [],
    }
    assert clock.pauses == []


def test_pauses_are_a_tenth_of_the_wait_from_50_ms_to_a_second() -> None:
    told, clock = polled(lambda now: ProbeError("closed") if now < 15 else None)
    assert clock.pauses[:3] == pytest.approx([0.05, 0.05, 0.05])
    assert max(clock.pauses) == wait.LONGEST_REST
    waited = 0.0
    for pause in clock.pauses:
        assert pause <= max(0.05, waited * 0.1) + 1e-9
        waited += pause
    assert len(told) < 80
    assert (told[-1].healthy, told[-1].tries, told[-1].last_error) == (True, len(told), "")
    assert told[-2].last_error == "closed"


def test_a_refusal_has_to_last() -> None:
    refused = ProbeError("wrong password", permanent=True, code="28P01")
    told, _ = polled(lambda now: refused)
    assert [result.permanent for result in told] == [False, True]

    told, _ = polled(lambda now: refused if now < 0.5 else None)
    assert told[-1].healthy


def test_a_broken_probe_is_told_and_its_text_is_not() -> None:
    told, _ = polled(lambda now: ValueError(SECRET) if now < 1 else None)
    assert told[0].last_error == "the probe itself failed (ValueError)"


def test_all_are_well() -> None:
    results = wait.wait(TARGETS, LONG, Looks([containers()]), well)
    assert [result.name for result in results] == ["postgres", "redis"]
    assert all(result.healthy for result in results)


def test_services_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(len(TARGETS), timeout=LONG / 2)

    def probe(target: Target, timeout: float) -> str:
        together.wait()
        return ""

    assert len(wait.wait(TARGETS, LONG, None, probe)) == len(TARGETS)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (container("redis", status="exited", exit_code=3), "stopped with exit code 3"),
        (container("redis", status="dead", exit_code=1), "stopped with exit code 1"),
        (container("redis", status="restarting", exit_code=1), "keeps restarting"),
        (container("redis", restarts=1), "restarted by itself"),
        (container("redis", status="exited", exit_code=137, oom_killed=True), "memory ran out"),
        (container("redis", status="exited", exit_code=137), "killed from outside"),
        (container("redis", health="unhealthy", health_output="no PONG"), "no PONG"),
        (container("redis", status="created", error="port is taken"), "port is taken"),
        (container("redis", status="paused"), "docker unpause it-redis-1"),
        (None, "its container is gone"),
    ],
)
def test_a_sick_container_ends_the_wait_at_once(now: Container | None, words: str) -> None:
    watch = Looks([containers(), containers(redis=now)], ["Fatal: config is broken", SECRET])
    error, text = failed_wait(failing("redis", ProbeError("connection refused")), watch)
    assert words in text
    assert "postgres: healthy" in text
    if now:
        assert "| Fatal: config is broken" in text
        assert "| ********" in text
        assert "container it-redis-1" in error.where
    assert [result.healthy for result in error.results] == [True, False]


def unhealthy(checked: str) -> dict[str, Container]:
    return containers(redis=container("redis", health="unhealthy", checked=checked))


def test_a_healthy_answer_does_not_hide_a_sick_container() -> None:
    _, text = failed_wait(well, Looks([unhealthy("10:00"), unhealthy("10:30")]))
    assert "health check failed" in text
    _, text = failed_wait(well, Looks([unhealthy("10:00")]), timeout=0.7)
    assert "health check didn't pass within 0.7 s" in text


def test_a_service_that_recovered_is_waited_for_until_the_engine_checks_it_again() -> None:
    def slowly(target: Target, timeout: float) -> str:
        time.sleep(0.2)  # the first look comes before the first answer
        return "1.0"

    watch = Looks([unhealthy("10:00"), unhealthy("10:00"), containers()])
    assert all(result.healthy for result in wait.wait(TARGETS, LONG, watch, slowly))
    assert watch.count == len(watch.shown)


def test_an_unhealthy_service_that_does_not_answer_ends_the_wait_at_once() -> None:
    watch = Looks([unhealthy("10:00")])
    _, text = failed_wait(failing("redis", ProbeError("no answer within 5 s")), watch)
    assert "health check failed" in text
    assert watch.count <= 2


def test_where_the_engine_decides_its_check_is_waited_for() -> None:
    targets = ask.targets([mail(health={"command": ["true"]})], "host", None)

    def shown(**state: str) -> dict[str, Container]:
        return {"mail": container("mail", **state)}

    watch = Looks([shown(health="starting"), shown(health="healthy")])
    (result,) = wait.wait(targets, LONG, watch, well)
    assert result.healthy and watch.count >= 2
    with pytest.raises(Unhealthy) as late:
        wait.wait(targets, 0.7, Looks([shown(health="starting", health_output="not yet")]), well)
    assert "health check didn't pass within 0.7 s" in str(late.value)
    assert "last health check: not yet" in str(late.value)
    with pytest.raises(Unhealthy, match="health check failed"):
        wait.wait(
            targets,
            LONG,
            Looks([shown(health="unhealthy", checked="1")] * 2),
            failing("mail", ProbeError("refused")),
        )


def test_a_containers_log_shows_none_of_its_secrets() -> None:
    targets = ask.targets([mail()], "host", SECRETS_OF_MAIL)
    sick = {"mail": container("mail", status="exited", exit_code=1)}
    log = ["login p@ss word", "url p%40ss%20word"]
    with pytest.raises(Unhealthy) as caught:
        wait.wait(targets, LONG, Looks([sick], log), failing("mail", ProbeError("refused")))
    text = str(caught.value)
    assert "| login ********" in text and "| url ********" in text


def test_one_without_a_password_is_asked_though_its_secrets_are_unknown() -> None:
    (answer,) = wait.probe_all([mail()], {}, probe=well).values()
    assert answer.healthy


def test_a_missing_container_ends_the_wait() -> None:
    _, text = failed_wait(failing("redis", ProbeError("x")), Looks([containers(redis=None)]))
    assert "redis: it has no container" in text


def test_restarts_from_before_do_not_count() -> None:
    wait.wait(TARGETS, LONG, Looks([containers(redis=container("redis", restarts=4))]), well)


def test_a_probe_that_hangs_does_not_hold_the_wait() -> None:
    release = threading.Event()
    _, text = failed_wait(lambda target, timeout: str(release.wait(LONG)), timeout=0.3)
    release.set()
    assert "2 of 2 services aren't healthy" in text


def test_one_failed_look_is_no_verdict_but_three_are() -> None:
    silent = GroundworkError("The engine is silent")
    wait.wait(TARGETS, LONG, Looks([silent, containers()]), well)
    with pytest.raises(GroundworkError, match="The engine is silent"):
        wait.wait(TARGETS, LONG, Looks([silent]), well)


def test_ctrl_c_leaves_no_thread_behind() -> None:
    class Interrupted:
        def __call__(self) -> float:
            if threading.current_thread() is threading.main_thread() and self.begun:
                raise KeyboardInterrupt
            self.begun = True
            return time.monotonic()

        begun = False

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        wait.wait(TARGETS, LONG, Looks([containers()]), failing("redis", ProbeError("x")),
                    Interrupted())  # fmt: skip
    for _ in range(100):
        if threading.active_count() <= before:
            return
        time.sleep(0.05)
    raise AssertionError("a thread still runs")


def test_probe_all_asks_each_once_and_leaves_unknown_secrets_alone() -> None:
    asked: list[str] = []

    def probe(target: Target, timeout: float) -> str:
        asked.append(target.name)
        raise ProbeError("wrong", code="28P01")

    looked = wait.probe_all(SERVICES, {"POSTGRES_PASSWORD": SECRET}, probe=probe)
    assert asked == ["postgres"]
    assert looked == {
        "postgres": wait.ProbeAnswer(False, "", "wrong", "28P01", "127.0.0.1:5432"),
        "redis": wait.ProbeAnswer(False, "", "its secret isn't known", "", "127.0.0.1:6379"),
    }


def test_probe_all_is_bounded() -> None:
    release = threading.Event()
    looked = wait.probe_all(
        SERVICES, SECRETS, probe=lambda target, timeout: str(release.wait(LONG)), timeout=0.2
    )
    release.set()
    assert looked["redis"].error == "no answer within 0.2 s"


def test_no_container_is_looked_for() -> None:
    results = wait.wait(MIXED_TARGETS, 20, LeftBehind(), lambda target, timeout: "1.0")
    assert [result.address for result in results] == ["db.example.com:5432", "127.0.0.1:6379"]
    assert all(result.healthy for result in results)
