# SPDX-License-Identifier: MIT
# Ways out of the sandbox, tried from inside: one line "name: outcome" for each. An outcome is the name of an
# error, or REACHED where the attempt did what it should not. argv: a JSON object with what there is to reach.
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import time

GOAL = json.loads(sys.argv[1])
LIBC = ctypes.CDLL(None, use_errno=True)
HERE = os.getcwd()


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
        print(f"{name}: {'REACHED' if outcome is None else outcome}", flush=True)
    except OSError as e:
        print(f"{name}: {name_of(e.errno)}", flush=True)


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
attempt("connect to a named socket", connect(socket.AF_UNIX, socket.SOCK_STREAM, GOAL["socket"]))
attempt("connect to an abstract socket", connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + GOAL["abstract"]))
attempt("send to a named socket", send(socket.AF_UNIX, socket.SOCK_DGRAM, GOAL["datagram"]))

# Other processes.
if GOAL["signals"]:  # else the kernel cannot keep them, which docs/usage.md tells
    attempt("end the owner", lambda: os.kill(parent, signal.SIGTERM))
    attempt("stop the owner", lambda: os.kill(parent, signal.SIGSTOP))
    attempt("end the process of another command", lambda: os.kill(GOAL["other"], signal.SIGKILL))
attempt("take the owner's files", calls(438, GOAL["other"], 0, 0))
attempt("trace another process", calls(101, 16, GOAL["other"], 0, 0))
attempt("read another process", lambda: None if syscall(310, GOAL["other"], struct.pack("QQ", ctypes.addressof(buffer), 8), 1, struct.pack("QQ", 0x400000, 8), 1, 0) else None)
attempt("write into another process", calls(311, GOAL["other"], struct.pack("QQ", ctypes.addressof(buffer), 8), 1, struct.pack("QQ", 0x400000, 8), 1, 0))
attempt("limit the owner", calls(302, parent, 1, struct.pack("QQ", 0, 0), 0))
attempt("slow the owner down", lambda: os.setpriority(os.PRIO_PROCESS, parent, 19))
attempt("type into the terminal", lambda: fcntl.ioctl(0, 0x5412, b"x") and None)

# The kernel.
attempt("become root", lambda: os.setuid(0) if os.getuid() != 0 else "is root of its own")
attempt("a new user namespace", calls(272, 0x10000000))
attempt("another namespace", calls(308, 0, 0))
attempt("clone into a new user namespace", calls(56, 0x10000011, 0, 0, 0, 0))
attempt("mount", calls(165, b"none", HERE.encode(), b"tmpfs", 0, None))
attempt("unmount", calls(166, b"/", 2))
attempt("another root", calls(161, HERE.encode()))
attempt("pivot the root", calls(155, b".", b"."))
attempt("open a tree of mounts", calls(428, -100, b"/", 1))
attempt("make a device", lambda: os.mknod("device", 0o60600, os.makedev(8, 0)))
attempt("open a disk", lambda: os.close(os.open("/dev/sda", os.O_RDONLY)))
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
attempt("shared memory of System V", calls(29, 4711, 4096, 0o1600))
attempt("queues of messages", calls(240, b"sg-queue", 0o102, 0o600, None))
attempt("ports of the machine", calls(172, 3))
