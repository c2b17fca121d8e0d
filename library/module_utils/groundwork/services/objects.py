"""What a PostgreSQL of ours holds besides tables: its databases, login roles and extensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

SUPERUSER = "postgres"  # the role that a new volume is made with
ACCESS = ("read", "write")


@dataclass(frozen=True)
class OwnedDatabase:
    """A database: the role that owns it, and the extensions that are made in it by the superuser.

    `url_variable` holds its address, in infra/.env and in the files of apps that name it.
    """

    name: str
    owner: str
    url_variable: str
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Role:
    """A login role besides the service's user.

    `access` to what the owners of `databases` have made and will make there: read, write, or `""`,
    where it has none but to databases of its own. The first of `databases` is in its address.
    """

    name: str
    access: str
    databases: tuple[str, ...]
    url_variable: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Objects:
    """What one server is to hold. `databases` begin with the service's own; an external has none.

    `superuser` owns a new volume; `""` where that is the service's user, as in volumes that were
    made before there was another, and where the user is `postgres` itself.
    """

    superuser: str = ""
    superuser_password: str = field(default="", repr=False)
    databases: tuple[OwnedDatabase, ...] = ()
    roles: tuple[Role, ...] = ()

    def grants(self) -> Iterator[tuple[OwnedDatabase, Role]]:
        """Each role that has access to a database that isn't its own."""
        for database in self.databases:
            for role in self.roles:
                if role.access and database.name in role.databases and role.name != database.owner:
                    yield database, role

    @property
    def extensions(self) -> frozenset[str]:
        """All the extensions that are to be made, in whichever database."""
        return frozenset(name for each in self.databases for name in each.extensions)
