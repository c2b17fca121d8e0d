"""What Ansible's own objects say, with plain ones in their place."""

from __future__ import annotations

from types import SimpleNamespace

from ansible.module_utils.groundwork.display.playbook import has_rescue, is_status


def test_a_task_is_rescued_by_a_block_at_any_depth_and_not_by_its_own_rescue() -> None:
    play = SimpleNamespace(_uuid="play", _parent=None)
    rescued = SimpleNamespace(_uuid="block", _parent=play)
    inner = SimpleNamespace(_uuid="inner", _parent=rescued, block=[], rescue=[])
    task = SimpleNamespace(_uuid="task", _parent=inner)
    way_out = SimpleNamespace(_uuid="way out", _parent=rescued)
    inner.block, rescued.block, rescued.rescue = [task], [inner], [way_out]
    assert has_rescue(task)
    assert not has_rescue(way_out)
    assert not has_rescue(SimpleNamespace(_uuid="other", _parent=play))


def test_a_play_says_itself_that_it_only_reads() -> None:
    assert is_status(SimpleNamespace(vars={"groundwork_run": "status"}))
    assert not is_status(SimpleNamespace(vars={}))
