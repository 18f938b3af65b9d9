# SPDX-License-Identifier: MIT
"""Sessions that opencode and Codex record themselves, of tasks of the demo against `skillgrad simulate`.

usage: python3 scripts/peer_checks/agent_sessions.py PROGRAM AGENTS OUT opencode|codex TASK...

PROGRAM: a skillgrad; AGENTS: a folder in which npm has installed both; OUT: a new folder, which gets the recordings as
the agents keep them (Codex: its sessions folder; opencode: what `opencode export` prints), labels.jsonl with how each
task came out, and the agent's output. Agent and endpoint run in namespaces of their own, without the network and with
the same paths everywhere: /task, /home/agent.
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKILL = ROOT / "skills/table-reports"
MODEL = "sim:demo"
LIMIT_S = 300
PORT = 8399


def record(program, agents, out, agent, tasks):
    """Runs one agent on some tasks; returns what it printed, by task."""
    for name in ("home", "task", "out"):
        (out / name).mkdir(parents=True)
    inside = ["python3", "/project/scripts/peer_checks/agent_sessions.py", "inside", agent, *tasks]
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--uid", "1000", "--gid", "1000", "--clearenv",
               "--setenv", "PATH", "/opt/agents/node_modules/.bin:/usr/local/bin:/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8",
               "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
               "--ro-bind", "/etc", "/etc", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
               "--ro-bind", agents, "/opt/agents", "--ro-bind", program, "/opt/skillgrad", "--ro-bind", ROOT, "/project",
               "--bind", out / "home", "/home/agent", "--bind", out / "task", "/task", "--bind", out / "out", "/out", *inside]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise OSError(f"{agent} was not recorded: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout)


def profile(agent):
    """A profile of ours, which is JSON with lines of comments."""
    lines = (ROOT / f"configs/agents/{agent}.json").read_text().splitlines()
    return json.loads("\n".join(line for line in lines if not line.strip().startswith("//")))


def filled(text, values):
    for name, value in values.items():
        text = text.replace("${" + name + "}", value)
    return text


@contextlib.contextmanager
def endpoint():
    server = subprocess.Popen(["/opt/skillgrad", "simulate", "demo", "--port", str(PORT)], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1):
            break
        time.sleep(0.1)
    try:
        yield f"http://127.0.0.1:{PORT}/v1"
    finally:
        server.terminate()
        server.wait()


def inside(agent, names):
    """Within the namespaces."""
    known = {task["id"]: task for task in map(json.loads, (SKILL / "evals/tasks.jsonl").read_text().splitlines())}
    ran, labels = {}, []
    with endpoint() as url:
        for name in names:
            ran[name] = run_task(agent, known[name], url)
            labels.append({"session": ran[name]["session"], "score": ran[name]["score"], "by": "person",
                           "note": "" if ran[name]["score"] else f"expected {known[name]['target']}, got {ran[name]['answer'] or 'nothing'}"})
    pathlib.Path("/out/labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels))
    print(json.dumps(ran))


def run_task(agent, task, url):
    work, setup = pathlib.Path("/task"), profile(agent)
    for left in work.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    for name, file in task["files"].items():
        shutil.copy(SKILL / "evals" / file["path"], work / name)
    shutil.copytree(SKILL, work / setup["skill_folders"][0] / SKILL.name, ignore=shutil.ignore_patterns("evals"))
    values = {"base_url": url, "home": "/home/agent", "key": "not-needed", "model": MODEL, "prompt": task["input"], "work_dir": "/task"}
    environment = {**os.environ, "HOME": "/home/agent", **{name: filled(text, values) for name, text in setup["env"].items()}}
    for name, text in setup.get("home_files", {}).items():
        file = pathlib.Path("/home/agent") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(filled(text, values))
    program = shutil.which(setup["program"])
    done = subprocess.run([program, *(filled(word, values) for word in setup["arguments"])], env=environment, cwd=work, capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, timeout=LIMIT_S)
    if done.returncode != 0:
        raise OSError(f"{agent} ended with {done.returncode}: {(done.stderr or done.stdout)[-400:]}")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    answer = work / task["output"]
    got = answer.read_text().strip() if answer.exists() else ""
    return {"session": kept_session(agent, program, environment, events), "answer": got, "score": float(got == task["target"].strip()),
            "usage": usage_of(agent, events), "commands": commands_of(agent, events), "request": task["input"]}


def kept_session(agent, program, environment, events):
    """Copies the agent's own recording to /out; its place there."""
    if agent == "codex":
        thread = next(event["thread_id"] for event in events if event["type"] == "thread.started")
        source = pathlib.Path("/home/agent/.codex")
        file = next(source.glob(f"sessions/**/rollout-*{thread}.jsonl"))
        target = pathlib.Path("/out") / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    else:
        target = pathlib.Path("/out") / f"{events[0]['sessionID']}.json"
        with target.open("w") as file:
            subprocess.run([program, "export", events[0]["sessionID"]], env=environment, cwd="/task", check=True, stdout=file, stderr=subprocess.DEVNULL,
                           stdin=subprocess.DEVNULL, timeout=LIMIT_S)
    return str(target.relative_to("/out"))


def usage_of(agent, events):
    """Tokens in and out, as the agent prints them."""
    if agent == "codex":
        used = [event["usage"] for event in events if event["type"] == "turn.completed"]
        return [sum(one[name] for one in used) for name in ("input_tokens", "output_tokens")]
    steps = [event["part"]["tokens"] for event in events if event["type"] == "step_finish"]
    return [sum(one["input"] + one["cache"]["read"] + one["cache"]["write"] for one in steps), sum(one["output"] + one["reasoning"] for one in steps)]


def commands_of(agent, events):
    if agent == "codex":
        return sum(event["type"] == "item.completed" and event["item"]["type"] == "command_execution" for event in events)
    return sum(event["type"] == "tool_use" for event in events)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "inside":
        inside(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) > 5 and sys.argv[4] in ("opencode", "codex"):
        print(json.dumps(record(*(pathlib.Path(word).resolve() for word in sys.argv[1:4]), sys.argv[4], sys.argv[5:]), indent=1))
    else:
        sys.exit(__doc__)
