"""Runs one command in the tree of an image: ``python contained.py <root> <uid> <gid> <folder> …``.

Standard library only, as the shim. The command is process 1 of its container: it sees the tree
read-only, with a /tmp, /dev and /proc of its own, has this machine's network, the user that it is
told, and no way to more privileges. It and all that it starts die with this process, which hands
SIGTERM and SIGINT on and ends as it does: 128 + n by signal n, 127 if there is no such command.
What is mounted is seen from within alone, and goes with the last process.
"""

import ctypes
import os
import select
import signal
import stat
import sys
from pathlib import Path
from typing import NamedTuple

_NEWNS, _NEWIPC, _NEWPID = 0x00020000, 0x08000000, 0x20000000  # from linux/sched.h
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND = 1, 2, 4, 8, 32, 4096  # from linux/mount.h
_REC, _PRIVATE, _DETACH = 16384, 1 << 18, 2
_PDEATHSIG, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 24, 38  # from linux/prctl.h
_LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_NAMES = ("resolv.conf", "hosts")  # of this machine, whose network it has
_FORWARDED = (signal.SIGTERM, signal.SIGINT)
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)  # by Python, and else by what it executes
_LIBC = ctypes.CDLL(None, use_errno=True)


def user_of(root: Path, user: str) -> tuple[int, int]:
    """User and group id of what an image calls its user: `65532:65532`, `worker`, nothing.

    Raises:
        KeyError: the image knows no user or group of that name.
    """
    name, _, group = user.partition(":")
    users, groups = _entries(root / "etc/passwd"), _entries(root / "etc/group")
    if not name or name.isdecimal():
        uid = int(name or 0)
        own = next((entry[3] for entry in users.values() if entry[2] == str(uid)), "0")
    else:
        uid, own = int(users[name][2]), users[name][3]
    group = group or own
    return uid, int(group) if group.isdecimal() else int(groups[group][2])


def _entries(file: Path) -> dict[str, list[str]]:
    try:
        lines = [line.split(":") for line in file.read_text().splitlines()]
    except FileNotFoundError:
        return {}
    return {line[0]: line for line in lines if len(line) > 3}


class Contained(NamedTuple):
    """What to run, where and as whom; `folder` is one of the tree."""

    root: Path
    uid: int
    gid: int
    folder: str
    command: list[str]


def main(what: Contained) -> int:
    """Run the command to its end; its exit code."""
    _call("prctl", _PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:  # whoever started this died before it could be told so
        return 128 + signal.SIGKILL
    _call("unshare", _NEWNS | _NEWIPC | _NEWPID)
    alive, ours = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
    child = os.fork()
    if child == 0:
        os.close(ours)
        _become(what, alive)
    for number in _FORWARDED:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def _become(what: Contained, alive: int) -> None:
    """Turn into the command; never returns."""
    try:
        _enter(what.root)
        _drop_privileges(what.uid, what.gid)
        _call("prctl", _PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # to change the user forgets it
        if not select.select([alive], [], [], 0)[0]:  # the one that waits for this is there
            os.chdir(what.folder)
            for number in _IGNORED:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
            os.execvp(what.command[0], what.command)  # noqa: S606 - no shell is wanted
    except (OSError, ValueError, IndexError) as error:
        os.write(2, f"{error}\n".encode())
    finally:
        os._exit(127)


def _enter(root: Path) -> None:
    """Make the tree all that there is."""
    _mount("none", "/", "", _REC | _PRIVATE)
    _mount(str(root), str(root), "", _BIND)  # a mount of its own, as below it the others are
    _mount("proc", f"{root}/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    _mount("tmpfs", f"{root}/tmp", "tmpfs", _NOSUID | _NODEV, "mode=1777")  # noqa: S108 - its own
    for name in ("sys", "sysrq-trigger"):
        _show(root / "proc" / name, root / "proc" / name)
    _mount_devices(root / "dev")
    for name in _NAMES:
        _show(Path("/etc", name), root / "etc" / name)
    _mount("none", str(root), "", _REMOUNT | _BIND | _RDONLY | _NOSUID)
    os.chdir(root)
    _call("pivot_root", b".", b".")
    _call("umount2", b".", _DETACH)  # the old one, which is now on top
    os.chdir("/")


def _show(source: Path, target: Path) -> None:
    """Let something be read in another place, where both are there."""
    if source.exists() and target.exists():
        _mount(str(source), str(target), "", _BIND)
        _mount("none", str(target), "", _REMOUNT | _BIND | _RDONLY | _NOSUID)


def _mount_devices(folder: Path) -> None:
    _mount("tmpfs", str(folder), "tmpfs", _NOSUID | _NOEXEC, "mode=755")
    for name in _DEVICES:
        device = Path("/dev", name)
        if device.exists() and stat.S_ISCHR(device.stat().st_mode):
            (folder / name).touch()
            _mount(str(device), str(folder / name), "", _BIND)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        (folder / name).symlink_to(f"/proc/self/fd{target}")
    (folder / "shm").mkdir()
    _mount("tmpfs", str(folder / "shm"), "tmpfs", _NOSUID | _NODEV | _NOEXEC, "mode=1777")
    _mount("none", str(folder), "", _REMOUNT | _RDONLY | _NOSUID | _NOEXEC)


def _drop_privileges(uid: int, gid: int) -> None:
    for capability in range(int(_LAST_CAPABILITY.read_text()) + 1):
        _call("prctl", _CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    _call("prctl", _NO_NEW_PRIVS, 1, 0, 0, 0)


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode() or None)
    try:
        _call("mount", *words, flags, data.encode() or None)
    except OSError as error:
        error.filename = target
        raise


def _call(name: str, *arguments: object) -> None:
    """A call of the C library.

    Raises:
        OSError: it failed.
    """
    words = [ctypes.c_ulong(item) if isinstance(item, int) else item for item in arguments]
    if getattr(_LIBC, name)(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    _root, _uid, _gid, _folder, *_command = sys.argv[1:]
    sys.exit(main(Contained(Path(_root), int(_uid), int(_gid), _folder, _command)))
