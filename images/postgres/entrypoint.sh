#!/usr/bin/env bash
# Starts PostgreSQL the way the official postgres:16 image does, as far as Groundwork uses it:
#   POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD, POSTGRES_INITDB_ARGS, each also as NAME_FILE;
#   PGDATA. Started as root it makes PGDATA its own and steps down to the user postgres.
# GROUNDWORK_LOCALE: how a new cluster sorts text. The default is C.UTF-8, by code point, as musl
# does in the official image on Alpine whatever its locale is called; the one on Debian has en_US.utf8.
# Left out: /docker-entrypoint-initdb.d (the schema belongs to Alembic),
# POSTGRES_HOST_AUTH_METHOD and POSTGRES_INITDB_WALDIR.
#
# A new cluster is made in the folder $NEW inside the volume, and moved up only when it is whole;
# PG_VERSION moves last and is what says "this is a cluster". So an init that was cut short, at
# any point, is seen as such by the next start, which clears it away and begins anew.
set -Eeuo pipefail
shopt -s nullglob dotglob

NEW="$PGDATA/.groundwork-init"
# This build's own default is /tmp alone (where its psql looks); the official image's is the other.
SOCKETS="unix_socket_directories=/var/run/postgresql,/tmp"

fail() {
    printf 'docker-entrypoint: %s\n' "$@" >&2
    exit 1
}

# setting NAME DEFAULT: the value of NAME, or of the file that NAME_FILE names.
setting() {
    local name=$1 file_name="$1_FILE"
    if [[ -n ${!name:-} && -n ${!file_name:-} ]]; then
        fail "$name and $file_name are both set; set one of them."
    fi
    if [[ -n ${!file_name:-} ]]; then
        [[ -r ${!file_name} ]] || fail "$file_name: ${!file_name} can't be read."
        printf -v "$name" '%s' "$(<"${!file_name}")"
    else
        printf -v "$name" '%s' "${!name:-$2}"
    fi
    export "${name?}"
    unset "$file_name"
}

own_folders() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 0700 "$PGDATA"
    find "$PGDATA" \! -user postgres -exec chown postgres:postgres '{}' +
    find /var/run/postgresql \! -user postgres -exec chown postgres:postgres '{}' +
    chmod 3777 /var/run/postgresql 2>/dev/null || true
}

# Everything in PGDATA but what a file system itself puts there.
contents() {
    local path
    for path in "$PGDATA"/*; do
        [[ ${path##*/} == lost+found ]] || printf '%s\n' "$path"
    done
}

clear_interrupted_init() {
    local path
    if [[ -d $NEW ]]; then
        echo "docker-entrypoint: an earlier init was interrupted; it is cleared away"
        # $NEW goes last: as long as it is there, the rest is known to be an unfinished init's.
        for path in "$PGDATA"/*; do
            [[ $path == "$NEW" || ${path##*/} == lost+found ]] || rm -rf "$path"
        done
        rm -rf "$NEW"
    fi
}

refuse_foreign_files() {
    [[ -s $PGDATA/PG_VERSION || -d $NEW || -z $(contents) ]] ||
        fail "$PGDATA holds files but no PostgreSQL cluster (no PG_VERSION)." \
            "Nothing was touched. Give an empty volume, or look at what is in this one."
}

init() {
    local arguments path
    [[ -n $POSTGRES_PASSWORD ]] ||
        fail "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE is needed to make a new cluster."
    set -f
    # shellcheck disable=SC2206 # words, as in the official image
    arguments=($POSTGRES_INITDB_ARGS)
    set +f
    mkdir -m 0700 "$NEW"
    initdb --pgdata="$NEW" --username="$POSTGRES_USER" --encoding=UTF8 \
        --locale="${GROUNDWORK_LOCALE:-C.UTF-8}" --data-checksums \
        --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
    printf '\nhost all all all scram-sha-256\n' >>"$NEW/pg_hba.conf"
    sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" "$NEW/postgresql.conf"

    if [[ $POSTGRES_DB != postgres ]]; then
        # On the socket alone, so that nobody takes this server for the finished one.
        pg_ctl --pgdata="$NEW" --wait --silent --options="-c listen_addresses='' -c $SOCKETS" start
        PGPASSWORD=$POSTGRES_PASSWORD psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
            --host=/var/run/postgresql --username="$POSTGRES_USER" --no-password \
            --dbname=postgres --set=db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
        pg_ctl --pgdata="$NEW" --wait --silent --mode=fast stop
    fi

    sync -f "$NEW"
    for path in "$NEW"/*; do
        [[ ${path##*/} == PG_VERSION ]] || mv -T "$path" "$PGDATA/${path##*/}"
    done
    sync -f "$PGDATA"
    mv -T "$NEW/PG_VERSION" "$PGDATA/PG_VERSION"
    sync -f "$PGDATA"
    echo "docker-entrypoint: the new cluster is ready"
}

if [[ ${1:-} == -* ]]; then
    set -- postgres "$@"
fi

if [[ ${1:-} == postgres ]]; then
    refuse_foreign_files
    setting POSTGRES_PASSWORD ''
    if [[ $(id -u) == 0 ]]; then
        # The password's file may be root's alone: it was read above, and is handed on.
        own_folders
        exec setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all "$0" "$@"
    fi
    if [[ ! -s $PGDATA/PG_VERSION ]]; then
        setting POSTGRES_USER postgres
        setting POSTGRES_DB "$POSTGRES_USER"
        setting POSTGRES_INITDB_ARGS ''
        clear_interrupted_init
        init
    fi
    [[ ! -d $NEW ]] || rmdir "$NEW"
    shift
    set -- postgres -c "$SOCKETS" "$@"
    # The running server and what it starts have no use for the password.
    unset POSTGRES_PASSWORD
fi

exec "$@"
