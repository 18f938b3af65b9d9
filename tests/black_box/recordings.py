# SPDX-License-Identifier: MIT
"""Recorded sessions for tests: what the simulated agent did, written as other agents would have kept it."""
import json
import pathlib
import shutil


def trajectory(rollout):
    """Events of a rollout folder, in their order, and its loss record."""
    lines = (rollout / "trajectory.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines], json.loads((rollout / "loss.json").read_text())


def request_of(events):
    text = next(event["text"] for event in events if event.get("role") == "user")
    return text.replace("<task>\n", "").replace("\n</task>", "").strip()


def steps(events):
    """What follows the request: (kind, id, name, text, failed)."""
    for event in events:
        if event["kind"] == "message" and event.get("role") != "assistant":
            continue
        kind = "text" if event["kind"] == "message" else event["kind"]
        yield kind, event.get("call_id", ""), event.get("name", ""), event["text"], event.get("is_error", False)


def json_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def claude_code(events, name):
    """~/.claude/projects/PROJECT/SESSION.jsonl"""
    rows = [{"type": "summary", "summary": "A session", "leafUuid": name}]

    def add(kind, content, **more):
        rows.append({"parentUuid": None, "isSidechain": False, "userType": "external", "sessionId": name, "version": "2.0.61",
                     "type": kind, "uuid": f"{name}-{len(rows)}", "message": {"role": kind, "content": content, **more}})

    add("user", request_of(events))
    for kind, call, tool, text, failed in steps(events):
        more = {"id": f"msg_{len(rows)}", "model": "claude-x", "usage": {"input_tokens": 10, "output_tokens": 2}}
        if kind == "text":
            add("assistant", [{"type": "text", "text": text}], **more)
        elif kind == "tool_call":
            add("assistant", [{"type": "tool_use", "id": call, "name": tool, "input": json.loads(text)}], **more)
        elif kind == "tool_output":
            add("user", [{"type": "tool_result", "tool_use_id": call, "content": text, "is_error": failed}])
    return json_lines(rows)


def codex(events, name):
    """~/.codex/sessions/.../rollout-*.jsonl"""
    rows = []

    def add(kind, **payload):
        rows.append({"timestamp": "2026-01-05T10:00:00.000Z", "type": kind, "payload": payload})

    add("session_meta", id=name, cwd="/w", originator="codex_exec", cli_version="0.60.0", instructions=None)
    add("turn_context", model="gpt-x-codex", approval_policy="never")
    content = [{"type": "input_text", "text": "<environment_context>\n<cwd>/w</cwd>\n</environment_context>"}]
    add("response_item", type="message", role="user", content=content)
    add("response_item", type="message", role="user", content=[{"type": "input_text", "text": request_of(events)}])
    for kind, call, tool, text, failed in steps(events):
        if kind == "text":
            add("response_item", type="message", role="assistant", content=[{"type": "output_text", "text": text}])
        elif kind == "tool_call":
            add("response_item", type="function_call", name=tool, arguments=text, call_id=call)
        elif kind == "tool_output":
            output = json.dumps({"output": text, "metadata": {"exit_code": 1 if failed else 0}})
            add("response_item", type="function_call_output", call_id=call, output=output)
    usage = {"input_tokens": 100, "cached_input_tokens": 0, "output_tokens": 9}
    add("event_msg", type="token_count", info={"total_token_usage": usage})
    return json_lines(rows)


def messages(events, name, reward=None, feedback=""):
    """One object with a list of chat messages."""
    said = [{"role": "user", "content": request_of(events)}]
    for kind, call, tool, text, _ in steps(events):
        if kind == "text":
            said.append({"role": "assistant", "content": text})
        elif kind == "tool_call":
            calls = [{"id": call, "type": "function", "function": {"name": tool, "arguments": text}}]
            said.append({"role": "assistant", "content": None, "tool_calls": calls})
        elif kind == "tool_output":
            said.append({"role": "tool", "tool_call_id": call, "content": text})
    graded = {} if reward is None else {"reward": reward, "feedback": feedback}
    return json.dumps({"id": name, "messages": said, **graded})


def atif(events, name, reward=None, feedback=""):
    """agent/trajectory.json of ATIF 1.6"""
    rows = [{"source": "user", "message": request_of(events)}]
    for kind, call, tool, text, failed in steps(events):
        if kind == "text":
            rows.append({"source": "agent", "message": text})
        elif kind == "tool_call":
            calls = [{"tool_call_id": call, "function_name": tool, "arguments": json.loads(text)}]
            rows.append({"source": "agent", "message": "", "tool_calls": calls})
        elif kind == "tool_output":
            result = {"source_call_id": call, "content": text, "extra": {"is_error": failed}}
            rows[-1].setdefault("observation", {"results": []})["results"].append(result)
    for number, row in enumerate(rows):
        row["step_id"] = number + 1
    return json.dumps({"schema_version": "ATIF-v1.6", "session_id": name, "agent": {"name": "x", "version": "1"}, "steps": rows,
                       "extra": {} if reward is None else {"reward": reward, "feedback": feedback}})


def write_sessions(rollouts, folder):
    """Each rollout as a session of one of the four formats; those that hold no grade get a label. Returns ids."""
    folder.mkdir(parents=True, exist_ok=True)
    labels, ids = [], []
    for number, rollout in enumerate(sorted(rollouts)):
        events, loss = trajectory(rollout)
        name = f"session-{number:03}"
        kind = number % 4
        place = (f"claude/projects/p/{name}.jsonl", f"codex/sessions/2026/01/05/rollout-{name}.jsonl", f"chats/{name}.json",
                 f"trials/{name}/agent/trajectory.json")[kind]
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        if kind < 2:
            file.write_text((claude_code, codex)[kind](events, name))
            labels.append({"session": place, "score": loss["score"], "note": loss.get("feedback", ""), "by": "person"})
        else:
            file.write_text((messages, atif)[kind - 2](events, name, loss["score"], loss.get("feedback", "")))
        ids.append(place)
    (folder / "labels.jsonl").write_text(json_lines(labels))
    return ids


def add_recorded(folder):
    """What Codex and opencode recorded themselves (tests/data/traces/recorded), with its labels. Returns ids."""
    source = pathlib.Path(__file__).resolve().parents[1] / "data/traces/recorded"
    shutil.copytree(source, folder / "recorded")
    labels = [json.loads(line) for line in (source / "labels.jsonl").read_text().splitlines()]
    for label in labels:
        label["session"] = "recorded/" + label["session"]
    with (folder / "labels.jsonl").open("a") as file:
        file.write(json_lines(labels))
    return [label["session"] for label in labels]


def rollouts_of(run):
    return [file.parent for file in pathlib.Path(run).glob("**/rollouts/*/trajectory.jsonl")]
