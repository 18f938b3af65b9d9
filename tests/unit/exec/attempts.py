# SPDX-License-Identifier: MIT
# Ways out of the sandbox, tried from inside: one line "name: outcome (layers)" for each. An outcome is the name of
# an error, or REACHED where the attempt did what it should not; the layers are those of LAYERS that may have
# stopped it under this backend. argv: a JSON object with what there is to reach.
import ctypes
import errno
import fcntl
import json
import mmap
import os
import signal
import socket
import struct
import sys
import time

GOAL = json.loads(sys.argv[1])
LIBC = ctypes.CDLL(None, use_errno=True)
HERE = os.getcwd()


# What stops an attempt under bubblewrap, and under Landlock. A list per pair, since most are stopped by the same.
LAYERS = {}
for _bwrap, _landlock, _names in [
    ("own root", "Landlock", [
        "read the key", "read the key by a link", "read the key by the root of the owner", "read the key by a parent of the folder",
        "read the key through an open handle of the owner", "give the key a second name", "read the goldens", "read another task's folder",
        "read the live skill", "read the run", "list the folder of the run", "read the environment of the owner",
        "read the memory of the owner", "read the passwords", "read the home of root", "write the key", "write the live skill",
        "write the run", "write the live skill by a link", "remove the live skill", "rename the live skill", "cut the key short",
        "write a job", "write to the place of all", "write a setting of a device", "write a control group"]),
    ("own processes", "Landlock|own processes", [
        "read the environment of all parents"]),
    ("own processes", "own processes", [
        "find the key in its own environment", "find an open handle of the owner"]),
    ("filter", "filter", [
        "open by handle", "raw packets", "packets of the link", "ask the kernel's routes", "connect to the host of a virtual machine",
        "a socket of the kernel's ciphers", "a socket of keys of the network", "a socket of packets past the kernel",
        "a socket of other machines of a cluster", "a socket of Bluetooth", "take the owner's files", "trace another process",
        "read another process", "write into another process", "limit the owner", "slow the owner down", "move the owner's memory out",
        "hide from being measured", "type into the terminal by the upper half", "paste into the console", "type into the terminal",
        "a new user namespace", "another namespace", "clone into a new user namespace", "clone by flags in memory",
        "open by flags in memory", "call with numbers of x32", "call as a program of 32 bits", "a file system of its own", "mount",
        "unmount", "another root", "pivot the root", "open a tree of mounts", "read the kernel's log", "load a module",
        "load another kernel", "programs in the kernel", "rings of requests", "performance counters", "keys of the user", "add a key",
        "faults handled by users", "watch files of all", "restart the machine", "swap", "account processes",
        "a file that was never named, executed", "memory that nobody sees", "shared memory of System V", "queues of messages"]),
    ("own root", "Landlock|filter", [
        "open the key to all"]),
    ("read-only", "Landlock", [
        "exchange the work folder for programs", "write a program", "write a start-up file of python"]),
    ("own root|read-only", "Landlock", [
        "make a file beside the work folder"]),
    ("own root", "Landlock|no rights", [
        "give a program a second name"]),
    ("no rights", "no rights", [
        "hold a program for itself", "move its own marks", "become root", "make a device", "set the clock", "name the machine"]),
    ("own place", "Landlock", [
        "write to shared memory"]),
    ("read-only|no rights", "Landlock", [
        "write a setting", "write a setting of the kernel"]),
    ("own root|read-only|no rights", "Landlock|absent", [
        "write to the machine's switches"]),
    ("own network", "filter", [
        "connect by IPv4", "connect by IPv6", "send a datagram", "connect to an abstract socket"]),
    ("own root", "filter", [
        "connect to a named socket", "send to a named socket"]),
    ("own processes", "scope", [
        "end the owner", "stop the owner", "end the owner through an asynchronous file", "end the owner by a handle",
        "end the process of another command"]),
    ("no rights", "Landlock", [
        "be spared when memory is short", "map users anew"]),
    ("own session", "Landlock", [
        "open the terminal"]),
    ("own root", "Landlock|absent", [
        "open a disk", "open a virtual machine", "open a file system of users", "open memory"]),
    ("filter|no rights", "filter|no rights", [
        "ports of the machine"]),
]:
    LAYERS |= {_name: {"bwrap": _bwrap.split("|"), "landlock": _landlock.split("|")} for _name in _names}


