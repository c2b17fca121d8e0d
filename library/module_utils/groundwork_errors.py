"""Ansible's own errors that don't say what to do next, in this project's words."""

from __future__ import annotations

from typing import Any

from ansible._internal._datatag._tags import Origin
from ansible._internal._templating._jinja_common import UndecryptableVaultError
from ansible.module_utils.groundwork.config import vault
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.parsing.vault import AnsibleVaultError, AnsibleVaultFormatError

_NO_PASSWORD = "no vault secrets found"  # Ansible's words, where none was given at all


def known(error: BaseException | None) -> GroundworkError | None:
    """What a person has to know of an error, or of its cause; None where Ansible says it itself."""
    why = "missing" if _NO_PASSWORD in str(error) else "wrong"
    while error is not None:
        if isinstance(error, AnsibleVaultFormatError):
            return vault.refused("damaged", _where(error))
        if isinstance(error, (AnsibleVaultError, UndecryptableVaultError)):
            return vault.refused(why, _where(error))
        error = error.__cause__ or error.__context__
    return None


def reword(display: Any) -> None:
    """Have Ansible's Display print what is known of an error; with -vvv, Ansible's words too."""
    plain = display.error

    def worded(error: str | BaseException, *args: Any, **kwargs: Any) -> None:
        found = known(error) if isinstance(error, BaseException) else None
        if found is None or display.verbosity > 2:
            plain(error, *args, **kwargs)
        if found is not None:
            plain(str(found), *args, **kwargs)

    display.error = worded


def _where(error: Any) -> str:
    """The file, and where a single value in it is encrypted, its line."""
    origin = Origin.get_tag(error.obj)
    return str(origin) if origin else ""
