"""What a service is, and what a service type has to bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

BUILT_LABEL = "groundwork.inputs"  # on each image that is built here: the digest of its recipe


@dataclass(frozen=True)
class Service:
    """One entry of `stack_services`, checked (see `config.parse_services`).

    `name` is its key, its Compose service and its host name inside the Compose network; `port` is
    published on `bind`. `password` is empty unless the inventory gives one. `options` holds what
    only its kind knows (PostgreSQL: user, database), every key present.

    An external one has a `host`, no image and no address here, and always a password.
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
    limits: Mapping[str, Any] = field(default_factory=dict)  # those of memory, cpus, pids it has
    allow_from: tuple[str, ...] | None = None  # networks; None where the inventory's default holds
    host: str = ""
    tls: bool = False
    ca_file: str = ""
    certificate: str = ""
    key: str = ""
    names: tuple[str, ...] = ()  # further ones by which clients reach it, for the certificate made

    @property
    def external(self) -> bool:
        """Whether it is external: no container, image, volume or port is managed."""
        return bool(self.host)

    @property
    def ports(self) -> dict[str, int]:
        """All its ports on this machine, by the option that names each."""
        more = {f"{name.lower()}_port": port for name, port in self.more_ports.items()}
        return {"port": self.port} | more

    @property
    def prefix(self) -> str:
        """The start of its variables in the env files: `my-cache` gives `MY_CACHE`."""
        return self.name.upper().replace("-", "_")


@dataclass(frozen=True)
class Endpoint:
    """Where a service answers, for one audience. Port in 1..65535."""

    host: str
    port: int

    def __str__(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


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

    * `secret_suffix`: `PASSWORD` makes `REDIS_PASSWORD` the variable of the service's secret.
    * `official`: the repository at Docker Hub of its official image: `qdrant/qdrant`.
    * `file_suffix`: likewise the variable that its container gets as a file.
    * `version_file`: a file in its volume that names the major version of the data, or `""`.
    * `options`: the options that only this kind has, with their defaults.
    * `check_secret(secret)`: why this kind can't take that secret, or `""`.
    * `url(service, endpoint, secret)`: the connection URL; percent-encoded.
    * `config_lines(service, secret)`: variables of `infra/.env` that the containers read as files.
    * `app_lines(service, secret)`: what an app needs besides the URL.
    * `storage_format(labels, env, said)`: what of an image its data depend on (a major version, a C
      library): a volume made by one is not given to another. Labels and environment are
      the image's own; `said` is what `ask_image`, a shell script, printed inside it, `""` where it
      wasn't asked. Never told by an image's name, which says nothing certain.
    * `probe(service, endpoint, secret, timeout)`: asks the service in its own protocol; returns
      the server's version; raises `ProbeError`. `timeout` in seconds.
    * `option_problem(option, value)`: why a managed one can't have that `user` or `database`,
      text on one line, as half a sentence; or `""`. An external one may have any.
    * `advice`: by the codes of its probe's errors.
    * `more_ports`: the container's further ports by name; `gRPC` is published where an entry has a
      `grpc_port`. The image that is built in the official one's place has none of them.
    """

    name: str
    official: str
    container_port: int
    secret_suffix: str
    file_suffix: str
    version_file: str
    options: Mapping[str, str]
    check_secret: Callable[[str], str]
    url: Callable[[Service, Endpoint, str], str]
    config_lines: Callable[[Service, str], dict[str, str]]
    app_lines: Callable[[Service, str], dict[str, str]]
    storage_format: Callable[[Mapping[str, str], Mapping[str, str], str], str]
    probe: Callable[[Service, Endpoint, str, float], str]
    ask_image: str = ""
    option_problem: Callable[[str, str], str] = lambda option, value: ""
    advice: Mapping[str, Advice] = field(default_factory=dict)
    one_storage_format: bool = False  # the data of any image are good for every other
    more_ports: Mapping[str, int] = field(default_factory=dict)

    def secret_variable(self, service: Service) -> str:
        """The env variable that holds the service's secret: `POSTGRES_PASSWORD`."""
        return f"{service.prefix}_{self.secret_suffix}"


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
