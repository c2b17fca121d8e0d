"""Templates of an entry's `url`, `lines` and `files`: `{host}`, `{port.web}`, `{secret.login}`.

One brace, since two are Ansible's own in the inventory; names alone, nothing that is worked out.
`{open}` and `{close}` are the braces themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from ..text import did_you_mean
from .base import Endpoint

_PLACE = re.compile(r"\{([A-Za-z_][\w.-]*)\}")
_BRACES = {"open": "{", "close": "}"}


def problem(template: str, ports: Iterable[str], secrets: Iterable[str], loose: bool) -> str:
    """Why a template can't be filled in, as the end of a sentence, or `""`.

    `loose`: braces that enclose no name stand for themselves, as in JSON.
    """
    known = ["host", "port", *(f"port.{name}" for name in ports), *_BRACES]
    known += [f"secret.{name}" for name in secrets]
    for name in _PLACE.findall(template):
        if name not in known:
            return f"has {{{name}}}, which is no name here.{did_you_mean(name, known)}"
    if not loose and re.search(r"[{}]", _PLACE.sub("", template)):
        return "has a brace that encloses no name; {open} and {close} stand for braces."
    return ""


def worst(template: str) -> str:
    """The template with a value that readers of .env files stumble over where there is a `\\`."""
    return _PLACE.sub("'", template)


def fill(
    template: str, endpoint: Endpoint, ports: Iterable[str], secrets: Mapping[str, str]
) -> str:
    """The template with its names' values: `ports` names all, the first being the endpoint's own.

    In a URL (`://`) secrets are percent-encoded, and an IPv6 address is in brackets. A name that
    isn't known stays (see `problem`).
    """
    url = "://" in template
    host = f"[{endpoint.host}]" if url and ":" in endpoint.host else endpoint.host
    first, *_ = ports
    values = _BRACES | {"host": host, "port": str(endpoint.port)}
    values |= {
        f"port.{n}": str(port) for n, port in [(first, endpoint.port), *endpoint.more.items()]
    }
    values |= {f"secret.{n}": quote(s, safe="") if url else s for n, s in secrets.items()}
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), template)
