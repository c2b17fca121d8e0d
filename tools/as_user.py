"""Runs a command as an ordinary user, in that user's own copy of this checkout.

    .venv/bin/python tools/as_user.py pytest tests/integration

Root may do everything, so what root tries says little about a laptop. The user is in the group
docker and nothing else. What only root can give, the engine and the first images, is had before.
A program of .venv/bin is taken from the copy's own; nothing is downloaded for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLOT = os.environ.get("GROUNDWORK_TEST_SLOT", "0")
NAME = "groundwork-test"
# A person's own things; the copy's are kept from one run to the next
STAY = {".venv", ".cache", ".pytest_cache"}
ROOTS_OWN = {"HOME", "MAIL", "PWD", "OLDPWD", "SHELL", "TMPDIR", "VIRTUAL_ENV", "SSH_AUTH_SOCK"}


def main() -> None:
    """Become the user and run the command."""
    if os.geteuid() != 0:
        sys.exit("Only root can become another user; an ordinary one runs the command itself.")
    give_the_machine()
    user = ordinary_user()
    copy = Path(user.pw_dir) / f"checkout {SLOT}" / "groundwork"
    copy.mkdir(parents=True, exist_ok=True)
    hold(copy.parent)
    copy_checkout(copy, user)
    copy_venv(copy, user)
    share_another_python(user)
    become(user)
    program, *rest = sys.argv[1:] or ["sh"]
    own = copy / ".venv" / "bin" / program
    command = [
        str(own if own.exists() else program),
        *(a.replace(str(ROOT), str(copy)) for a in rest),
    ]
    here = Path.cwd()
    os.chdir(copy / here.relative_to(ROOT) if here.is_relative_to(ROOT) else copy)
    os.execvpe(command[0], command, environment(user))  # noqa: S606


def give_the_machine() -> None:
    """The engine and the images, where they aren't there yet."""
    playbook = [str(ROOT / ".venv/bin/ansible-playbook"), "tests/machine.yml"]
    if subprocess.run(playbook, cwd=ROOT, stdin=subprocess.DEVNULL).returncode:
        sys.exit("The engine or the images could not be had, so nothing can be tried.")


def ordinary_user() -> pwd.struct_passwd:
    """The user, made where there is none."""
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        make = ["useradd", "--create-home", "--shell", "/bin/sh", NAME]
        # Another run may make it at this moment
        if subprocess.run(make, capture_output=True).returncode not in (0, 9):
            sys.exit(f"The user {NAME} can't be made: {' '.join(make)}")
    subprocess.run(["usermod", "--append", "--groups", "docker", NAME], check=True)
    return pwd.getpwnam(NAME)


def hold(directory: Path) -> None:
    """Keep other runs of this slot out, until the command has ended (it inherits the file)."""
    file = os.open(directory, os.O_RDONLY)
    os.set_inheritable(file, True)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(
            f"Another run uses {directory}. Wait, or set GROUNDWORK_TEST_SLOT to a free number."
        )