def name_of(number):
    return errno.errorcode.get(number, str(number))


def syscall(number, *arguments):
    done = LIBC.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if done < 0:
        raise OSError(ctypes.get_errno(), "")
    return done


def attempt(name, act):
    try:
        outcome = act()
        outcome = "REACHED" if outcome is None else outcome
    except OSError as e:
        outcome = name_of(e.errno)
    print(f"{name}: {outcome} ({'|'.join(LAYERS[name][GOAL['backend']])})", flush=True)


def read(path):
    def act():
        with open(path, "rb") as file:
            return None if GOAL["secret"].encode() in file.read(1 << 20) else "nothing there"
    return act


def write(path):
    """Opened alone: what is reached after all is not spoiled."""
    return lambda: os.close(os.open(path, os.O_WRONLY | os.O_APPEND))


def make(path):
    """Whoever started this looks whether the file is really there."""
    def act():
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        return "made " + path
    return act


def connect(family, kind, address):
    def act():
        with socket.socket(family, kind) as s:
            s.settimeout(2)
            s.connect(address)
    return act


def send(family, kind, address):
    def act():
        with socket.socket(family, kind) as s:
            s.sendto(b"out", address)
            return "sent"  # whoever started this looks whether it arrived
    return act


def calls(number, *arguments):
    return lambda: syscall(number, *arguments) and None


def put(path, text):
    """Written through, so that what the kernel says is seen."""
    def act():
        file = os.open(path, os.O_WRONLY)
        try:
            os.write(file, text)
        finally:
            os.close(file)
    return act


def in_32_bits(number):
    """As a program of 32 bits calls, with other numbers: `int 0x80`."""
    def act():
        child = os.fork()
        if child == 0:
            code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            code.write(b"\x53\xb8" + struct.pack("I", number) + b"\xcd\x80\x5b\xc3")
            done = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
            os._exit(0 if done >= 0 else 1)
        status = os.waitpid(child, 0)[1]
        return "SIGSYS" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS else None
    return act


