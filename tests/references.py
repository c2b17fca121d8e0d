"""Images' references that Docker takes, with their parts, and such that it refuses.

The engine itself is asked about all of them in tests/integration/test_images.py.
"""

from __future__ import annotations

SHA = "sha256:" + "0123456789abcdef" * 4

# Registry, path, tag, digest
GOOD = {
    "postgres": ("", "postgres", "", ""),
    "minio/minio:RELEASE.2024-01-16T16-07-38Z": (
        *("", "minio/minio", "RELEASE.2024-01-16T16-07-38Z", ""),
    ),
    "redis:_Next.1-B": ("", "redis", "_Next.1-B", ""),
    f"redis:{'T' * 128}": ("", "redis", "T" * 128, ""),
    "localhost/redis": ("localhost", "redis", "", ""),
    "localhost:5000/a/b/c:TAG": ("localhost:5000", "a/b/c", "TAG", ""),
    "Registry.Example.COM:5000/team_a/x__y/z--1.2:v1": (
        *("Registry.Example.COM:5000", "team_a/x__y/z--1.2", "v1", ""),
    ),
    "UPPER/redis": ("UPPER", "redis", "", ""),
    "10.0.0.5:5000/redis:7": ("10.0.0.5:5000", "redis", "7", ""),
    "[fd00::5]:5000/redis:7": ("[fd00::5]:5000", "redis", "7", ""),
    "qdrant/qdrant:v1.7.4": ("", "qdrant/qdrant", "v1.7.4", ""),
    f"postgres@{SHA}": ("", "postgres", "", SHA),
    f"ghcr.io/a/b:16-Alpine@{SHA}": ("ghcr.io", "a/b", "16-Alpine", SHA),
}
# What it refuses, whatever the command
BAD = (
    *("", " redis", "redis ", "redis\n", "redis:", "redis:7:8", "Redis", "a/Redis:7", "UPPER"),
    *("redis:.7", "redis:-7", f"redis:{'T' * 129}", "redis:é", "a___b", "a..b", "a-", "a_", "_a"),
    *("my_host.example/redis/", "reg-.example/redis", "reg.example:/redis", "https://r.io/redis"),
    *("redis@sha256:abc", f"redis@{SHA[:-1]}", f"redis@{SHA.upper()}", f"redis@{SHA}:7"),
    *("redis@", "redis:7@", "$(id)", "redis;id", "redis:7 --privileged"),
    *(f"redis@sha384:{'0' * 64}", f"redis@md5:{'0' * 32}", "a" * 256, f"{'a/' * 127}bc"),
)
# 64 digits alone name no image by its name: Docker takes them for an image's id
IDENTITY = "0123456789abcdef" * 4
