#!/bin/sh
# Gives the engine an image of a few megabytes, groundwork-test/tiny, made of the host's own files;
# no registry is in reach.
set -eu
docker image inspect groundwork-test/tiny >/dev/null 2>&1 && exit 0
set -- /bin/cat /bin/sleep /etc/resolv.conf
for library in $(ldd /bin/cat /bin/sleep | grep --only-matching --extended-regexp '/lib[^ ]+' | sort --unique); do
    [ "${library%:}" = "$library" ] && set -- "$@" "$library"
done
tar --create --dereference --absolute-names "$@" | docker import - groundwork-test/tiny
