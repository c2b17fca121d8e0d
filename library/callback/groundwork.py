"""What a person reads while a playbook runs: Ansible's events, handed to the display core."""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible import constants as C
from ansible import context
from ansible.executor.task_result import CallbackTaskResult
from ansible.module_utils.groundwork.display import playbook as said
from ansible.module_utils.groundwork.display.facts import RunFacts
from ansible.module_utils.groundwork.display.outcome import Outcome, Status, Task
from ansible.module_utils.groundwork.display.screen import Screen
from ansible.module_utils.groundwork.display.story import Story, short
from ansible.module_utils.groundwork.display.summary import Run, closing_lines, recap_line
from ansible.module_utils.groundwork.display.text import Line, item_label, line
from ansible.module_utils.groundwork_errors import reword
from ansible.module_utils.groundwork_fork import load_ahead, prepare
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import stringc

DOCUMENTATION = r"""
name: groundwork
type: stdout
short_description: Stages, elapsed time, readable failures and a closing table
description:
  - A heading for each role, and below it only tasks that changed something, failed or took long.
  - C(-v) shows every task, C(-vv) whole results, C(-vvv) Ansible's own errors too.
  - C(ANSIBLE_DISPLAY_TRACEBACK=error) adds tracebacks to those.
  - C(ANSIBLE_STDOUT_CALLBACK=default) gives Ansible's own output.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  live:
    description:
      - On a terminal, show what is running and for how long in a line that is drawn every second.
      - Without it, or where the output is no terminal, a plain line appears now and then.
    type: bool
    default: true
    env:
      - name: GROUNDWORK_LIVE
    ini:
      - section: callback_groundwork
        key: live
  first_tick:
    description:
      - After how many seconds the first plain line about a running task appears. The second comes
        after three times as long, the third after six times, then one each six times.
    type: float
    default: 10
    env:
      - name: GROUNDWORK_FIRST_TICK
    ini:
      - section: callback_groundwork
        key: first_tick
"""


