"""What a process gives up, for good, before it runs a stranger's code: files (Landlock), and all
system calls that start, reach or fill more than the process itself (seccomp). Linux only.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable

MAX_MEMORY = 2 * 2**30  # bytes that a process may fill; a stranger's, with what is mapped or shared
MAX_FILE = 16 * 2**20  # bytes
MAX_OPEN = 64  # files
MAX_SECONDS = 120  # of CPU, more than any function gets
LONGEST = 3_600  # seconds of CPU; only where whoever would end it sooner is gone

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 38, 22  # of Linux
SIGKILL, EPERM, ENOSYS = 9, 1, 38

# Numbers of system calls on x86_64 and aarch64; one number is of both, and "-" is none.
# What reaches beyond the process, whoever's code it is:
REACHING = """
socket 41 198, socketpair 53 199, connect 42 203, bind 49 200, listen 50 201, accept 43 202,
accept4 288 242, sendto 44 206, sendmsg 46 211, sendmmsg 307 269, io_uring_setup 425,
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272,
pidfd_send_signal 424, pidfd_open 434, pidfd_getfd 438, process_madvise 440, process_mrelease 448,
unshare 272 97, setns 308 268, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51,
open_tree 428, move_mount 429, fsopen 430, fsconfig 431, fsmount 432, fspick 433,
mount_setattr 442, bpf 321 280, perf_event_open 298 241, userfaultfd 323 282,
add_key 248 217, request_key 249 218, keyctl 250 219, open_by_handle_at 304 265
"""
# What starts another process or thread, or signals one:
STARTING = """
fork 57 -, vfork 58 -, clone 56 220, clone3 435, execve 59 221, execveat 322 281,
setsid 112 157, setpgid 109 154, prctl 157 167, rt_sigqueueinfo 129 138,
rt_tgsigqueueinfo 297 240, setpriority 141 140, sched_setparam 142 118,
sched_setscheduler 144 119, sched_setattr 314 274, sched_setaffinity 203 122, ioprio_set 251 30,
migrate_pages 256 238, move_pages 279 239
"""
# What fills memory that no limit counts, or changes what is known of a file:
FILLING = """
memfd_create 319 279, memfd_secret 447, shmget 29 194, shmat 30 196, shmctl 31 195, msgget 68 186,
semget 64 190, mq_open 240 180, io_setup 206 0, inotify_init 253 -, inotify_init1 294 26,
fanotify_init 300 262, chmod 90 -, fchmod 91 52, fchmodat 268 53, chown 92 -, lchown 94 -,
fchown 93 55, fchownat 260 54, utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88,
setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15,
fremovexattr 199 16
"""
# What may be done to the process itself only, which is named first:
OWN = "kill 62 129, tkill 200 130, tgkill 234 131, prlimit64 302 261"
NEWEST = 450  # of the system calls that were looked at; what is newer is not known to a process

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
LOAD, EQUAL, MORE, RETURN = 0x20, 0x15, 0x25, 0x06  # of the filter's language
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # of Landlock, on every architecture
NEWEST_LANDLOCK = 6  # the first version that keeps signals in
EVERYTHING = (1 << 16) - 1  # that is done to files
READ_FILE, READ_DIR, EXECUTE, WRITE_FILE, TRUNCATE = 1 << 2, 1 << 3, 1, 1 << 1, 1 << 14


class NotSealed(Exception):
    """The system does not have what is to be used; the message says what."""


def limit(strangers: bool = False) -> None:
    """Bound what a process may take, and end it with what started it, where that can be said."""
    limits = {resource.RLIMIT_DATA: MAX_MEMORY, resource.RLIMIT_CPU: LONGEST}
    if strangers:
        limits |= {
            resource.RLIMIT_CPU: MAX_SECONDS,
            resource.RLIMIT_AS: MAX_MEMORY,
            resource.RLIMIT_FSIZE: MAX_FILE,
            resource.RLIMIT_NOFILE: MAX_OPEN,
            resource.RLIMIT_NPROC: 0,  # root may start more, which the filter refuses
            resource.RLIMIT_CORE: 0,
        }
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, soft if strangers else hard))
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, SIGKILL)


def fence(read: Iterable[str], listed: Iterable[str] = ()) -> None:
    """Take all files away but those below some paths, to read, and the names below others.

    Raises NotSealed.
    """
    version = _syscall(CREATE_RULESET, None, 0, 1)
    if version < NEWEST_LANDLOCK:
        raise NotSealed(f"version {NEWEST_LANDLOCK} of Landlock is wanted, found {max(version, 0)}")
    wanted = struct.pack("QQQ", EVERYTHING, 0b11, 0b11)  # files; TCP; sockets by name, signals
    ruleset = _must(_syscall(CREATE_RULESET, wanted, len(wanted), 0), "Landlock")
    rights = dict.fromkeys(listed, READ_DIR) | dict.fromkeys(read, READ_FILE | READ_DIR | EXECUTE)
    for path, may in {**rights, os.devnull: READ_FILE | WRITE_FILE | TRUNCATE}.items():
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # what is not there needs no right
        of_kind = may if os.path.isdir(path) else may & ~READ_DIR
        rule = struct.pack("=Qi", of_kind, place)
        _must(_syscall(ADD_RULE, ruleset, 1, rule, 0), "Landlock")
        os.close(place)
    _must(_prctl(PR_SET_NO_NEW_PRIVS, 1), "no new privileges")
    _must(_syscall(RESTRICT_SELF, ruleset, 0), "Landlock")
    os.close(ruleset)


def seal(strangers: bool = False) -> None:
    """Refuse, from here on, all system calls that reach beyond the process. Raises NotSealed.

    strangers: and those that start another, or fill what no limit counts.
    """
    _must(_prctl(PR_SET_NO_NEW_PRIVS, 1), "no new privileges")
    nothing = struct.pack("IIIIII", 0, 0, 0, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)
    _must(ctypes.CDLL(None, use_errno=True).capset(header, nothing), "capabilities")
    program = _filter(strangers)
    code = ctypes.create_string_buffer(program, len(program))
    filled = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    _must(_prctl(PR_SET_SECCOMP, 2, filled), "seccomp")


def _filter(strangers: bool) -> bytes:
    """Return a program of the kernel's that refuses system calls. Raises NotSealed."""
    if platform.machine() not in ARCHITECTURES or struct.calcsize("P") != 8:
        raise NotSealed(f"no list of system calls for {platform.machine()}")
    column, architecture = ARCHITECTURES[platform.machine()]
    refused = [*_numbers(REACHING, column)]
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if strangers:
        refused += [*_numbers(STARTING, column), *_numbers(FILLING, column)]
        for number in _numbers(OWN, column):  # with the first argument as it is, or 0 for a limit
            steps += [(EQUAL, 0, 5, number), (LOAD, 0, 0, 16), (EQUAL, 2, 0, os.getpid())]
            itself = 0 if number in _numbers("prlimit64 302 261", column) else os.getpid()
            steps += [(EQUAL, 1, 0, itself), (RETURN, 0, 0, REFUSE | EPERM), (RETURN, 0, 0, ALLOW)]
    for number in refused:
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | EPERM)]
    steps += [(MORE, 0, 1, NEWEST), (RETURN, 0, 0, REFUSE | ENOSYS), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _numbers(calls: str, column: int) -> list[int]:
    """Return the numbers of system calls on an architecture, which may not have all of them."""
    each = [call.split()[1:] for call in calls.split(",")]
    return [int(of[column % len(of)]) for of in each if of[column % len(of)] != "-"]


def _prctl(option: int, *arguments: int | bytes) -> int:
    words = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in arguments]
    zeros = [ctypes.c_ulong(0)] * (4 - len(words))
    return int(ctypes.CDLL(None, use_errno=True).prctl(option, *words, *zeros))


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *words))


def _must(outcome: int, what: str) -> int:
    """Return what a call did. Raises NotSealed where it failed."""
    if outcome < 0:
        raise NotSealed(f"{what}: {os.strerror(ctypes.get_errno())}")
    return outcome
