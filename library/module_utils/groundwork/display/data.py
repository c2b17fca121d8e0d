"""Snapshots and restores, as lines."""

from __future__ import annotations

from datetime import datetime, timezone

from ..data import Backups, Restored, Snapshot, Snapshots, Upgraded, WayBack
from ..host import BackupNote
from .outcome import Outcome
from .text import Line, Marks, age, labelled, line, size


def snapshot_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """What was made and what went; for a list, a line for each, the newest first."""
    found = Snapshots.from_dict(outcome.result)
    if outcome.status == "failed":
        return []
    known = {each.name: each for each in found.snapshots}
    if not found.name:
        lines = [_row(each) for each in reversed(found.snapshots)]
        return lines or [line(("  no snapshots", "dim"))]
    lines = []
    if found.name in known:
        lines.append(labelled("snapshot", found.name, "changed", _sizes(known[found.name])))
    elif found.name not in found.removed:  # in a check
        lines.append(labelled("snapshot", found.name, "changed"))
    lines += [labelled("removed", name, "changed") for name in found.removed]
    if found.name in known:
        back = f"ansible-playbook playbooks/restore.yml -e snapshot={found.name}"
        lines.append(labelled("back", back, "dim"))
    return lines


def _row(each: Snapshot) -> Line:
    tail = f"{_ago(each.created)} ago  {_sizes(each)}{f'  {each.reason}' if each.reason else ''}"
    return labelled("snapshot", each.name, "", tail)


def _sizes(each: Snapshot) -> str:
    return ", ".join(f"{name} {size(number)}" for name, number in each.services.items())


def _ago(created: str) -> str:
    try:
        then = datetime.fromisoformat(created.replace("Z", "+00:00"))
    except ValueError:
        return "?"
    return age((datetime.now(timezone.utc) - then).total_seconds())


def restore_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """What is live now, what is kept of before, and how to go back."""
    found = Restored.from_dict(outcome.result)
    if outcome.status == "failed":
        return []
    copy = f"the snapshot {found.name}" if found.name else ""
    copy = f"the backup {found.backup}" if found.backup else copy
    lines = [
        labelled(
            "restored",
            ", ".join(found.services),
            "changed",
            f"from {copy or 'the data from before'}",
        )
    ] * bool(found.services)
    if found.former:
        lines.append(labelled("kept", ", ".join(found.former), "", "until it is confirmed"))
        if copy:
            lines.append(
                labelled("back", "ansible-playbook playbooks/restore.yml -e back=true", "dim")
            )
        else:
            lost = "what was written since the restore is in these alone, and no service has them"
            lines.append(labelled("note", lost, "warn"))
    lines += [labelled("removed", name, "changed") for name in found.removed]
    return lines


def backup_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """What became of a backup; for a list, a line for each, the newest first."""
    found = Backups.from_dict(outcome.result)
    if outcome.status == "failed":
        return []
    if found.id:
        lines = [labelled("", text, "dim") for text in found.said]
        return lines + [_backup_row(each, "changed") for each in found.backups]
    return [_backup_row(each) for each in found.backups] or [line(("  no backups", "dim"))]


def _backup_row(each: BackupNote, style: str = "") -> Line:
    what = f"  {', '.join(each.services)} {size(each.bytes)}" if each.services else ""
    style = style or ("" if each.proven else "warn")
    text = f"{each.id[:8]}  {_ago(each.made)} ago"
    return labelled("backup", text, style, f"{each.verdict}{what}")


def upgrade_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """What a service was and is, what is kept, and what leads back."""
    found = Upgraded.from_dict(outcome.result)
    if outcome.status == "failed" or not found.move.service:
        return []
    move = found.move
    way = f"{move.former_format} to {move.storage_format}"
    lines = [labelled("upgraded", move.service, "changed", way)]
    if found.former:
        lines += [
            labelled("kept", found.former, "", "until it is confirmed"),
            labelled("confirm", "ansible-playbook playbooks/restore.yml -e confirm=true", "dim"),
            labelled(
                "back",
                f"the image from before ({move.former_image}) into stack_services.{move.service}, "
                "then",
                "dim",
            ),
            line(
                (
                    f"{'':10}ansible-playbook playbooks/restore.yml -e back=true "
                    f"-e service={move.service}",
                    "dim",
                )
            ),
            line((f"{'':10}(what was written since is lost then)", "dim")),
        ]
    return lines


def way_back_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A migration's snapshot and why it is made; once it is through, how to go back."""
    found = WayBack.from_dict(outcome.result)
    if outcome.status == "failed" or not found.snapshot:
        return []
    if found.restored:
        return [labelled("restored", found.snapshot, "changed")]
    if found.interrupted:
        way = found.interrupted.replace("→", marks.arrow)
        return [
            labelled("goes on", f"a run ended in the midst of {way}", "warn"),
            labelled("snapshot", f"{found.snapshot} is from before that"),
        ]
    if not found.because:
        return [labelled("back", found.command, "dim")]
    labels = ["snapshot", *[""] * len(found.because)]
    first, *more = found.because
    texts = [f"{found.snapshot} first, because {first}", *more]
    lines = [labelled(*pair, "changed") for pair in zip(labels, texts, strict=False)]
    return lines + [labelled("removed", name, "changed") for name in found.removed]