def _paint(text: str, style: str) -> str:
    """The text in the colour, as configured for Ansible, that a style of the core has."""
    colour = {
        "ok": C.COLOR_OK,
        "changed": C.COLOR_CHANGED,
        "failed": C.COLOR_ERROR,
        "unreachable": C.COLOR_UNREACHABLE,
        "skip": C.COLOR_SKIP,
        "warn": C.COLOR_WARN,
        "dim": "dark gray",
        "heading": "bright blue",
    }.get(style)
    return stringc(text, colour) if colour else text


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "groundwork"
    _screen: Screen
    _story: Story

    def __init__(self) -> None:
        super().__init__()
        self._play: Any = None
        self._tasks: dict[str, Task] = {}
        self._facts = RunFacts()
        self._items_shown: set[tuple[str, str]] = set()
        self._diffs: dict[tuple[str, str], str] = {}
        self._answered: set[str] = set()

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        super().set_options(*args, **kwargs)
        live, first_tick = self.get_option("live"), self.get_option("first_tick")
        self._screen = Screen(self._display, _paint, live, first_tick)
        self._story = Story(self._screen.marks, self._display.verbosity)
        reword(self._display)
        atexit.register(self._screen.close)

    def _print(self, lines: Iterable[Line], failed: bool = False) -> None:
        self._screen.print(lines, stderr=failed and self.get_option("display_failed_stderr"))

    def _note(self, verbosity: int, text: str, style: str = "dim") -> None:
        if self._display.verbosity >= verbosity:
            self._print([line((text, style))])

    # --- what Ansible's objects say

    def _task(self, task: Any) -> Task:
        if task._uuid not in self._tasks:  # kept as it was named when it started
            self._tasks[task._uuid] = said.task_of(task, self._play)
        return self._tasks[task._uuid]

    def _outcome(
        self, result: CallbackTaskResult, status: Status, seconds: float = 0.0, item: str = ""
    ) -> Outcome:
        task = self._task(result.task)
        key = (result.host.get_name(), result.task._uuid)
        dump = ""
        text = isinstance(result.result.get("msg"), (str, list))
        printed = task.module == "debug" and not text
        if self._display.verbosity > 1 or printed:
            self._clean_results(result.result, result.task.action)
            if printed or result.result.get("_ansible_verbose_override", False) is False:
                dump = self._dump_results(result.result)
        return Outcome(
            task=task,
            host=self.host_label(result),
            status=status,
            result=result.result,
            seconds=seconds,
            item=item,
            check=bool(result.task_fields.get("check_mode", result.task.check_mode)),
            diff=self._diffs.pop(key, ""),
            dump=dump,
        )

    def _finish(self, result: CallbackTaskResult) -> float:
        """The task has ended on this host: its seconds; its warnings and the like are printed."""
        host = result.host.get_name()
        self._answered.add(host)
        seconds = self._screen.ticker.done((host, result.task._uuid))
        self._screen.clear()
        self._warn(result)
        return seconds

    def _warn(self, result: CallbackTaskResult) -> None:
        self._handle_warnings(result.result)
        tracebacks = set(C.config.get_config_value("DISPLAY_TRACEBACK")) - {"never"}
        if self._display.verbosity > 2 or tracebacks:
            self._handle_exception(result.result, self.get_option("display_failed_stderr"))

    # --- events: the run

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._began = time.monotonic()
        prepare()
        self._note(2, f"Playbook: {playbook._file_name}")
        if context.CLIARGS.get("check"):
            self._note(0, "Only checking: nothing is changed.")

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._print(self._story.end(time.monotonic()))
        self._play = play
        self._story.status &= said.is_status(play)
        self._note(1, f"Play: {play.get_name().strip()}", "heading")

    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._note(0, f"No host matches {self._play.hosts!r}, so this play does nothing.", "warn")
        self._note(0, "Next: check inventory/hosts.yml, and at --limit if you gave it.", "")

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._note(0, "No host is left to go on with.", "failed")

    def v2_playbook_on_include(self, included_file: Any) -> None:
        names = [host.get_name() for host in included_file._hosts]
        self._note(1, f"  included {included_file._filename} for {', '.join(names)}")

    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        self._note(2, f"  will run the handler {handler.get_name()} on {host}")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool = False) -> None:
        self._print(self._story.begin(self._task(task), time.monotonic()))

    v2_playbook_on_handler_task_start = v2_playbook_on_task_start

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        name = host.get_name()
        self._story.hosts.add(name)
        if self.get_option("show_per_host_start"):
            self._note(0, f"  started {task.name or task.action} on {name}")
        local = "local" in (task.connection, host.vars.get("ansible_connection")) or host.implicit
        if self._screen.live and not local and name not in self._answered:
            return  # ssh may ask something on the terminal; a live line would draw over it
        known = self._task(task)
        load_ahead(known.module if local else "", self._facts.hosts.get(name))
        self._screen.ticker.start((name, task._uuid), f"{known.title}: {short(known.name)}")

    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        task, host = self._task(result.task), result.host.get_name()
        text, lines = self._story.again(Outcome(task, host, "retry", result.result))
        self._screen.ticker.rename((host, result.task._uuid), text)
        self._print(lines)

    # --- events: results

    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        diff = result.result.get("diff")  # of a loop, each turn comes by itself
        if diff and result.result.get("changed") and (text := self._get_diff(diff)):
            self._diffs[result.host.get_name(), result.task._uuid] = text

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        seconds = self._finish(result)
        host = result.host.get_name()
        if isinstance(result.task, TaskInclude):
            return
        outcome = self._outcome(result, "ok", seconds)
        self._facts.learn(host, outcome)
        if (host, result.task._uuid) not in self._items_shown:
            self._print(self._story.ok(outcome))

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._finish(result)
        self._skipped(self._outcome(result, "skipped"))

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        seconds = self._finish(result)
        host = result.host.get_name()
        rescued = not ignore_errors and said.has_rescue(result.task)
        outcome = self._outcome(result, "failed", seconds)
        self._facts.learn(host, outcome, changes=ignore_errors)
        if not ignore_errors and not rescued:
            self._facts.stopped(host, outcome)
        if (host, result.task._uuid) in self._items_shown:
            if ignore_errors or rescued:
                what = "ignored" if ignore_errors else "recovered"
                self._note(0, f"  {what}: the playbook goes on", "warn")
            return
        self._print(self._story.failed(outcome, ignore_errors, rescued), failed=True)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        outcome = self._outcome(result, "unreachable", self._finish(result))
        if not (ignored := bool(result.task.ignore_unreachable)):
            self._facts.stopped(result.host.get_name(), outcome)
        self._print(self._story.unreachable(outcome, ignored), failed=True)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        if not isinstance(result.task, TaskInclude):
            self._print(self._story.ok(self._item(result, "ok")))

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        self._print(self._story.failed(self._item(result, "failed")), failed=True)

    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        self._skipped(self._item(result, "skipped"))

    def _skipped(self, outcome: Outcome) -> None:
        lines = self._story.skipped(outcome)
        self._print(lines if self.get_option("display_skipped_hosts") else [])

    def _item(self, result: CallbackTaskResult, status: Status) -> Outcome:
        host = result.host.get_name()
        self._items_shown.add((host, result.task._uuid))
        self._warn(result)
        label = self._get_item_label(result.result)
        outcome = self._outcome(result, status, item=item_label(label, self._screen.marks))
        self._facts.learn(host, outcome, changes=False)
        return outcome

    def v2_runner_on_async_poll(self, result: CallbackTaskResult) -> None:
        task, job = self._task(result.task), result.result.get("ansible_job_id", "")
        self._note(1, f"  still running: {short(task.name)} (job {job})")

    # --- the end

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._print(self._story.end(time.monotonic()))
        self._print([] if self._tasks or not self._play else said.nothing_ran(context.CLIARGS))
        self._screen.close()
        took, check = time.monotonic() - self._began, bool(context.CLIARGS.get("check"))
        parts = said.tags(context.CLIARGS)
        run = Run(took, check, self._story.status, self._screen.width(), *parts)
        hosts = sorted(stats.processed)
        self._print(closing_lines(self._facts, hosts, run, self._screen.marks))
        self._print([recap_line(host, stats.summarize(host)) for host in hosts])
        if stats.custom and self.get_option("show_custom_stats"):
            for name, found in sorted(stats.custom.items()):
                whose = "the run" if name == "_run" else name
                self._note(0, f"Stats of {whose}: {self._dump_results(found)}", "")
