"""What runs in containers of a PostgreSQL image: for sh, of every image, and its own programs."""

from __future__ import annotations

from . import steps

DATA = "/var/lib/postgresql/data"
# The image's own volume would be made otherwise, where nothing is mounted
IN_MEMORY = ("/tmp:size=64m,mode=1777", f"{DATA}:size=1m,mode=0700")  # noqa: S108
SERVERS = (
    "/tmp:size=64m,mode=1777",  # noqa: S108
    "/var/run/postgresql:size=1m,mode=1777",
    "/dev/shm:size=128m,mode=1777",  # noqa: S108  as the service has it
)
WORDS = {"LC_ALL": "C"}  # programs' words are read here

# In the service's directory; $1: the cluster's owner. /var/run is a link that would lead out of the
# other container's root. What is written is synced by whoever asked for the copy.
BACKUP = """
for at in run/postgresql tmp none; do
  [ ! -S "/proc/1/root/$at/.s.PGSQL.5432" ] || break
done
if [ "$at" = none ]; then
  echo 'the server has no socket in /run/postgresql and /tmp' >&2
  exit 1
fi
# Where it fails it ends its second process by this signal, an orphan then; the server takes that
# for a crash of its own. Spared, that one ends by itself, once the server ends its connection.
trap '' TERM
export PGAPPNAME="groundwork-copy-$$" PGHOST="/proc/1/root/$at" PGUSER="$1"
pg_basebackup -w -D data -Fp -X stream -c fast --no-sync || {
  failed=$?
  for database in postgres template1; do
    psql -w -d "$database" -v name="$PGAPPNAME" -XAtq -o /dev/null <<'END' || continue
SELECT FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_replication
             WHERE application_name = :'name' OFFSET 0) ended;
END
    break
  done
  exit "$failed"
}
"""
VERIFY = """
pg_verifybackup -q data
du -sk data
"""

NO_COPY, NOT_EMPTY, BROKEN = steps.NO_COPY, steps.NOT_EMPTY, steps.BROKEN
# $1: the service's directory
FILL = f"""
[ -f "/copy/$1/data/backup_manifest" ] || exit {NO_COPY}
for each in {DATA}/* {DATA}/.[!.]* {DATA}/..?*; do
  [ ! -e "$each" ] || [ "$each" = {DATA}/lost+found ] || exit {NOT_EMPTY}
done
cp -a "/copy/$1/data/." {DATA}/
chown -R postgres:postgres {DATA}
chmod 0700 {DATA}
({steps.synced(DATA)}) &
pg_verifybackup -q {DATA} || exit {BROKEN}
wait $!
"""

# Nobody but over the socket, whatever pg_hba.conf in the volume says; nothing is sent elsewhere
ALONE = (
    *("-c", "hba_file=/tmp/pg_hba.conf"),
    *("-c", "listen_addresses="),
    *("-c", "unix_socket_directories=/var/run/postgresql,/tmp"),
    *("-c", "ssl=off"),
    *("-c", "archive_mode=off"),
    *("-c", "max_logical_replication_workers=0"),
)

# In a container that waits; $@: settings
START = f"""
printf 'local all all trust\\n' >/tmp/pg_hba.conf
set -- postgres -D {DATA} "$@"
{steps.start("pg_isready -q -d postgres")}
"""
END = steps.end(f"pg_ctl -D {DATA} -m fast -W stop >/dev/null")

ENDED = f"""
pg_controldata -D {DATA}
{steps.synced(DATA)}
"""
