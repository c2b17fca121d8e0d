"""The committed `.env.example` files: what the inventory renders, placeholders for secrets."""

from __future__ import annotations

from .. import dotenv, image_names
from ..env import Image, content, placeholders
from ..image_names import Name
from ..rendered import WantedFile
from ..services import Service, service_type
from .desired import Desired
from .volumes import for_volumes


def example_files(desired: Desired) -> list[WantedFile]:
    """The `.env.example` beside each env file: the same lines, placeholders for secrets."""
    desired = for_volumes(desired, ())  # whatever this machine has
    secrets = placeholders(desired.services)
    images = {
        service.name: Image(service.image, _example_storage_format(service))
        for service in desired.managed
    }
    texts = {desired.env_file: desired.infra_env(images, secrets, {})}
    for app in desired.apps:
        if app.audience == "tunnel":
            continue
        lines = content.app_env(app, desired.services, secrets)
        texts[desired.app_path(app)] = dotenv.render(lines)
    return [
        WantedFile(path.with_name(f"{path.name}.example"), f"{dotenv.EXAMPLE_HEADER}{text}", 0o644)
        for path, text in texts.items()
    ]


def _example_storage_format(service: Service) -> str:
    """What an example shows: nobody asks an image for it, so it is told by the name alone."""
    version = image_names.version((image_names.parse(service.image) or Name("", "")).tag)
    libc = "/ld-musl" if "alpine" in service.image else "/ld-linux"
    return service_type(service).storage_format({}, {}, f"(PostgreSQL) {version} {libc}")
