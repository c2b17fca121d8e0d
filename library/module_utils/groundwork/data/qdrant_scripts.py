"""What runs in containers of a Qdrant image: bash, which all of them have, and no curl."""

from __future__ import annotations

from . import steps

STORAGE = "/qdrant/storage"
SNAPSHOTS = f"{STORAGE}/snapshots"
RESTORED = "groundwork.restored"  # a directory there; no collection's files are in it
LOST = 23

# As the Compose file has them: a snapshot elsewhere can't be recovered (another file system)
ENVIRONMENT = {
    "QDRANT__TELEMETRY_DISABLED": "true",
    "QDRANT__STORAGE__SNAPSHOTS_PATH": SNAPSHOTS,
    "QDRANT__STORAGE__TEMP_PATH": f"{STORAGE}/tmp",  # noqa: S108  on the volume
    "QDRANT_INIT_FILE_PATH": "/tmp/.qdrant-initialized",  # noqa: S108  in the container
}

# $1: the service's directory; then a collection, its snapshot and the new name of each. A line of
# SHA-256 and bytes for each, then `du`.
COPY = f"""
cd -- "/copy/$1"; shift
umask 077
while [ "$#" -gt 0 ]; do
  from="{SNAPSHOTS}/$1/$2"
  [ -f "$from" ] || {{ echo "there is no $from" >&2; exit {LOST}; }}
  cp --sparse=always -- "$from" "$3"
  echo "$(sha256sum <"$3" | cut -d' ' -f1) $(wc -c <"$3")"
  shift 3
done
du -sk .
"""

# Before the server starts
PREPARE = f"""
{steps.IS_EMPTY}
is_empty {STORAGE}
umask 077
mkdir -p {SNAPSHOTS}/{RESTORED}
chown -R --reference={STORAGE} {SNAPSHOTS}
"""
# While it does. $1: the service's directory; then a file and its SHA-256, for each
FILL = f"""
from="/copy/$1"; shift
umask 077
while [ "$#" -gt 0 ]; do
  [ -f "$from/$1" ] || exit {steps.NO_COPY}
  cp --sparse=always -- "$from/$1" {SNAPSHOTS}/{RESTORED}/
  sum=$(sha256sum <"{SNAPSHOTS}/{RESTORED}/$1" | cut -d' ' -f1)
  [ "$sum" = "$2" ] || exit {steps.BROKEN}
  shift 2
done
chown -R --reference={STORAGE} {SNAPSHOTS}/{RESTORED}
"""

FINISH = f"rm -rf {SNAPSHOTS}/{RESTORED}; {steps.synced(STORAGE)}"

# $1: method, $2: path, $3: the bytes of the body on standard input, whose end may get lost on the
# way into a container. The answer as it comes, closed at its end.
ASK = """
export LC_ALL=C
body=$(head -c "$3")
exec 3<>/dev/tcp/127.0.0.1/6333
printf '%s %s HTTP/1.0\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n' "$1" "$2" >&3
printf 'Content-Length: %d\\r\\n\\r\\n%s' "${#body}" "$body" >&3
cat <&3
"""
