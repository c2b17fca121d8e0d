"""What a service is, and what a service type has to bring."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .objects import Objects
from .settings import Settings

BUILT_LABEL = "groundwork.inputs"  # on each image that is built here: the digest of its recipe


@dataclass(frozen=True)
class Service:
    """One entry of `stack_services`, checked (see `config.parse_services`).

    `name` is its key, its Compose service and its host name inside the Compose network; `port` is
    published on `bind`. `password` is empty unless the inventory gives one. `options` holds what
    only its kind knows (PostgreSQL: user, database), every key present; `details` is what such
    texts don't say (see `container.Details`).

    An external one has a `host`, no image and no address here, and always a password. One of
    several `hosts` takes writes; `host` and `port` are then those of the first.
    `tls`: its certificate is verified, by `ca_file` or else by the machine's own CAs. A
    managed one shows the `certificate` that the inventory names, with its `key`, or where they are
    empty one that the stack's own CA signed.
    """

    name: str
    kind: str
    image: str
    port: int
    bind: str
    url_variable: str
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    more_ports: Mapping[str, int] = field(default_factory=dict)  # see ServiceType.more_ports
    # The container's own ports by name, the one of `port` first, where its type has no fixed ones
    inner_ports: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)  # those of memory, cpus, pids it has
    allow_from: tuple[str, ...] | None = None  # networks; None where the inventory's default holds
    host: str = ""
    hosts: tuple[tuple[str, int], ...] = ()  # all, with their ports, where it has several
    tls: bool = False
    ca_file: str = ""
    certificate: str = ""
    key: str = ""
    names: tuple[str, ...] = ()  # further ones by which clients reach it, for the certificate made
    details: object = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # the server's own; see Settings
    objects: Objects = field(default_factory=Objects)  # of a managed PostgreSQL

    @property
    def external(self) -> bool:
        """Whether it is external: no container, image, volume or port is managed."""
        return bool(self.host)

    @property
    def ports(self) -> dict[str, int]:
        """All its ports on this machine, by the option that names each."""
        if self.inner_ports:
            first = next(iter(self.inner_ports))
            named = {first: self.port} | dict(self.more_ports)
            return {f"ports.{name}": port for name, port in named.items()}
        more = {f"{name.lower()}_port": port for name, port in self.more_ports.items()}
        return {"port": self.port} | more

    @property
    def publish(self) -> str:
        """Its address as Compose takes it in front of a port."""
        return f"[{self.bind}]" if ":" in self.bind else self.bind

    @property
    def prefix(self) -> str:
        """The start of its variables in the env files: `my-cache` gives `MY_CACHE`."""
        return self.name.upper().replace("-", "_")


@dataclass(frozen=True)
class Secret:
    """One secret of a service: the variable of infra/.env that holds it.

    `name` is what people call it by: the service's name, or `login@mail` for a further one, which
    is `role`'s then. `given`: the inventory's, or `""`, at `option` of the service's entry.
    """

    variable: str
    service: Service
    name: str
    role: str = ""
    given: str = field(default="", repr=False)
    option: str = "password"

    @property
    def where(self) -> str:
        """Where the inventory gives it."""
        return f"stack_services.{self.service.name}.{self.option}"

    @property
    def vault(self) -> str:
        """Its name in the vault: `redis`, `mail_login`, `postgres_superuser`."""
        role = self.role
        if role and role == self.service.objects.superuser:
            role = "superuser"
        return f"{self.service.name}_{role}" if role else self.service.name

    @property
    def login(self) -> str:
        """Its role and its service: `app@postgres`, whose secret's name is `postgres`."""
        role = self.role or self.service.options.get("user")
        return f"{role}@{self.service.name}" if role else self.service.name

    def is_in(self, names: Container[str]) -> bool:
        """Whether `names` has it: by its own, or with all of its service's."""
        return self.service.name in names or self.login in names


@dataclass(frozen=True)
class Endpoint:
    """Where a service answers, for one audience. Ports in 1..65535, the further ones by name.

    `others`: the further hosts of one that has several.
    """

    host: str
    port: int
    more: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)
    others: tuple[Endpoint, ...] = ()

    def __str__(self) -> str:
        """`host:port`, an IPv6 address in brackets; several with commas."""
        shown = [f"[{at.host}]" if ":" in at.host else at.host for at in self.each]
        return ",".join(f"{host}:{at.port}" for host, at in zip(shown, self.each, strict=True))

    @property
    def each(self) -> tuple[Endpoint, ...]:
        """All its hosts, as endpoints of one host."""
        return (replace(self, others=()), *self.others)

    @classmethod
    def of(cls, hosts: Sequence[tuple[str, int]]) -> Endpoint:
        """That of one host or several, each with its port."""
        first, *others = (cls(host, port) for host, port in hosts)
        return replace(first, others=tuple(others))


@dataclass(frozen=True)
class Chosen:
    """The host of several that takes writes, and how each of them is, in words."""

    endpoint: Endpoint
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advice:
    """What a refusal means for a managed service, and the way out; and the one for an external one.

    `{name}` in `external` is the service's.
    """

    meaning: str
    next_step: str
    external: str


RECREATE = "Run the playbook again: it makes the container anew from infra/.env."
THEIR_PASSWORD = "Put the one that it has into stack_services.{name}.password, then run again."