def signal_by_a_file():
    """Whoever owns a file is told of what comes in, with any signal."""
    here, there = socket.socketpair()
    fcntl.fcntl(here, fcntl.F_SETOWN, parent)
    fcntl.fcntl(here, 10, signal.SIGTERM)  # F_SETSIG
    fcntl.fcntl(here, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    there.send(b"x")
    return "sent"  # whoever started this looks whether it lives


def signal_by_a_handle():
    handle = syscall(434, parent, 0)
    syscall(424, handle, signal.SIGTERM, None, 0)


def inherited():
    """More than the three that every command has."""
    mine = [fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")]
    return None if mine else "nothing there"


def through(link, target, act):
    def whole():
        os.symlink(target, link)
        return act(link)()
    return whole


parent, key, folder = GOAL["pid"], GOAL["key"], GOAL["folder"]
buffer = ctypes.create_string_buffer(4096)

# Reading what is not the task's.
attempt("read the key", read(key))
attempt("read the key by a link", through("link-to-key", key, read))
attempt("read the key by the root of the owner", read(f"/proc/{parent}/root{key}"))
attempt("read the key by a parent of the folder", read("../" * 40 + key.lstrip("/")))
attempt("read the key through an open handle of the owner", read(f"/proc/{parent}/fd/{GOAL['fd']}"))
attempt("give the key a second name", lambda: os.link(key, "mine"))
attempt("read the goldens", read(folder + "/goldens.jsonl"))
attempt("read another task's folder", read(folder + "/other-task/answer.txt"))
attempt("read the live skill", read(folder + "/skill/SKILL.md"))
attempt("read the run", read(folder + "/run/config.json"))
attempt("list the folder of the run", lambda: None if os.listdir(folder) else "nothing there")
attempt("read the environment of the owner", read(f"/proc/{parent}/environ"))
attempt("read the environment of all parents", lambda: None if any(
    GOAL["secret"].encode() in open(f"/proc/{p}/environ", "rb").read() for p in os.listdir("/proc") if p.isdigit() and os.access(f"/proc/{p}/environ", os.R_OK))
    else "nothing there")
attempt("find the key in its own environment", lambda: None if GOAL["secret"] in repr(dict(os.environ)) else "nothing there")
attempt("find an open handle of the owner", inherited)
attempt("read the memory of the owner", read(f"/proc/{parent}/mem"))
attempt("read the passwords", lambda: None if open("/etc/shadow").read() else "nothing there")
attempt("read the home of root", lambda: None if os.listdir("/root") else "nothing there")
attempt("open by handle", calls(304, -100, buffer, 0))

# Writing where others read.
attempt("write the key", write(key))
attempt("write the live skill", write(folder + "/skill/SKILL.md"))
attempt("write the run", write(folder + "/run/config.json"))
attempt("write the live skill by a link", through("link-to-skill", folder + "/skill/SKILL.md", write))
attempt("remove the live skill", lambda: os.unlink(folder + "/skill/SKILL.md"))
attempt("rename the live skill", lambda: os.rename(folder + "/skill", folder + "/gone"))
attempt("cut the key short", lambda: os.truncate(key, 0))
attempt("open the key to all", lambda: os.chmod(key, 0o777))
attempt("make a file beside the work folder", make(os.path.join(os.path.dirname(GOAL["work"]), "beside")))
attempt("give a program a second name", lambda: os.link("/usr/bin/env", "a-program"))
attempt("exchange the work folder for programs", calls(316, -100, HERE.encode(), -100, b"/usr", 2))
attempt("hold a program for itself", lambda: fcntl.fcntl(os.open("/usr/bin/env", os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK) and None)
attempt("write a program", make("/usr/bin/skillgrad-was-here"))
attempt("write a setting", write("/etc/passwd"))
attempt("write a start-up file of python", make("/usr/lib/python3/dist-packages/skillgrad_was_here.pth"))
attempt("write a job", make("/etc/cron.d/skillgrad-was-here"))
attempt("write to the place of all", make("/var/tmp/skillgrad-was-here"))
attempt("write to shared memory", make("/dev/shm/skillgrad-was-here"))
attempt("write a setting of the kernel", write("/proc/sys/kernel/core_pattern"))
attempt("write to the machine's switches", write("/proc/sysrq-trigger"))
attempt("write a setting of a device", write("/sys/power/state"))
attempt("write a control group", make("/sys/fs/cgroup/skillgrad-was-here"))

# The network.
attempt("connect by IPv4", connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", GOAL["port4"])))
attempt("connect by IPv6", connect(socket.AF_INET6, socket.SOCK_STREAM, ("::1", GOAL["port6"])))
attempt("send a datagram", send(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", GOAL["port_datagram"])))
attempt("raw packets", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close())
attempt("packets of the link", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close())
attempt("ask the kernel's routes", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close())
attempt("connect to the host of a virtual machine", lambda: socket.socket(40, socket.SOCK_STREAM).close())
for name, family, kind in (("the kernel's ciphers", 38, socket.SOCK_SEQPACKET), ("keys of the network", 15, socket.SOCK_RAW), ("packets past the kernel", 44, socket.SOCK_RAW),
                           ("other machines of a cluster", 30, socket.SOCK_SEQPACKET), ("Bluetooth", 31, socket.SOCK_RAW)):
    attempt("a socket of " + name, lambda family=family, kind=kind: socket.socket(family, kind).close())
attempt("connect to a named socket", connect(socket.AF_UNIX, socket.SOCK_STREAM, GOAL["socket"]))
attempt("connect to an abstract socket", connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + GOAL["abstract"]))
attempt("send to a named socket", send(socket.AF_UNIX, socket.SOCK_DGRAM, GOAL["datagram"]))

# Other processes.
if GOAL["signals"]:  # else the kernel cannot keep them, which docs/usage.md tells
    attempt("end the owner", lambda: os.kill(parent, signal.SIGTERM))
    attempt("stop the owner", lambda: os.kill(parent, signal.SIGSTOP))
    attempt("end the owner through an asynchronous file", signal_by_a_file)
    attempt("end the owner by a handle", signal_by_a_handle)
    attempt("end the process of another command", lambda: os.kill(GOAL["other"], signal.SIGKILL))
attempt("take the owner's files", calls(438, GOAL["other"], 0, 0))
attempt("trace another process", calls(101, 16, GOAL["other"], 0, 0))
attempt("read another process", lambda: None if syscall(310, GOAL["other"], struct.pack("QQ", ctypes.addressof(buffer), 8), 1, struct.pack("QQ", 0x400000, 8), 1, 0) else None)
attempt("write into another process", calls(311, GOAL["other"], struct.pack("QQ", ctypes.addressof(buffer), 8), 1, struct.pack("QQ", 0x400000, 8), 1, 0))
attempt("limit the owner", calls(302, parent, 1, struct.pack("QQ", 0, 0), 0))
attempt("slow the owner down", lambda: os.setpriority(os.PRIO_PROCESS, parent, 19))
attempt("move the owner's memory out", calls(440, GOAL["other"], 0, 0, 0, 0))
attempt("be spared when memory is short", put("/proc/self/oom_score_adj", b"-1000"))
attempt("map users anew", put("/proc/self/uid_map", b"0 0 4294967295"))
attempt("hide from being measured", calls(157, 4, 0))
attempt("move its own marks", calls(157, 35, 8, 0, 0, 0))
attempt("type into the terminal by the upper half", calls(16, 0, 0x100005412, b"x"))
attempt("paste into the console", lambda: fcntl.ioctl(0, 0x541C, b"\x03") and None)
attempt("open the terminal", lambda: os.close(os.open("/dev/tty", os.O_RDWR)))
attempt("type into the terminal", lambda: fcntl.ioctl(0, 0x5412, b"x") and None)

# The kernel.
attempt("become root", lambda: os.setuid(0) if os.getuid() != 0 else "is root of its own")
attempt("a new user namespace", calls(272, 0x10000000))
attempt("another namespace", calls(308, 0, 0))
attempt("clone into a new user namespace", calls(56, 0x10000011, 0, 0, 0, 0))
attempt("clone by flags in memory", calls(435, ctypes.create_string_buffer(88), 88))
attempt("open by flags in memory", calls(437, -100, b"/etc/passwd", ctypes.create_string_buffer(24), 24))
attempt("call with numbers of x32", calls(0x40000000 | 39))
attempt("call as a program of 32 bits", in_32_bits(20))
attempt("a file system of its own", calls(430, b"tmpfs", 0))
attempt("mount", calls(165, b"none", HERE.encode(), b"tmpfs", 0, None))
attempt("unmount", calls(166, b"/", 2))
attempt("another root", calls(161, HERE.encode()))
attempt("pivot the root", calls(155, b".", b"."))
attempt("open a tree of mounts", calls(428, -100, b"/", 1))
attempt("make a device", lambda: os.mknod("device", 0o60600, os.makedev(8, 0)))
attempt("open a disk", lambda: os.close(os.open("/dev/sda", os.O_RDONLY)))
attempt("open a virtual machine", lambda: os.close(os.open("/dev/kvm", os.O_RDWR)))
attempt("open a file system of users", lambda: os.close(os.open("/dev/fuse", os.O_RDWR)))
attempt("open memory", lambda: os.close(os.open("/dev/mem", os.O_RDONLY)))
attempt("read the kernel's log", calls(103, 3, buffer, 4096))
attempt("load a module", calls(313, 0, b"", 0))
attempt("load another kernel", calls(246, 0, 0, None, 0))
attempt("programs in the kernel", calls(321, 0, buffer, 48))
attempt("rings of requests", calls(425, 4, buffer))
attempt("performance counters", calls(298, buffer, 0, -1, -1, 0))
attempt("keys of the user", calls(250, 0, -3, 0))
attempt("add a key", calls(248, b"user", b"sg", b"x", 1, -3))
attempt("faults handled by users", calls(323, 1))
attempt("watch files of all", calls(300, 0, 0))
attempt("set the clock", lambda: syscall(227, 0, struct.pack("QQ", int(time.time()), 0)) and None)
attempt("name the machine", calls(170, b"x", 1))
attempt("restart the machine", calls(169, 0xFEE1DEAD, 672274793, 0, 0))
attempt("swap", calls(167, b"swap", 0))
attempt("account processes", calls(163, b"acct"))
attempt("a file that was never named, executed", calls(319, b"x", 0))
attempt("memory that nobody sees", calls(447, 0))
attempt("shared memory of System V", calls(29, 4711, 4096, 0o1600))
attempt("queues of messages", calls(240, b"sg-queue", 0o102, 0o600, None))
attempt("ports of the machine", calls(172, 3))