def copy_checkout(copy: Path, user: pwd.struct_passwd) -> None:
    """The files that git knows or would add, as they are now."""
    for entry in copy.iterdir():
        if entry.name not in STAY:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for path in (copy.parent, copy):
        os.chown(path, user.pw_uid, user.pw_gid)
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    # Not one that was deleted and not committed yet
    names = [name for name in listed.split("\0") if name and os.path.lexists(ROOT / name)]
    packed = subprocess.run(
        ["tar", "--create", "--null", "--files-from=-"],
        cwd=ROOT, input="\0".join(names).encode(), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    subprocess.run(
        ["tar", "--extract"],
        cwd=copy, input=packed.stdout, user=user.pw_uid, group=user.pw_gid, extra_groups=[],
        umask=0o022, check=True,
    )  # fmt: skip


def copy_venv(copy: Path, user: pwd.struct_passwd) -> None:
    """The project's Python: packages as hard links, scripts and settings rewritten.

    The directories are the user's own, so that bytecode can be kept.
    """
    source, target = ROOT / ".venv", copy / ".venv"
    python = readable_python(user)
    made = max(stamp.stat().st_mtime_ns for stamp in source.glob("ready*"))
    made_from = f"{source} {made} {python}\n"
    stamp = target / "made-from"
    if stamp.exists() and stamp.read_text() == made_from:
        return
    shutil.rmtree(target, ignore_errors=True)
    leave_out = shutil.ignore_patterns("python*", "pyvenv.cfg", "include", "directory")
    shutil.copytree(source / "lib", target / "lib", symlinks=True, copy_function=link)
    shutil.copytree(source / "bin", target / "bin", symlinks=True, ignore=leave_out)
    for script in (target / "bin").iterdir():
        point_to(script, target / "bin" / "python")
    (target / "bin" / "python").symlink_to(python)
    (target / "bin" / "python3").symlink_to("python")
    settings = f"home = {python.parent}\ninclude-system-site-packages = false\n"
    (target / "pyvenv.cfg").write_text(settings)
    (target / "directory").write_text(f"{copy}\n")
    (target / "ready").touch()
    for directory, _, _ in os.walk(target):
        os.chown(directory, user.pw_uid, user.pw_gid)
    for path in (*target.iterdir(), *(target / "bin").iterdir()):  # no links to root's files
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    complete(copy, user)
    stamp.write_text(made_from)


def complete(copy: Path, user: pwd.struct_passwd) -> None:
    """Another patch release of Python may need a package more."""
    for command in ([".venv/bin/python", "-m", "ensurepip"], ["tools/venv", "--dev"]):
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment(user),
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed in {copy}:\n{done.stdout}")


def link(source: str, target: str) -> None:
    """Link a file, or copy it where that can't be done or only root may read it."""
    try:
        if Path(source).stat().st_mode & 0o004:
            os.link(source, target, follow_symlinks=False)
            return
    except OSError:
        pass
    shutil.copy2(source, target, follow_symlinks=False)
    Path(target).chmod(0o644)


def point_to(script: Path, python: Path) -> None:
    """Let a script of the old environment start with this Python, whose path may have a space."""
    text = script.read_bytes()
    if script.is_symlink() or not text.startswith(b"#!"):
        return
    lines = text.splitlines(keepends=True)
    body = lines[3 if lines[1].startswith(b"'''exec'") else 1 :]
    head = f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"
    script.write_bytes(head.encode() + b"".join(body))


def readable_python(user: pwd.struct_passwd) -> Path:
    """A Python of the same version that the user may run: root's may lie in root's own home."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    tried = [f"{sys.base_prefix}/bin/python{version}"]
    tried += [f"{directory}/python{version}" for directory in ("/usr/bin", "/usr/local/bin")]
    for path in tried:
        command = ["test", "-x", path]
        if subprocess.run(command, user=user.pw_uid, group=user.pw_gid).returncode == 0:
            return Path(path)
    sys.exit(f"There is no Python {version} that an ordinary user may run: {', '.join(tried)}.")


def share_another_python(user: pwd.struct_passwd) -> None:
    """One of root's further Pythons, for an app that has another version than ours.

    Those of pyenv find their modules beside themselves, wherever they are.
    """
    own, place = sys.version_info.minor, Path(user.pw_dir) / "pythons"
    for source in sorted(Path.home().glob(".pyenv/versions/3.*")):
        minor = int(source.name.split(".")[1])
        if minor <= own or not (source / "bin" / f"python3.{minor}").exists():
            continue
        target = place / source.name
        if not target.exists():
            part = target.with_name(f"{target.name}-{os.getpid()}")  # another slot may do it too
            leave_out = shutil.ignore_patterns("test", "__pycache__", "*.a")
            shutil.copytree(source, part, True, leave_out, share)
            look_beside(part / "bin" / f"python3.{minor}", source / "lib")
            with contextlib.suppress(OSError):
                part.rename(target)
            shutil.rmtree(part, ignore_errors=True)
        return


def share(source: str, target: str) -> None:
    """Link a file, or copy it; everybody may read and run it as it is."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def look_beside(program: Path, directory: Path) -> None:
    """Have a program look for libraries beside itself in place of the directory it names."""
    old, new = f"\0{directory}\0".encode(), b"\0$ORIGIN/../lib"
    text = program.read_bytes().replace(old, new.ljust(len(old), b"\0"))
    program.unlink()  # a link to root's
    program.write_bytes(text)
    program.chmod(0o755)


def become(user: pwd.struct_passwd) -> None:
    """Give up root."""
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.umask(0o022)


def environment(user: pwd.struct_passwd) -> dict[str, str]:
    """Root's variables less those that are root's own; PATH as an ordinary user has it."""
    home = pwd.getpwuid(0).pw_dir
    kept = {
        name: value
        for name, value in os.environ.items()
        if home not in value and name not in ROOTS_OWN and not name.startswith(("XDG_", "SUDO_"))
    }
    directories = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = [f for f in directories if not f.startswith(home) and not f.endswith("sbin")]
    return kept | {
        "PATH": os.pathsep.join(path),
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        "SHELL": user.pw_shell,
    }


if __name__ == "__main__":
    main()
