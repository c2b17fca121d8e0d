"""What is made of a trial's answer. The trials themselves are in tests/integration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker import CommandResult, Docker
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import settings_trial
from ansible.module_utils.groundwork.services import settings
from fake_engine import FakeEngine, container

IMAGE = "groundwork/x:1"
GIVEN = {"postgres": {"work_mem": "8MB"}, "redis": {"hz": 20}}


@dataclass(frozen=True)
class Answering(FakeEngine):
    """An engine whose trials end with `answer`."""

    left: str = ""
    answer: CommandResult = field(default_factory=lambda: CommandResult(0, "", ""))

    def run(self, *args: str, **options: Any) -> CommandResult:
        if args[0] == "run":
            self.asked.append(args)
            return self.answer
        if args[0] == "ps" and "label=groundwork.trial=s" in args:
            assert "status=running" not in args
            return CommandResult(0, self.left, "")
        if args[0] == "rm":
            self.asked.append(args)
            return CommandResult(0, "", "")
        return super().run(*args, **options)

    @property
    def trials(self) -> list[tuple[str, ...]]:
        return [args for args in self.asked if args[0] == "run"]


def running(kind: str, label: str, image: str = IMAGE) -> dict[str, Any]:
    found = container(
        f"s-{kind}-1", "s", service=kind, labels={settings.LABEL: label} if label else {}
    )
    found["Config"]["Image"] = image
    return found


def check(docker: Docker, *kinds: str, given: Any = None, **more: Any) -> None:
    entries = {
        kind: {"kind": kind, "image": f"{kind}:1", "port": 15000 + number, **more}
        | ({"settings": given or GIVEN[kind]})
        for number, kind in enumerate(kinds)
    }
    settings_trial.check(docker, "s", parse_services(entries), dict.fromkeys(kinds, IMAGE))


def refused(answer: CommandResult, *kinds: str, up: tuple[str, ...] = (), **more: Any) -> str:
    docker = Answering(answer=answer, containers=[running(kind, "") for kind in up])
    with pytest.raises(GroundworkError) as caught:
        check(docker, *kinds, **more)
    return str(caught.value)


def test_asked_is_who_has_other_settings_another_image_or_no_container() -> None:
    has = '{"work_mem": "8MB"}'
    for found, trials in (
        ([running("postgres", has)], 0),
        ([running("postgres", '{"work_mem": "9MB"}')], 1),
        ([running("postgres", "")], 1),
        ([running("postgres", has, image="groundwork/x:0")], 1),
        ([], 1),
    ):
        docker = Answering(containers=found)
        check(docker, "postgres")
        assert len(docker.trials) == trials


def test_a_service_without_settings_costs_nothing() -> None:
    docker = Answering()
    services = parse_services({"redis": {"kind": "redis", "image": "redis:7", "port": 1}})
    settings_trial.check(docker, "s", services, {"redis": IMAGE})
    assert docker.asked == []


def test_a_trial_is_shut_off_bounded_and_removed_whatever_happens() -> None:
    docker = Answering(answer=CommandResult(124, "", "no answer"))
    with pytest.raises(GroundworkError):
        check(docker, "redis", memory="128m")
    (trial,) = docker.trials
    words = " ".join(trial)
    for option in ("--network none", "--read-only", "--cap-drop ALL", "--memory 128m", "--rm"):
        assert option in words
    assert "--volume" not in words
    assert "groundwork.trial=s" in trial
    name = trial[trial.index("--name") + 1]
    assert name == f"s-redis-settings-trial-{os.getpid()}"
    assert docker.asked[-1] == ("rm", "--force", "--volumes", name)


def test_what_a_killed_run_left_goes_first() -> None:
    docker = Answering(left="one\ntwo\n")
    check(docker, "redis")
    removal = ("rm", "--force", "--volumes", "one", "two")
    assert docker.asked.index(removal) < docker.asked.index(docker.trials[0])


def test_the_error_has_the_servers_words_the_setting_and_what_became_of_the_old_container() -> None:
    said = '2026-11-27 GMT [1] FATAL:  unrecognized configuration parameter "work_mem"'
    answer = CommandResult(settings.REFUSED, "work_mem_x\nhash_mem", said)
    text = refused(answer, "postgres", up=("postgres",))
    assert "postgres: the server refuses its settings" in text
    assert "the container of postgres runs on as it was" in text
    assert "Where: stack_services.postgres.settings.work_mem\n" in text
    assert 'unrecognized configuration parameter "work_mem"\n' in text
    assert "Did you mean 'work_mem_x'?" in text
    assert "runs on" not in refused(answer, "postgres")


def test_what_the_server_only_warns_of_is_refused_too() -> None:
    said = '1 WARNING:  invalid value for parameter "a.b": "x"\n1 WARNING:  other\n'
    text = refused(CommandResult(0, "", said), "postgres")
    assert 'invalid value for parameter "a.b": "x"' in text
    assert "other" not in text
    check(Answering(answer=CommandResult(0, "", "1 WARNING:  other")), "postgres")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (CommandResult(125, "", "no such user"), ["could not be tried", "no such user"]),
        (CommandResult(137, "", ""), ["more than 1g of memory", "give the service a `memory`"]),
        (CommandResult(settings.FAILED, "", "initdb: no"), ["could not be tried", "initdb: no"]),
    ],
)
def test_a_trial_that_comes_to_nothing_says_why(answer: CommandResult, words: list[str]) -> None:
    text = refused(answer, "postgres")
    for word in words:
        assert word in text


def test_all_refusals_are_in_one_error() -> None:
    text = refused(CommandResult(settings.REFUSED, "", "FATAL:  no"), "postgres", "redis")
    assert "stack_services.postgres.settings, stack_services.redis.settings" in text
    assert text.count("the server refuses its settings") == 2


def test_a_server_that_ends_without_a_word_is_said_to() -> None:
    text = refused(CommandResult(settings.REFUSED, "", ""), "postgres")
    assert "nothing; it ended at once" in text
