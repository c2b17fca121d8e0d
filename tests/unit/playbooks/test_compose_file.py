"""What of the inventory reaches the Compose file."""

from __future__ import annotations

import pytest
from grpc_stack import QDRANT
from rendered import compose


@pytest.mark.parametrize(
    ("image", "locale"),
    [
        ("postgres:16-alpine", None),
        ("mirror.example.com/hub/postgres:16-alpine3.20", None),
        ("postgres:16", "en_US.utf8"),
        ("postgres:16.4-bookworm", "en_US.utf8"),
    ],
)
def test_what_is_built_sorts_as_the_image_that_is_wanted(image: str, locale: str | None) -> None:
    database = {"kind": "postgres", "image": image, "port": 5432}
    made = compose({"db": database})["services"]["db"]["environment"]
    assert made.get("GROUNDWORK_LOCALE") == locale


def test_a_grpc_port_is_published_where_the_service_is() -> None:
    made = compose({"vectors": QDRANT | {"bind": "10.0.0.5"}})["services"]["vectors"]
    assert made["ports"][1] == "10.0.0.5:${VECTORS_GRPC_PORT}:6334"
