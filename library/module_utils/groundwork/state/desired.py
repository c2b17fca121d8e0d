"""The desired state: everything that the inventory asks of one host, checked, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import dotenv
from ..config import App, check_stack_name, parse_apps, parse_services
from ..docker import compose, volumes
from ..env import (
    IGNORED,
    Image,
    Secrets,
    as_made,
    content,
    placeholders,
    renewed,
    resolve_secrets,
    unlike_kept,
)
from ..errors import GroundworkError
from ..files import read
from ..rendered import WantedFile
from ..services import (
    AUDIENCES,
    Service,
    endpoint,
    secrets_of,
    service_type,
)
from ..tls import CA, KeyPair, certificates
from .compose_text import for_machine

MINIMUM_LENGTH = 16  # characters of a password that is made


@dataclass(frozen=True)
class Desired:
    """What one host should have. Paths are absolute; `compose` is the Compose file's text.

    `rotate` names the services, or secrets, that this run gives a new password. `asked` are the
    services as the inventory has them, `services` as what is there already has made them.
    """

    stack: str
    services: tuple[Service, ...]
    apps: tuple[App, ...]
    workspace: Path
    stack_dir: Path
    compose: str
    password_length: int
    rotate: frozenset[str] = frozenset()
    asked: tuple[Service, ...] = ()

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Desired:
        """From a module's parameters of the same names. Raises GroundworkError."""
        check_stack_name(params["stack_name"])
        stack_dir = Path(params["stack_dir"])
        services = parse_services(params["services"], ca=str(certificates.ca_file_of(stack_dir)))
        if params["password_length"] < MINIMUM_LENGTH:
            raise GroundworkError(
                f"stack_password_length is {params['password_length']}; "
                f"{MINIMUM_LENGTH} is the least.",
                where="stack_password_length",
                next_step="Correct it in stack.yml or groundwork.yml; nothing was changed.",
            )
        desired = cls(
            stack=params["stack_name"],
            services=tuple(services),
            asked=tuple(services),
            apps=tuple(parse_apps(params["apps"], services)),
            workspace=Path(params["workspace_dir"]),
            stack_dir=stack_dir,
            compose=params["compose"],
            password_length=params["password_length"],
            rotate=frozenset(params.get("rotate") or ()),
        )
        desired._check_app_paths()
        made = tuple(as_made(service, desired.kept) for service in services)
        return replace(desired, services=made)

    def _check_app_paths(self) -> None:
        taken = {self.env_file.resolve(): "the stack's own file"}
        taken[self.compose_file.resolve()] = "the stack's own file"
        for app in self.apps:
            path = self.app_path(app).resolve()
            if path in taken:
                raise GroundworkError(
                    f"{path} would be written twice: it is {taken[path]} too.",
                    where=f"env_files_apps.{app.name}.path",
                    next_step="Give each app a path of its own; nothing was changed.",
                )
            taken[path] = f"the file of the app {app.name!r}"

    @property
    def managed(self) -> tuple[Service, ...]:
        """The services that run here: all but the external ones."""
        return tuple(service for service in self.services if not service.external)

    def app_path(self, app: App) -> Path:
        """Where an app's env file is."""
        return self.workspace / Path(app.path).expanduser()

    def check_workspace(self) -> None:
        """Raise GroundworkError where the workspace is not there: it is never made."""
        if not self.workspace.is_dir():
            raise GroundworkError(
                f"The workspace {self.workspace} is not a directory; nothing was changed.",
                where="workspace_dir",
                next_step="Correct workspace_dir in the inventory, or make that directory.",
            )

    @property
    def compose_file(self) -> Path:
        """`infra/docker-compose.yml`."""
        return self.stack_dir / "docker-compose.yml"

    @property
    def override_file(self) -> Path:
        """`infra/docker-compose.override.yml`, a person's own."""
        return self.stack_dir / compose.OVERRIDE

    @property
    def env_file(self) -> Path:
        """`infra/.env`, where the secrets live."""
        return self.stack_dir / ".env"

    @property
    def secrets_dir(self) -> Path:
        """`infra/.secrets`: what the containers get as files, one for each service."""
        return self.stack_dir / ".secrets"

    def volume(self, service: Service) -> str:
        """The name of a service's live volume."""
        return volumes.name_of(self.stack, service.name, self.live.get(service.name, 0))

    def volumes(self, service: Service) -> list[str]:
        """The names of all its live volumes."""
        stores = service_type(service).stores(service)
        return [volumes.name_of(self.stack, store, self.live.get(store, 0)) for store in stores]

    @cached_property
    def live(self) -> Mapping[str, int]:
        """The generations of `infra/volumes.json`, by store. Raises GroundworkError."""
        return volumes.read(self.stack_dir)

    @cached_property
    def kept(self) -> Mapping[str, str]:
        """The variables of `infra/.env` as they are."""
        return dotenv.parse(read(self.env_file) or "")

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets as they are or will be; new ones where `infra/.env` lacks them."""
        return resolve_secrets(self.services, self.kept, self.password_length, self.rotate)

    @property
    def known_secrets(self) -> dict[str, str]:
        """The secrets that hold until now, by variable: no new ones, and of those to rotate the
        old ones."""
        made = self.secrets.made
        known = {name: value for name, value in self.secrets.values.items() if name not in made}
        return known | self.rotated()

    def other_passwords(self) -> list[str]:
        """The secrets, by name, of which the inventory gives another than `infra/.env` has."""
        return unlike_kept(self.managed, self.kept)

    def rotated(self) -> dict[str, str]:
        """The secrets' variables that this run is to change, with the values until now."""
        return {
            variable: self.kept.get(variable, "")
            for variable in renewed(self.services, self.kept, self.rotate)
        }

    def paths(self) -> list[Path]:
        """Every file that may be written, and the override file, which is a person's."""
        try:
            pairs = self.certificates
        except GroundworkError:  # `infra_files` says so
            pairs = {}
        return [
            self.compose_file,
            self.override_file,
            self.env_file,
            self.stack_dir / ".gitignore",
            self.secrets_dir / ".gitignore",
            *(
                self.secrets_dir / name
                for name in content.secret_texts(self.managed, placeholders(self.services))
            ),
            *(item.path for item in self._certificate_files(pairs)),
            *(self.app_path(app) for app in self.apps if app.audience != "tunnel"),
        ]

    def infra_files(self, images: Mapping[str, Image], quick_start: bool) -> list[WantedFile]:
        """The Compose file, `infra/.env`, and the files that the containers get their secrets from.

        A container reads its file as whichever user its image has, so everybody may read it; who
        is on this machine is kept out by the directory, which is its owner's alone.

        Raises GroundworkError for a certificate in the inventory that can't be used.
        """
        text = for_machine(self.compose, self.stack, self.managed, self.live, quick_start)
        pairs, secrets = self.certificates, self.secrets.values
        env = self.infra_env(images, secrets, pairs)
        hidden = content.infra_secret_lines(self.services, images, pairs)
        return [
            WantedFile(self.compose_file, text, 0o644),
            WantedFile(self.env_file, env, 0o600, block=True, last=True, hidden=hidden),
            # So that no `git add` takes them, whatever the repository ignores
            WantedFile(self.stack_dir / ".gitignore", IGNORED, 0o644, block=True),
            WantedFile(self.secrets_dir / ".gitignore", "*\n", 0o444, private=True),
            *(
                WantedFile(self.secrets_dir / name, secret, 0o444, private=True)
                for name, secret in content.secret_texts(self.managed, secrets).items()
            ),
            *self._certificate_files(pairs),
        ]

    def _certificate_files(self, pairs: Mapping[str, KeyPair]) -> Iterator[WantedFile]:
        for name, pair in pairs.items():
            if name == CA:
                path = certificates.ca_file_of(self.stack_dir)
                yield WantedFile(path, pair.certificate, 0o644)
                yield WantedFile(self._pair_file(name, "key"), pair.key, 0o400, private=True)
                continue
            yield WantedFile(self._pair_file(name, "crt"), pair.certificate, 0o444, private=True)
            yield WantedFile(self._pair_file(name, "key"), pair.key, 0o444, private=True)

    def _pair_file(self, name: str, suffix: str) -> Path:
        return self.secrets_dir / f"{name}.{suffix}"

    @cached_property
    def certificates(self) -> Mapping[str, KeyPair]:
        """The certificate of each managed service with TLS, and the CA's where it signed one.

        Raises GroundworkError for one in the inventory that can't be used.
        """
        secured = [(service, self._names(service)) for service in self.managed if service.tls]
        pairs = {
            service.name: certificates.given(service, names)
            for service, names in secured
            if service.certificate
        }
        wanted = {s.name: names for s, names in secured if not s.certificate}
        kept = {name: pair for name in (*wanted, CA) if (pair := self._kept_pair(name))}
        return pairs | certificates.renew(kept, wanted, self.stack, datetime.now(timezone.utc))

    def _names(self, service: Service) -> list[str]:
        """By which names and addresses clients reach a service."""
        used = {app.audience for app in self.apps if service.name in app.services} | {"host"}
        more = set(service.names)
        if not service.certificate:  # a managed one may as well have all of them
            used, more = {*AUDIENCES}, more | {"localhost"}
        return sorted({endpoint(service, audience).host for audience in used} | more)

    def _kept_pair(self, name: str) -> KeyPair | None:
        shown = self._pair_file(name, "crt")
        if name == CA:
            shown = certificates.ca_file_of(self.stack_dir)
        certificate, key = read(shown), read(self._pair_file(name, "key"))
        return KeyPair(certificate, key) if certificate and key else None

    def infra_env(
        self,
        images: Mapping[str, Image],
        secrets: Mapping[str, str],
        pairs: Mapping[str, KeyPair],
    ) -> str:
        """The managed block of `infra/.env`."""
        comments = {
            secrets_of(service)[0].variable
            if service.external
            else f"{service.prefix}_IMAGE": service.name
            for service in self.services
        }
        return dotenv.render(content.infra_env(self.services, images, secrets, pairs), comments)

    def app_files(self) -> list[WantedFile]:
        """Each app's env file, where the app runs on this machine."""
        return [
            WantedFile(
                self.app_path(app),
                dotenv.render(content.app_env(app, self.services, self.secrets.values)),
                0o644 if app.public else 0o600,
                block=True,
                hidden=content.app_secret_lines(app, self.services),
            )
            for app in self.apps
            if app.audience != "tunnel"
        ]
