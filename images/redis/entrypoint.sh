#!/bin/sh
# Starts Redis as the official image does: started as root, it makes /data its own and steps down
# to the user redis; an option or a .conf file alone means `redis-server` with it.
set -eu

case "${1:-}" in
    -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis:redis '{}' +
    exec setpriv --reuid=redis --regid=redis --init-groups --inh-caps=-all "$0" "$@"
fi

# Files of Redis are for Redis alone, unless somebody chose another mask.
[ "$(umask)" != 0022 ] || umask 0077
exec "$@"
