"""The beginning of every program of .venv: what lets Ansible run wherever it is started.

tools/install.py puts it there. Every start pays for it, so it imports only what Python has already.
"""

import _locale
import gc
import os
import sys

# By itself, Ansible leaves out the ansible.cfg of another directory than the one that it is started
# in, and of one that everybody may write to (as all are on WSL's /mnt/c). In another checkout, that
# one's counts, whichever .venv is in PATH: two of them must not be mixed. Other programs than
# Ansible's (tests) may start those of several checkouts, which would inherit it
if any(word.rpartition("/")[2].startswith("ansible") for word in sys.orig_argv[1:2]):
    inside = os.path.exists("library/module_utils/groundwork")  # noqa: PTH110
    checkout = os.getcwd() if inside else sys.prefix.rpartition("/")[0]  # noqa: PTH109
    os.environ.setdefault("ANSIBLE_CONFIG", f"{checkout}/ansible.cfg")
    # Not after each 700 new objects: Ansible loads some 300,000, which stay
    gc.set_threshold(100_000)  # docs/benchmarks.md#before-the-first-fork


def utf8() -> bool:
    """Whether the locale that the person set is there and in UTF-8; Ansible runs with no other."""
    before = _locale.setlocale(_locale.LC_ALL)
    try:
        _locale.setlocale(_locale.LC_ALL, "")
        return _locale.nl_langinfo(_locale.CODESET) == "UTF-8"
    except _locale.Error:  # type: ignore[attr-defined]
        return False
    finally:
        _locale.setlocale(_locale.LC_ALL, before)


if not utf8():
    os.environ["LC_ALL"] = "C.UTF-8"
    if sys.getfilesystemencoding() != "utf-8":  # chosen before this ran: once more, from the start
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
