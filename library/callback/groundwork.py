"""What a person reads while a playbook runs: Ansible's events, handed to the display core."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
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
from ansible.module_utils.groundwork.display.facts import Host
from ansible.module_utils.groundwork.display.story import TITLES, Outcome, Story, Task, short
from ansible.module_utils.groundwork.display.text import Line, line, marks_for, plain, shortened
from ansible.module_utils.groundwork.display.ticker import LiveLine, Ticker
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import stringc

DOCUMENTATION = r"""
name: groundwork
type: stdout
short_description: Stages, elapsed time, readable failures and a closing table
description:
  - A heading for each role, and below it only tasks that changed something, failed or took long.
  - C(-v) shows every task, C(-vv) whole results, C(-vvv) tracebacks too.
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


def _colour(style: str) -> str | None:
    """The colour, as the person configured Ansible's, that a style of the core has."""
    return {
        "ok": C.COLOR_OK,
        "changed": C.COLOR_CHANGED,
        "failed": C.COLOR_ERROR,
        "unreachable": C.COLOR_UNREACHABLE,
        "skip": C.COLOR_SKIP,
        "warn": C.COLOR_WARN,
        "dim": C.COLOR_VERBOSE if C.COLOR_VERBOSE != "blue" else "dark gray",
        "heading": "bright blue",
    }.get(style)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "groundwork"

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()
        self._play: Any = None
        self._tasks: dict[str, Task] = {}
        self._facts: dict[str, Host] = {}
        self._items_shown: set[tuple[str, str]] = set()
        self._diffs: dict[tuple[str, str], str] = {}
        self._answered: set[str] = set()
        self._check = False
        self._story = Story(marks_for(None))
        self._ticker: Ticker | None = None
        self._live: LiveLine | None = None

    # --- how things are printed

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        super().set_options(*args, **kwargs)
        marks = marks_for(getattr(sys.stdout, "encoding", None))
        self._story = Story(marks, self._display.verbosity)
        self._check = bool(context.CLIARGS.get("check"))
        terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        if terminal and self.get_option("live"):
            self._live = LiveLine(sys.stdout, self._display._lock)
            self._guard_display(self._live)
        self._ticker = Ticker(
            marks,
            time.monotonic,
            draw=self._live.draw if self._live else None,
            say=None if self._live else self._say,
            first=max(self.get_option("first_tick"), 0.1),
            width=self._columns,
        )
        atexit.register(self._quiet)

    def _guard_display(self, live: LiveLine) -> None:
        """Every line that Ansible prints, from any thread, first makes room for itself."""
        parent, display = os.getpid(), self._display.display

        def guarded(*args: Any, **kwargs: Any) -> None:
            if os.getpid() == parent:
                live.erase()
            display(*args, **kwargs)

        self._display.display = guarded

    @staticmethod
    def _columns() -> int:
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns - 1
        except OSError:
            return 79

    def _say(self, text: str) -> None:
        self._print([line(("  " + text, "dim"))])

    def _quiet(self) -> None:
        if self._ticker:
            self._ticker.close()
        if self._live:
            self._live.erase()

    def _print(self, lines: Iterable[Line], failed: bool = False) -> None:
        stderr = failed and self.get_option("display_failed_stderr")
        for each in lines:
            (bare,) = plain([each])
            coloured = "".join(
                stringc(span.text, colour) if (colour := _colour(span.style)) else span.text
                for span in each
            )
            self._display.display(coloured.rstrip(), stderr=stderr, screen_only=True)
            self._display.display(bare.rstrip(), log_only=True)
        with suppress(OSError):  # `| head` has read enough
            sys.stdout.flush()

    # --- what Ansible's objects say

    def _task(self, task: Any) -> Task:
        known = self._tasks.get(task._uuid)
        if known is None:
            role = task._role.get_name() if task._role else ""
            play = self._play.get_name().strip() if self._play else ""
            path = task.get_path() or ""
            folder = f"{Path.cwd()}/"
            known = self._tasks[task._uuid] = Task(
                name=str(task.name or task.action).strip(),
                module=str(task.action).rpartition(".")[2],
                stage=f"{getattr(self._play, '_uuid', '')}/{role}",
                title=TITLES.get(role, role) or play or "Tasks",
                role=role,
                where=path.removeprefix(folder),
            )
        return known

    def _outcome(self, result: CallbackTaskResult, seconds: float = 0.0, item: str = "") -> Outcome:
        task = self._task(result.task)
        key = (result.host.get_name(), result.task._uuid)
        dump = ""
        said_whole = task.module == "debug" and "msg" not in result.result
        if self._display.verbosity > 1 or said_whole:
            self._clean_results(result.result, result.task.action)
            if said_whole or result.result.get("_ansible_verbose_override", False) is False:
                dump = self._dump_results(result.result)
        return Outcome(
            task=task,
            host=self.host_label(result),
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
        seconds = self._ticker.done((host, result.task._uuid)) if self._ticker else 0.0
        if self._live:
            self._live.erase()
        self._warn(result)
        return seconds

    def _warn(self, result: CallbackTaskResult) -> None:
        self._handle_warnings(result.result)
        tracebacks = set(C.config.get_config_value("DISPLAY_TRACEBACK")) - {"never"}
        if self._display.verbosity > 2 or tracebacks:
            self._handle_exception(result.result, self.get_option("display_failed_stderr"))

    def _learn(self, outcome: Outcome, host: str) -> Host:
        facts = self._facts.setdefault(host, Host())
        try:
            facts.take(outcome.task.module, outcome.result)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self._display.v(f"{outcome.task.name}: the summary could not use its result: {error!r}")
        return facts

    # --- events: the run

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._began = time.monotonic()
        if self._display.verbosity > 1:
            self._print([line((f"Playbook: {playbook._file_name}", "dim"))])
        if self._check:
            self._print([line(("Only checking: nothing is changed.", "dim"))])

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._print(self._story.end(time.monotonic()))
        self._play = play
        name = play.get_name().strip()
        if self._display.verbosity > 0 and name:
            self._print([line((f"Play: {name}", "heading"))])

    def v2_playbook_on_no_hosts_matched(self) -> None:
        hosts = getattr(self._play, "hosts", "")
        self._print([
            line((f"No host matches {hosts!r}, so this play does nothing.", "warn")),
            line("Next: look at inventory/hosts.yml, and at --limit if you gave it."),
        ])

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._print([line(("No host is left to go on with.", "failed"))])

    def v2_playbook_on_include(self, included_file: Any) -> None:
        if self._display.verbosity > 0:
            hosts = ", ".join(host.get_name() for host in included_file._hosts)
            self._print([line((f"  included {included_file._filename} for {hosts}", "dim"))])

    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        if self._display.verbosity > 1:
            self._print([line((f"  will run the handler {handler.get_name()} on {host}", "dim"))])

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._print(self._story.begin(self._task(task), time.monotonic()))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._print(self._story.begin(self._task(task), time.monotonic()))

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        name = host.get_name()
        self._story.hosts.add(name)
        if self.get_option("show_per_host_start"):
            self._print([line((f"  started {task.name or task.action} on {name}", "dim"))])
        local = host.implicit or host.vars.get("ansible_connection") == "local"
        if self._live and not local and name not in self._answered:
            return  # ssh may ask something on the terminal; a live line would draw over it
        if self._ticker:
            known = self._task(task)
            self._ticker.start((name, task._uuid), f"{known.title}: {short(known.name)}")

    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        task, host = self._task(result.task), result.host.get_name()
        tries = f"try {result.result.get('attempts')} of {result.result.get('retries')}"
        if self._ticker:
            label = f"{task.title}: {short(task.name)}, {tries} gave nothing yet"
            self._ticker.rename((host, result.task._uuid), label)
        if self._display.verbosity > 0:
            self._print(self._story.remark(task, f"again: {short(task.name)} ({host}, {tries})"))

    # --- events: results

    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        results = result.result.get("results") if result.task.loop else None
        if results is not None:
            return  # each turn of the loop came by itself
        diff = result.result.get("diff")
        if diff and result.result.get("changed"):
            text = self._get_diff(diff)
            if text:
                self._diffs[result.host.get_name(), result.task._uuid] = text

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        seconds = self._finish(result)
        host = result.host.get_name()
        if isinstance(result.task, TaskInclude):
            return
        outcome = self._outcome(result, seconds)
        facts = self._learn(outcome, host)
        if result.result.get("changed"):
            facts.changes.append((outcome.task.title, short(outcome.task.name)))
        if (host, result.task._uuid) in self._items_shown:
            return
        self._print(self._story.ok(outcome))

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._finish(result)
        lines = self._story.skipped(self._outcome(result))
        if self.get_option("display_skipped_hosts"):
            self._print(lines)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        seconds = self._finish(result)
        host = result.host.get_name()
        rescued = not ignore_errors and _has_rescue(result.task)
        outcome = self._outcome(result, seconds)
        facts = self._learn(outcome, host)
        if not ignore_errors and not rescued:
            facts.failure = (outcome.task.title, short(outcome.task.name))
        if (host, result.task._uuid) in self._items_shown:
            if ignore_errors or rescued:
                text = "ignored" if ignore_errors else "recovered"
                text = f"{text}: the playbook goes on"
                self._print(self._story.remark(outcome.task, text, "warn"))
            return
        self._print(self._story.failed(outcome, ignore_errors, rescued), failed=True)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        seconds = self._finish(result)
        outcome = self._outcome(result, seconds)
        ignored = bool(result.task.ignore_unreachable)
        if not ignored:
            facts = self._facts.setdefault(result.host.get_name(), Host())
            facts.failure = (outcome.task.title, short(outcome.task.name))
        self._print(self._story.unreachable(outcome, ignored), failed=True)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        if isinstance(result.task, TaskInclude):
            return
        self._item(result)
        self._print(self._story.ok(self._outcome(result, item=self._label(result))))

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        self._item(result)
        outcome = self._outcome(result, item=self._label(result))
        self._print(self._story.failed(outcome), failed=True)

    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        self._item(result)
        lines = self._story.skipped(self._outcome(result, item=self._label(result)))
        if self.get_option("display_skipped_hosts"):
            self._print(lines)

    def _item(self, result: CallbackTaskResult) -> None:
        self._items_shown.add((result.host.get_name(), result.task._uuid))
        self._warn(result)

    def _label(self, result: CallbackTaskResult) -> str:
        label = self._get_item_label(result.result)
        if isinstance(label, Mapping):
            label = label.get("name") or label.get("key") or label
        return shortened(str(label), 60, self._story.marks.dots)

    # --- events: asynchronous tasks

    def v2_runner_on_async_poll(self, result: CallbackTaskResult) -> None:
        self._async(result, "still running")

    def v2_runner_on_async_ok(self, result: CallbackTaskResult) -> None:
        self._async(result, "job ended")

    def v2_runner_on_async_failed(self, result: CallbackTaskResult) -> None:
        self._async(result, "job failed")

    def _async(self, result: CallbackTaskResult, what: str) -> None:
        if self._display.verbosity > 0:
            task = self._task(result.task)
            job = result.result.get("ansible_job_id", "")
            self._print(self._story.remark(task, f"{what}: {short(task.name)} (job {job})"))

    # --- the end

    def v2_playbook_on_stats(self, stats: Any) -> None:
        from ansible.module_utils.groundwork.display.summary import recap_line, summary_lines

        self._print(self._story.end(time.monotonic()))
        self._quiet()
        seconds = time.monotonic() - self._began
        look_only = self._story.roles <= {"observe", "toolbox"}
        for host in sorted(stats.processed):
            facts = self._facts.get(host, Host())
            try:
                lines = summary_lines(
                    host, facts, seconds, self._story.marks, self._check, look_only
                )
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                self._display.v(f"The summary of {host} could not be shown: {error!r}")
                lines = []
            self._print(lines)
        for host in sorted(stats.processed):
            self._print([recap_line(host, stats.summarize(host))])
        if stats.custom and self.get_option("show_custom_stats"):
            for name in sorted(stats.custom):
                title = "the run" if name == "_run" else name
                self._print([line(f"Stats of {title}: {self._dump_results(stats.custom[name])}")])


def _has_rescue(task: Any) -> bool:
    """Whether a block around the task has rescue tasks, and the task is none of them."""
    child, parent = task, task._parent
    while parent is not None:
        inside = getattr(parent, "block", None) or []
        if getattr(parent, "rescue", None) and any(each._uuid == child._uuid for each in inside):
            return True
        child, parent = parent, parent._parent
    return False
