"""What the engine's words on a pull mean. Recorded from Docker 26.1 with a registry, or a server
that answered as named, unless said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.cli import CommandResult
from ansible.module_utils.groundwork.images import registry
from ansible.module_utils.groundwork.images.registry import PullError, judge

DAEMON = "Error response from daemon: "
R = "127.0.0.1:5000"

UNREACHABLE = (
    f'Get "http://{R}/v2/": dial tcp {R}: connect: connection refused',
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on '
    "10.255.255.53:53: no such host",
    "received unexpected HTTP status: 503 Service Unavailable",
    "received unexpected HTTP status: 500 Internal Server Error",
    "no answer within 15 s",
    # From reports of others
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup x on 172.19.96.1:53: read udp '
    "172.19.107.241:50415->172.19.96.1:53: i/o timeout",
    'Get "https://registry-1.docker.io/v2/": context deadline exceeded (Client.Timeout exceeded '
    "while awaiting headers)",
    'Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout',
    'Get "https://registry-1.docker.io/v2/": Forbidden',
    "Get https://registry-1.docker.io/v2/: proxyconnect tcp: dial tcp 192.168.1.16:3128: "
    "connect: no route to host",
    'Head "https://registry-1.docker.io/v2/library/nginx/manifests/latest": Get '
    '"https://auth.docker.io/token?scope=repository%3Alibrary%2Fnginx%3Apull": Bad Gateway',
    'Get "https://registry-1.docker.io/v2/": tls: failed to verify certificate: x509: certificate '
    "signed by unknown ca",
    'Get "https://registry-1.docker.io/v2/": dial tcp 1.2.3.4:443: connect: permission denied',
    'failed to resolve reference "docker.io/library/redis:7": failed to do request: Head '
    '"https://registry-1.docker.io/v2/library/redis/manifests/7": dial tcp: lookup '
    "registry-1.docker.io: Temporary failure in name resolution",
    'failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token": EOF',
)
REACHED = (
    (
        f"manifest for {R}/hub/tiny:nope not found: manifest unknown: manifest unknown",
        "name or tag",
    ),
    (
        f'Head "http://{R}/v2/hub/tiny/manifests/1": no basic auth credentials',
        f"`docker login {R}`",
    ),
    ("unauthorized: authentication required", f"`docker login {R}`"),
    ("unauthorized", f"`docker login {R}`"),
    ("denied", f"`docker login {R}`"),
    ("toomanyrequests: You have reached your pull rate limit.", f"`docker login {R}` raises"),
    ('error parsing HTTP 429 response body: json: ... : "slow down"', "raises the limit"),
    ("no matching manifest for linux/amd64 in the manifest list entries", "architecture"),
    # From reports of others
    (
        "pull access denied for nobody/none, repository does not exist or may require "
        "'docker login': denied: requested access to the resource is denied",
        "`docker login",
    ),
    (
        'failed to resolve reference "docker.io/library/none:1": pull access denied, repository '
        "does not exist or may require authorization: server message: insufficient_scope: "
        "authorization failed",
        "`docker login",
    ),
    (
        "unknown: failed to resolve reference: unexpected status from HEAD request to "
        "https://registry-1.docker.io/v2/library/alpine/manifests/latest: 403 Forbidden",
        "`docker login",
    ),
    ('failed to resolve reference "r.io/x:nope": r.io/x:nope: not found', "name or tag"),
    ("no match for platform in manifest: not found", "architecture"),
    (
        'Get "https://10.0.0.5:5000/v2/": http: server gave HTTP response to HTTPS client',
        "insecure-registries",
    ),
    ("write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "docker system df"),
    ("something that nobody has ever seen", "docker pull"),
)


def failed(text: str, printed: str = "") -> PullError:
    return judge(f"{R}/hub/tiny:1", CommandResult(1, printed, f"{DAEMON}{text}\n"))


@pytest.mark.parametrize("text", UNREACHABLE)
def test_a_registry_out_of_reach_is_told_by_the_network(text: str) -> None:
    refusal = failed(text)
    assert not refusal.reached
    assert refusal.why == f"no registry in reach: {text}"


@pytest.mark.parametrize(("text", "next_step"), REACHED)
def test_a_registry_that_refuses_says_what_to_do(text: str, next_step: str) -> None:
    refusal = failed(text)
    assert refusal.reached
    assert not refusal.again
    assert text in refusal.why
    assert next_step in refusal.next_step


@pytest.mark.parametrize(
    "text", ["unexpected EOF", "read: connection reset by peer", UNREACHABLE[0]]
)
def test_a_registry_that_dies_in_the_middle_was_reached(text: str) -> None:
    refusal = failed(text, "1: Pulling from hub/big\na4313b1daed4: Retrying in 1 second\n")
    assert refusal.reached
    assert not refusal.again, "the engine itself has tried five times"
    assert "broke in the middle" in refusal.why
    assert "Run again" in refusal.next_step


def test_an_images_name_is_no_evidence() -> None:
    reference = "127.0.0.1:5000/unauthorized/denied-eof:not-found"
    text = f'Head "http://{R}/v2/unauthorized/denied-eof/manifests/x": connection refused'
    assert not judge(reference, CommandResult(1, "", text)).reached
    text = f"manifest for {reference} not found: manifest unknown"
    assert "name or tag" in judge(reference, CommandResult(1, "", text)).next_step


def test_an_engine_that_is_silent_is_no_registry_out_of_reach() -> None:
    for result in (
        CommandResult(127, "", "docker: No such file or directory"),
        CommandResult(1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."),
    ):
        refusal = judge("redis:7", result)
        assert refusal.reached
        assert "engine doesn't answer" in refusal.why


def test_docker_hubs_login_needs_no_host() -> None:
    refusal = judge("redis:7", CommandResult(1, "", "toomanyrequests: slow down"))
    assert "`docker login` raises" in refusal.next_step


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        ('Get "https://registry-1.docker.io/v2/": dial tcp: lookup x: no such host', 1),
        ("dial tcp 127.0.0.1:5000: connect: connection refused", 1),
        ("no answer within 15 s", 1),
        ("manifest for redis:nope not found: manifest unknown", 1),
        ("toomanyrequests: You have reached your pull rate limit", 1),
        ("net/http: TLS handshake timeout", 3),
        ("received unexpected HTTP status: 503 Service Unavailable", 3),
        ("read tcp 10.0.0.2:1->1.2.3.4:443: read: connection reset by peer", 3),
    ],
)
def test_only_what_may_pass_is_tried_again(error: str, attempts: int) -> None:
    calls: list[Sequence[str]] = []
    slept: list[float] = []

    def run(args: Sequence[str]) -> CommandResult:
        calls.append(args)
        return CommandResult(1, "", f"{DAEMON}{error}\n")

    refusal = registry.pull("redis:7-alpine", run, slept.append)
    assert refusal is not None
    assert len(calls) == attempts
    assert len(slept) == attempts - 1
    assert slept == sorted(slept)
    assert error in refusal.why


def test_a_pull_that_works_the_second_time_is_fine() -> None:
    results = iter([CommandResult(1, "", "unexpected EOF"), CommandResult(0, "", "")])
    assert registry.pull("redis:7", lambda _: next(results), lambda _: None) is None


def ran(directory: Path, script: str) -> CommandResult:
    """What the runner makes of a command line that does as the script says."""
    cli = directory / "docker"
    cli.write_text(f"#!/bin/sh\n{script}\n")
    cli.chmod(0o755)
    return registry.runner(str(cli))(["pull", "redis:7"])


def test_a_pull_that_says_nothing_or_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "FIRST_ANSWER", 0.3)
    monkeypatch.setattr(registry, "PULL_TIMEOUT", 0.3)
    silent = ran(tmp_path, "exec sleep 60")
    assert silent == CommandResult(124, "", "no answer within 0.3 s")
    endless = ran(tmp_path, "echo '7: Pulling from redis'; exec sleep 60")
    assert endless == CommandResult(124, "7: Pulling from redis\n", "not done after 0.3 s")
    assert "broke in the middle" in judge("redis:7", endless).why


def test_a_pull_that_ends_gives_its_last_line_as_the_error(tmp_path: Path) -> None:
    assert ran(tmp_path, "echo one; echo done") == CommandResult(0, "one\ndone\n", "")
    assert ran(tmp_path, "echo $1; echo denied >&2; echo; exit 1") == CommandResult(
        1, "pull\ndenied\n\n", "denied"
    )
    assert registry.runner(str(tmp_path / "none"))(["pull"]).code == 127


def test_a_registry_behind_a_firewall_is_out_of_reach_in_the_middle_too() -> None:
    assert not failed(
        "dial tcp 1.2.3.4:443: connect: permission denied", "1: Pulling from x"
    ).reached
