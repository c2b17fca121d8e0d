"""Answers to the letter: envelope, status codes, keys, health, what isn't spoken."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway.app import create_app
from gateway.config import load
from gateway.store import Store

LINE = {"vectors": {"size": 2, "distance": "Dot"}}


def test_root_names_qdrant_and_the_gateway(gateway: Any) -> None:
    assert gateway.call("GET", "/").json() == {
        "title": "qdrant - vector search engine",
        "version": "1.7.4",
        "groundwork": "Qdrant Edge gateway, qdrant-edge-py 0.9.0",
    }


def test_envelope(gateway: Any, collection: str) -> None:
    found = gateway.call("POST", f"/collections/{collection}/points/count", {}).json()
    assert found.keys() == {"result", "status", "time"}
    assert (found["result"], found["status"]) == ({"count": 4}, "ok")
    assert isinstance(found["time"], float)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("GET", "/collections/none", None, 404, "Not found: Collection `none` doesn't exist!"),
        ("PUT", "/collections/none/points", {"points": []}, 404, "`none` doesn't exist"),
        ("PUT", "/collections/{c}", LINE, 400, "Wrong input: Collection `{c}` already exists!"),
        ("PUT", "/collections/x", {"vectors": {"size": 0, "distance": "Dot"}}, 422, "Validation"),
        ("PUT", "/collections/x", {"vectors": {"size": 2, "distance": "L3"}}, 400, "Format error"),
        ("PUT", "/collections/x", {}, 400, "at least one vector"),
        ("PUT", "/collections/..", LINE, 501, "Not implemented"),
        ("PUT", "/collections/%2e%2e", LINE, 400, "can't be a collection's name"),
        ("PUT", "/collections/a:b", LINE, 400, "can't be a collection's name"),
        ("PUT", "/collections/{c}/points", {"points": [{"id": 1, "vector": [1]}]}, 400,
         "Wrong input: Vector dimension error: expected dim: 2, got 1"),
        ("PUT", "/collections/{c}/points", {"points": [{"id": -1, "vector": [1, 2]}]}, 400, "id"),
        ("PUT", "/collections/{c}/points", {"points": [{"id": "x", "vector": [1, 2]}]}, 400, "id"),
        ("PUT", "/collections/{c}/points", {"points": [{"id": 1, "vector": {"v": [1, 2]}}]}, 400,
         "Not existing vector name"),
        ("PUT", "/collections/{c}/points", {"batch": {"ids": [1], "vectors": []}}, 400, "length"),
        ("PUT", "/collections/{c}/points", {}, 400, "exactly one of"),
        ("GET", "/collections/{c}/points/77", None, 404, "Not found: Point with id 77"),
        ("GET", "/collections/{c}/points/abc", None, 400, "is not a valid point ID"),
        ("POST", "/collections/{c}/points/search", {"vector": [1, 2], "limit": 0}, 422, "limit"),
        ("POST", "/collections/{c}/points/search", {"vector": [1], "limit": 1}, 400, "dimension"),
        ("POST", "/collections/{c}/points/query", {"query": 77}, 404, "No point with id 77"),
        ("POST", "/collections/{c}/points/query", {"query": {"recommend": 3}}, 400, "Format"),
        ("POST", "/collections/{c}/points/query", {"query": {"order_by": {}}}, 400, "Format"),
        ("POST", "/collections/{c}/points/query", {"query": {"discover": {}}}, 501, "discover"),
        ("POST", "/collections/{c}/points/payload", {"payload": {"a": 1}}, 400, "needed"),
        ("PUT", "/collections/{c}/index", {"field_name": "a", "field_schema": "what"}, 400, "what"),
        ("GET", "/collections/{c}/snapshots/none", None, 404, "Snapshot none not found"),
    ],
)  # fmt: skip
def test_errors_are_qdrants(
    gateway: Any, collection: str, method: str, path: str, body: Any, status: int, error: str
) -> None:
    answer = gateway.call(method, path.replace("{c}", collection), body)
    assert answer.status_code == status, answer.text
    assert error.replace("{c}", collection) in answer.json()["status"]["error"]


def test_body_that_is_no_json(gateway: Any, collection: str) -> None:
    url = f"{gateway.url}/collections/{collection}/points/search"
    answer = httpx.post(url, content=b'{"vector": [1,')
    assert answer.status_code == 400
    assert answer.json()["status"]["error"].startswith("Format error in JSON body")
    assert httpx.post(url, content=b'{"vector": [NaN, 1], "limit": 1}').status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/aliases"),
        ("POST", "/collections/aliases"),
        ("GET", "/cluster"),
        ("GET", "/telemetry"),
        ("GET", "/metrics"),
        ("POST", "/snapshots"),
        ("POST", "/collections/c/points/discover"),
        ("POST", "/collections/c/points/search/groups"),
        ("POST", "/collections/c/facet"),
        ("PUT", "/collections/c/shards"),
    ],
)
def test_what_is_not_spoken_says_so(gateway: Any, method: str, path: str) -> None:
    answer = gateway.call(method, path, {})
    assert answer.status_code == 501
    body = answer.json()
    assert body["result"] is None
    assert path in body["status"]["error"]
    assert "qdrant/qdrant:v1.7.4" in body["status"]["error"]


@pytest.mark.parametrize(
    "more",
    [
        {
            "vectors": {
                "size": 2,
                "distance": "Dot",
                "multivector_config": {"comparator": "max_sim"},
            }
        },
        {"vectors": {"size": 2, "distance": "Dot", "datatype": "uint8"}},
        {**LINE, "init_from": {"collection": "c"}},
        {**LINE, "sharding_method": "custom"},
    ],
)
def test_collections_that_cannot_be_made_as_asked(gateway: Any, more: dict[str, Any]) -> None:
    assert gateway.call("PUT", "/collections/odd", more).status_code == 501
    assert gateway.call("GET", "/collections/odd").status_code == 404


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/", "/dashboard/assets/index.js"])
def test_the_dashboard_says_that_there_is_none(make_gateway: Callable[..., Any], path: str) -> None:
    """A browser sends no key, so that its answer can't wait for one."""
    answer = make_gateway(QDRANT__SERVICE__API_KEY="key").start().call("GET", path)
    assert answer.status_code == 501
    assert answer.headers["content-type"].startswith("text/plain")
    assert "no dashboard" in answer.text
    assert "qdrant/qdrant:v1.7.4" in answer.text


