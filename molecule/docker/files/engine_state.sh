#!/bin/sh
# An engine as a person would know it again: when it started, its settings, its packages.
set -eu
systemctl show docker --property=MainPID,ExecMainStartTimestampMonotonic,UnitFileState
stat --format='%n %a %U %Y' /etc/docker /etc/docker/*
sha256sum /etc/docker/daemon.json
dpkg-query --show 'docker*' containerd runc
ls /etc/apt/sources.list.d /etc/apt/preferences.d