@dataclass(frozen=True)
class ServiceType:
    """All that the project has to know of one type of service.

    * `secret_suffix`: `PASSWORD` makes `REDIS_PASSWORD` the variable of the service's password;
      `""` where it has none, and its probe asks without one.
    * `official`: the repository at Docker Hub of its official image: `qdrant/qdrant`.
    * `container_port`: where its container listens; 0 where each entry says it (`inner_ports`).
    * `file_suffix`: likewise the variable that its container gets as a file.
    * `version_file`: a file in its volume that names the major version of the data, or `""`.
    * `options`: the options that only this kind has, with their defaults.
    * `check_secret(secret)`: why this kind can't take that secret, or `""`.
    * `url(service, endpoint, secrets)`: the connection URL; percent-encoded. `secrets`, here and
      below: by variable, those of `secrets_of(service)` at least.
    * `config_lines(service, secrets)`: variables of `infra/.env` that the containers read as files.
    * `app_lines(service, endpoint, secrets)`: what an app needs besides the URL.
    * `storage_format(labels, env, said)`: what of an image its data depend on (a major version, a C
      library): a volume made by one is not given to another. Labels and environment are
      the image's own; `said` is what `ask_image`, a shell script, printed inside it, `""` where it
      wasn't asked. Never told by an image's name, which says nothing certain.
    * `probe(service, endpoint, secret, timeout)`: asks the service in its own protocol, with its
      password; returns the server's version; raises `ProbeError`. `timeout` in seconds.
    * `several_hosts(options)`: why an external one with these options can't have several hosts, or
      `""`; where it can, `choose(service, endpoint, secret, timeout)` finds the one that takes
      writes, or raises `ProbeError`.
    * `option_problem(option, value)`: why a managed one can't have that `user` or `database`,
      text on one line, as half a sentence; or `""`. An external one may have any.
    * `advice`: by the codes of its probe's errors.
    * `more_ports`: the container's further ports by name; `gRPC` is published where an entry has a
      `grpc_port`. The image that is built in the official one's place has none of them.
    * `more_secrets(service)`: those besides its password.
    * `files(service, secrets)`: all that its container gets as files, by their names in
      `infra/.secrets`; where it isn't given, one with what `file_suffix` says.
    * `stores(service)`: its volumes without the stack's name and `_data`: `mail`, `mail.conf`.
    * `engine_decides(service)`: it is healthy where its container's health check says so.
    * `compose(service)`: what its entry says of its container, for its Compose fragment, which
      writes each value as it is: JSON, with every `$` of a person's doubled for Compose.
    * `settings`: what it knows of its server's own parameters.
    """

    name: str
    official: str
    container_port: int
    secret_suffix: str
    file_suffix: str
    version_file: str
    options: Mapping[str, str]
    check_secret: Callable[[str], str]
    url: Callable[[Service, Endpoint, Mapping[str, str]], str]
    config_lines: Callable[[Service, Mapping[str, str]], dict[str, str]]
    app_lines: Callable[[Service, Endpoint, Mapping[str, str]], dict[str, str]]
    storage_format: Callable[[Mapping[str, str], Mapping[str, str], str], str]
    probe: Callable[[Service, Endpoint, str, float], str]
    ask_image: str = ""
    choose: Callable[[Service, Endpoint, str, float], Chosen] | None = None
    several_hosts: Callable[[Mapping[str, str]], str] = lambda options: "it has one `host`."
    option_problem: Callable[[str, str], str] = lambda option, value: ""
    advice: Mapping[str, Advice] = field(default_factory=dict)
    one_storage_format: bool = False  # the data of any image are good for every other
    more_ports: Mapping[str, int] = field(default_factory=dict)
    more_secrets: Callable[[Service], tuple[Secret, ...]] = lambda service: ()
    files: Callable[[Service, Mapping[str, str]], dict[str, str]] | None = None
    stores: Callable[[Service], tuple[str, ...]] = lambda service: (service.name,)
    engine_decides: Callable[[Service], bool] = lambda service: False
    compose: Callable[[Service], dict[str, str]] = lambda service: {}
    settings: Settings | None = None

    def secret_variable(self, service: Service) -> str:
        """The env variable that holds the service's password: `POSTGRES_PASSWORD`."""
        return f"{service.prefix}_{self.secret_suffix}"

    def file_variable(self, service: Service) -> str:
        """The variable whose value its container gets as a file: `REDIS_ACL`."""
        return f"{service.prefix}_{self.file_suffix}"

    def password(self, service: Service, secrets: Mapping[str, str]) -> str:
        """The service's password, of `secrets` by variable."""
        return secrets[self.secret_variable(service)]


class ProbeError(Exception):
    """A service doesn't answer as it should. `str()` is one line without a secret.

    `permanent` marks what waiting doesn't fix (a wrong password); `code` is the service's own
    code for it where it has one (PostgreSQL: an SQLSTATE such as `28P01`), `TLS` for a certificate
    that isn't trusted, `NOTLS` for a server without TLS where it is wanted, `NOLIBRARY` where the
    probe itself lacks a Python library.
    """

    def __init__(self, message: str, *, permanent: bool = False, code: str = "") -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code