def test_api_key(make_gateway: Callable[..., Any]) -> None:
    guarded = make_gateway(QDRANT__SERVICE__API_KEY="s3cret-é").start()
    key = "s3cret-é".encode()
    for path in ("/", "/healthz", "/livez", "/readyz"):
        assert guarded.call("GET", path).status_code == 200
    for headers in ({}, {"api-key": "wrong"}, {"authorization": "Bearer wrong"}, {"api-key": ""}):
        answer = guarded.call("GET", "/collections", headers=headers)
        assert answer.status_code == 403
        assert answer.text == "Invalid api-key"
    for headers in ({b"api-key": key}, {b"Authorization": b"Bearer " + key}):
        assert guarded.call("GET", "/collections", headers=headers).status_code == 200
    assert guarded.call("GET", "/aliases").status_code == 403
    assert "s3cret" not in guarded.log()


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_local_yaml_and_the_environment_over_it(
    make_gateway: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    file = tmp_path / "config" / "local.yaml"
    file.write_text('{"service": {"api_key": "from-file", "http_port": 1}}')
    running = make_gateway().start()  # the environment's port, not 1
    assert running.call("GET", "/collections").status_code == 403
    assert running.client(api_key="from-file").get_collections().collections == []
    running.stop()

    running.env = {"QDRANT__SERVICE__API_KEY": "from-env"}
    running.start()
    assert running.client(api_key="from-env").get_collections().collections == []
    assert running.call("GET", "/", headers={"api-key": "from-file"}).status_code == 200
    assert running.call("GET", "/collections", headers={"api-key": "from-file"}).is_error
    running.stop()

    file.write_text('service: {api_key: "hush-hush')
    assert running.spawn().wait(timeout=30) == 1
    assert "is not valid YAML" in running.log()
    assert "hush-hush" not in running.log()


def test_https_alone_where_the_settings_say_so(
    make_gateway: Callable[..., Any], tmp_path: Path
) -> None:
    files = {name: tmp_path / f"{name}.pem" for name in ("cert", "key")}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=q",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(files["key"]),
         "-out", str(files["cert"])],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = {
        "service": {"enable_tls": True},
        "tls": {"cert": str(files["cert"]), "key": str(files["key"])},
    }
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "local.yaml").write_text(json.dumps(settings))
    trusted = ssl.create_default_context(cafile=str(files["cert"]))
    running = make_gateway().start(verify=trusted)
    assert running.call("GET", "/collections", verify=trusted).status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        running.call("GET", "/readyz")
    with pytest.raises(httpx.TransportError):
        httpx.get(running.url.replace("https:", "http:") + "/readyz", timeout=20)
    # The container's own check, which asks whether it answers and not who it is
    script = (
        "printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' "
        f"| openssl s_client -quiet -connect 127.0.0.1:{running.port} 2>/dev/null "
        '| { IFS= read -r line && [[ $line == *" 200 "* ]]; }'
    )
    assert subprocess.run(["bash", "-c", script], timeout=20).returncode == 0
    running.stop()

    settings["tls"] = {}
    (tmp_path / "config" / "local.yaml").write_text(json.dumps(settings))
    assert running.spawn().wait(timeout=30) == 1
    assert "tls.cert must name a file" in running.log()


def test_health_check_with_bash_alone(gateway: Any) -> None:
    script = (
        f"exec 3<>/dev/tcp/127.0.0.1/{gateway.port} && "
        "printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && "
        '[[ $line == *" 200 "* ]]'
    )
    assert subprocess.run(["bash", "-c", script], timeout=20).returncode == 0


def test_not_ready_until_the_storage_is_loaded(tmp_path: Path) -> None:
    store = Store(load({"QDRANT__STORAGE__STORAGE_PATH": str(tmp_path)}))
    transport = httpx.ASGITransport(create_app(store))

    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            paths = ("/livez", "/readyz", "/collections")
            return [(await client.get(path)).status_code for path in paths]

    def codes() -> list[int]:
        return asyncio.run(ask())

    assert codes() == [200, 503, 503]
    store.open()
    assert codes() == [200, 200, 200]
    store.close()
    assert codes() == [200, 503, 503]


def test_a_request_that_is_too_large(make_gateway: Callable[..., Any]) -> None:
    small = make_gateway(QDRANT__SERVICE__MAX_REQUEST_SIZE_MB="1").start()
    body = b" " * (1024 * 1024 + 1)
    answer = httpx.put(f"{small.url}/collections/c/points", content=body, timeout=20)
    assert answer.status_code == 413


def test_a_port_in_use_is_an_error(make_gateway: Callable[..., Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = make_gateway(QDRANT__SERVICE__HTTP_PORT=port)
        assert refused.spawn().wait(timeout=30) != 0
        assert "address already in use" in refused.log()
