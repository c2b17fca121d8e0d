"""What of a service an app gets: `postgres`, `postgres/reports`, `reader@postgres/reports`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..services import Service
from ..text import did_you_mean

_WORDS = re.compile(r"(?:(?P<role>[^@/]+)@)?(?P<service>[^@/]+)(?:/(?P<database>[^@/]+))?")


@dataclass(frozen=True)
class Login:
    """One address that an app gets, in `variable`.

    `role` and `database` are those of a PostgreSQL; both are `""` for the service as its entry
    describes it.
    """

    service: str
    variable: str
    role: str = ""
    database: str = ""

    def of(self, service: Service) -> Service:
        """The service as this role sees it, in this database."""
        if not self.role:
            return service
        named = {"user": self.role, "database": self.database}
        return replace(service, options={**service.options, **named})


def logins(
    where: str, wanted: Iterable[object], services: Sequence[Service], problems: list[str]
) -> tuple[Login, ...]:
    """The addresses that `wanted` names, each once. Mistakes become `problems`."""
    found: list[Login] = []
    known = {service.name: service for service in services}
    for item in wanted:
        words = _WORDS.fullmatch(str(item))
        service = known.get(words["service"]) if words else None
        if words is None or service is None:
            near = did_you_mean(words["service"] if words else str(item), known)
            problems.append(f"{where}: no service {str(item)!r}.{near}")
            continue
        login = _login(service, words["role"] or "", words["database"] or "")
        if isinstance(login, Login):
            found.append(login)
        else:
            problems.append(f"{where}: {str(item)!r}: {login}")
    unique = tuple(dict.fromkeys(found))
    variables = [login.variable for login in unique]
    problems += [
        f"{where}: two of them have the variable {name}; give one another url_variable."
        for name in dict.fromkeys(variables)
        if variables.count(name) > 1
    ]
    return unique


def further_logins(service: Service) -> list[Login]:
    """The address of each further database, as its owner, and of each further role."""
    names = [f"{service.name}/{each.name}" for each in service.objects.databases[1:]]
    names += [f"{each.name}@{service.name}" for each in service.objects.roles]
    return list(logins("", names, [service], []))


def _login(service: Service, role: str, database: str) -> Login | str:
    """What a role and a database name, or what is wrong with them."""
    plain = Login(service.name, service.url_variable)
    if not role and not database:
        return plain
    databases = {each.name: each for each in service.objects.databases}
    roles = {each.name: each for each in service.objects.roles}
    if not databases:
        return "only a PostgreSQL that runs here has further databases and roles."
    own, user = service.options["database"], service.options["user"]
    if database and database not in databases:
        return f"{service.name} has no database {database!r}.{did_you_mean(database, databases)}"
    if role and role != user and role not in roles:
        return f"{service.name} has no role {role!r}.{did_you_mean(role, roles)}"
    if not role:
        role = databases[database].owner
    reach = roles[role].databases if role in roles else _owned(service, role)
    database = database or (reach[0] if role in roles else own)
    if database not in reach:
        return f"the role {role} has no access to {database}, only to {', '.join(reach)}."
    if (role, database) == (user, own):
        return plain
    if role == databases[database].owner:
        variable = databases[database].url_variable
    elif database == reach[0]:
        variable = roles[role].url_variable
    else:
        variable = f"{service.prefix}_{role}_{database}_URL".upper()
    return Login(service.name, variable, role, database)


def _owned(service: Service, role: str) -> tuple[str, ...]:
    return tuple(each.name for each in service.objects.databases if each.owner == role)
