"""The databases, roles and extensions of a PostgreSQL in the inventory, checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..services import ACCESS, SUPERUSER, Objects, OwnedDatabase, Role
from ..text import did_you_mean

OPTIONS = ("databases", "roles", "extensions", "superuser_password")
_NAME = re.compile(r"(?!pg_)[a-z][a-z0-9_]{0,62}")
_EXTENSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_TAKEN = (SUPERUSER, "superuser", "public", "template0", "template1")

# Says why a password can't be used, or ""
PasswordCheck = Callable[[str], str]


def objects(
    where: str,
    entry: Mapping[str, Any],
    options: Mapping[str, str],
    url_variable: str,
    check: PasswordCheck,
    problems: list[str],
) -> Objects:
    """What an entry of kind postgres is to hold; `options` has its user and database.

    `where` ends with the service's name. Mistakes become `problems`.
    """
    if entry.get("external") is True:
        problems += [
            f"{where}.{key}: nothing is made in an external service. Take {key} out, or external."
            for key in OPTIONS
            if key in entry
        ]
        return Objects()
    return _Reader(where, entry, options, url_variable, check, problems).read()


@dataclass
class _Reader:
    where: str
    entry: Mapping[str, Any]
    options: Mapping[str, str]
    url_variable: str
    check: PasswordCheck
    problems: list[str]

    def read(self) -> Objects:
        user = self.options["user"]
        databases = self._databases()
        roles = self._roles(databases)
        superuser = SUPERUSER if user != SUPERUSER else ""
        password = self._password(self.where, "superuser_password", self.entry)
        if password and not superuser:
            self.problems.append(
                f"{self.where}.superuser_password: its user {user} is the superuser, whose "
                "password is `password`. Give the app a user of its own, or take this one out."
            )
        return Objects(superuser, password, databases, roles)

    def _databases(self) -> tuple[OwnedDatabase, ...]:
        user, own = self.options["user"], self.options["database"]
        extensions = self._extensions(self.where, self.entry)
        found = [OwnedDatabase(own, user, self.url_variable, extensions)]
        known = ("owner", "extensions", "url_variable")
        for name, option in self._named("databases", known):
            where = f"{self.where}.databases.{name}"
            if name == own:
                self.problems.append(f"{where} is its `database` already; take it out here.")
            owner = option.get("owner") or user
            if owner != user and not self._is_name(owner):
                self.problems.append(f"{where}.owner {_names(owner)}")
            variable = self._url_variable(where, name, option)
            extensions = self._extensions(where, option)
            found.append(OwnedDatabase(name, str(owner), variable, extensions))
        return tuple(found)

    def _roles(self, databases: tuple[OwnedDatabase, ...]) -> tuple[Role, ...]:
        user, there = self.options["user"], [each.name for each in databases]
        owned: dict[str, list[str]] = {}
        for database in databases:
            if database.owner != user:
                owned.setdefault(database.owner, []).append(database.name)
        known = ("access", "databases", "password", "url_variable")
        given = dict(self._named("roles", known))
        found = []
        for name, option in (given | {each: given.get(each, {}) for each in owned}).items():
            where = f"{self.where}.roles.{name}"
            if name == user:
                self.problems.append(f"{where} is its `user` already; give it another name.")
            access = option.get("access") or ""
            if access not in ACCESS and (access or name not in owned):
                self.problems.append(
                    f"{where}.access must be read or write.{did_you_mean(str(access), ACCESS)}"
                )
            wanted = option.get("databases")
            if wanted is None:
                wanted = there[:1] if access else []
            if not isinstance(wanted, list) or (not wanted and name not in owned):
                self.problems.append(f"{where}.databases must be a list of names.")
                wanted = []
            self.problems += [
                f"{where}.databases: no database {each!r}.{did_you_mean(str(each), there)}"
                for each in wanted
                if each not in there
            ]
            reach = tuple(dict.fromkeys([*map(str, wanted), *owned.get(name, [])]))
            variable = self._url_variable(where, name, option)
            password = self._password(where, "password", option)
            found.append(Role(name, str(access), reach, variable, password))
        return tuple(found)

    def _named(self, key: str, known: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The entries of a dictionary, or where they need no more of a list, by their names."""
        given = self.entry.get(key)
        if given is None:
            return
        if isinstance(given, list) and key == "databases":
            given = {str(name): {} for name in given}
        if not isinstance(given, Mapping):
            what = "a list of names, or a dictionary" if key == "databases" else "a dictionary"
            self.problems.append(f"{self.where}.{key} must be {what}.")
            return
        for name, option in given.items():
            where = f"{self.where}.{key}.{name}"
            option = {} if option is None else option
            if not self._is_name(name):
                self.problems.append(f"{where}: it {_names(name)}")
            elif not isinstance(option, Mapping):
                self.problems.append(f"{where} must be a dictionary ({', '.join(known)}).")
            else:
                self.problems += [
                    f"{where}.{each}: unknown option.{did_you_mean(str(each), known)}"
                    for each in option
                    if each not in known
                ]
                yield name, option

    def _extensions(self, where: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
        given = entry.get("extensions")
        names = [] if given is None else given
        if not isinstance(names, list) or not all(
            isinstance(name, str) and _EXTENSION.fullmatch(name) for name in names
        ):
            self.problems.append(f"{where}.extensions must be a list of names, such as [vector].")
            return ()
        return tuple(dict.fromkeys(names))

    def _url_variable(self, where: str, name: str, option: Mapping[str, Any]) -> str:
        prefix = self.where.rpartition(".")[2].upper().replace("-", "_")
        variable = str(option.get("url_variable") or f"{prefix}_{name.upper()}_URL")
        if not _VARIABLE.fullmatch(variable):
            self.problems.append(
                f"{where}.url_variable: {variable!r} is not a variable name (A-Z, 0-9, _)."
            )
        return variable

    def _password(self, where: str, key: str, option: Mapping[str, Any]) -> str:
        password = option.get(key) or ""
        if password and not isinstance(password, str):
            self.problems.append(f"{where}.{key} must be text: put it in quotes.")
        elif password and (why := self.check(password)):
            self.problems.append(f"{where}.{key} can't be used: {why}.")
        return str(password)

    @staticmethod
    def _is_name(name: Any) -> bool:
        return isinstance(name, str) and bool(_NAME.fullmatch(name)) and name not in _TAKEN


def _names(name: Any) -> str:
    if name in _TAKEN:
        return f"can't be {name!r}, which PostgreSQL or Groundwork has already."
    return (
        f"is {name!r}; a name takes a-z, 0-9 and _, a letter first, 63 at most, and doesn't "
        "begin with pg_."
    )
