"""What is learnt of each host while the run goes by."""

from __future__ import annotations

from ansible.module_utils.groundwork.display.facts import RunFacts
from ansible.module_utils.groundwork.display.outcome import Outcome, Task


def test_what_was_found_on_another_machine_is_not_this_hosts() -> None:
    facts = RunFacts()
    result = {"changed": True, "images": {"redis": {"used": "redis:7", "source": "present"}}}
    task = Task("Have the images here", "container_images", "images", "Images")
    facts.learn("vm", Outcome(task, "vm -> localhost", "ok", result))
    assert not facts.hosts["vm"].services
    assert facts.hosts["vm"].changes == [("Images", "Have the images here")]
