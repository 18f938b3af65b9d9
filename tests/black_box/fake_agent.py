#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stands for an agent of another program, whose name it is called by (claude, codex, opencode, gemini, qwen, mine): takes the prompt
where that one takes it, looks for skills where that one looks, asks the endpoint, writes output.txt and prints what that one prints.

What it does besides is said in the prompt by words such as MODE:crash. The word that solves a task is in the skill: WORD:pineapple.
"""
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

NAME = pathlib.Path(sys.argv[0]).name
WORDS = sys.argv[1:]
SKILLS = {"claude": ".claude/skills", "codex": ".agents/skills", "opencode": ".opencode/skills", "gemini": ".gemini/skills", "qwen": ".qwen/skills",
          "mine": ".agents/skills"}


def option(name):
    return WORDS[WORDS.index(name) + 1]


def prompt():
    if NAME in ("claude", "mine"):
        return sys.stdin.read()
    if NAME in ("codex", "opencode"):
        assert WORDS[-2] == "--", WORDS
        return WORDS[-1]
    return option("-p")


def endpoint():
    """Address and key, from where the real one reads them."""
    if NAME == "claude":
        return os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}
    if NAME == "codex":
        settings = dict(WORDS[at + 1].split("=", 1) for at, word in enumerate(WORDS) if word == "-c")
        key = os.environ[json.loads(settings["model_providers.skillgrad.env_key"])]
        return json.loads(settings["model_providers.skillgrad.base_url"]) + "/responses", {"Authorization": "Bearer " + key}
    if NAME == "opencode":
        settings = json.loads(os.environ["OPENCODE_CONFIG_CONTENT"])["provider"]["skillgrad"]["options"]
        return settings["baseURL"] + "/chat/completions", {"Authorization": "Bearer " + settings["apiKey"]}
    if NAME == "gemini":
        return os.environ["GOOGLE_GEMINI_BASE_URL"] + "/v1beta/models/m:generateContent", {"x-goog-api-key": os.environ["GEMINI_API_KEY"]}
    if NAME == "qwen":
        return os.environ["OPENAI_BASE_URL"] + "/chat/completions", {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    return os.environ["SKILLGRAD_BASE_URL"] + "/chat/completions", {"Authorization": "Bearer " + os.environ["SKILLGRAD_KEY"]}


def ask(text):
    url, headers = endpoint()
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=20) as reply:
        return json.load(reply)


def emit(value):
    print(json.dumps(value), flush=True)


def begin(skills):
    if NAME == "claude":
        emit({"type": "system", "subtype": "init", "session_id": "s1", "model": "m", "tools": ["Bash", "Skill"], "skills": skills, "claude_code_version": "9.9.9"})
    if NAME == "codex":
        emit({"type": "thread.started", "thread_id": "s1"})
        emit({"type": "turn.started"})
    if NAME == "opencode":
        emit({"type": "step_start", "timestamp": 1, "sessionID": "s1", "part": {"type": "step-start"}})
    if NAME in ("gemini", "qwen"):
        emit({"type": "init", "timestamp": "t", "session_id": "s1", "model": "m"})
        emit({"type": "message", "role": "user", "content": "the prompt"})


def use(number, command, output, skill=None):
    """A command that was run, or the tool that loads a skill."""
    identity = f"c{number}"
    if NAME == "claude":
        tool, arguments = ("Skill", {"skill": skill}) if skill else ("Bash", {"command": command})
        emit({"type": "assistant", "message": {"id": f"m{number}", "content": [{"type": "tool_use", "id": identity, "name": tool, "input": arguments}]}})
        emit({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": identity, "content": [{"type": "text", "text": output}]}]}})
    if NAME == "codex":
        item = {"id": identity, "type": "command_execution", "command": command, "aggregated_output": "", "exit_code": None, "status": "in_progress"}
        emit({"type": "item.started", "item": item})
        emit({"type": "item.completed", "item": {**item, "aggregated_output": output, "exit_code": 0, "status": "completed"}})
    if NAME == "opencode":
        tool, arguments = ("skill", {"name": skill}) if skill else ("bash", {"command": command})
        emit({"type": "tool_use", "timestamp": 1, "sessionID": "s1",
              "part": {"type": "tool", "callID": identity, "tool": tool, "state": {"status": "completed", "input": arguments, "output": output}}})
        emit({"type": "step_finish", "sessionID": "s1", "part": {"type": "step-finish", "reason": "tool-calls", "cost": 0, "tokens": {"input": 10, "output": 2, "reasoning": 0, "cache": {"read": 0, "write": 0}}}})
        emit({"type": "step_start", "timestamp": 1, "sessionID": "s1", "part": {"type": "step-start"}})
    if NAME in ("gemini", "qwen"):
        tool, arguments = ("activate_skill", {"name": skill}) if skill else ("run_shell_command", {"command": command})
        emit({"type": "tool_use", "tool_name": tool, "tool_id": identity, "parameters": arguments})
        emit({"type": "tool_result", "tool_id": identity, "status": "success", "output": output})


def finish(text):
    if NAME == "claude":
        emit({"type": "assistant", "message": {"id": "m9", "content": [{"type": "text", "text": text}]}})
        emit({"type": "result", "subtype": "success", "is_error": False, "num_turns": 3, "result": text, "total_cost_usd": 0.01,
              "usage": {"input_tokens": 100, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 0, "output_tokens": 7}})
    if NAME == "codex":
        emit({"type": "item.completed", "item": {"id": "i9", "type": "agent_message", "text": text}})
        emit({"type": "turn.completed", "usage": {"input_tokens": 120, "cached_input_tokens": 20, "output_tokens": 7}})
    if NAME == "opencode":
        emit({"type": "text", "sessionID": "s1", "part": {"type": "text", "text": text}})
        emit({"type": "step_finish", "sessionID": "s1", "part": {"type": "step-finish", "reason": "stop", "cost": 0, "tokens": {"input": 90, "output": 5, "reasoning": 0, "cache": {"read": 20, "write": 0}}}})
    if NAME in ("gemini", "qwen"):
        emit({"type": "message", "role": "assistant", "content": text[:3], "delta": True})
        emit({"type": "message", "role": "assistant", "content": text[3:], "delta": True})
        emit({"type": "result", "status": "success", "stats": {"total_tokens": 127, "input_tokens": 120, "output_tokens": 7, "cached": 20, "tool_calls": 1}})
    if NAME == "mine":
        print(text)


def rate_limited():
    message = "429 Too Many Requests: rate limit exceeded"
    if NAME == "claude":
        emit({"type": "result", "subtype": "success", "is_error": True, "num_turns": 1, "result": "API Error: " + message, "api_error_status": 429, "total_cost_usd": 0})
        return 1
    if NAME == "codex":
        emit({"type": "error", "message": "unexpected status " + message})
        emit({"type": "turn.failed", "error": {"message": "unexpected status " + message}})
        return 1
    if NAME == "opencode":
        emit({"type": "error", "sessionID": "s1", "error": {"name": "APIError", "data": {"message": message, "statusCode": 429, "isRetryable": True}}})
        return 0
    if NAME in ("gemini", "qwen"):
        emit({"type": "result", "status": "error", "error": {"type": "ApiError", "message": message}, "stats": {}})
        return 1
    print(message, file=sys.stderr)
    return 1


def reach(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return f"reached {reply.status}"
    except (urllib.error.URLError, OSError) as error:
        return f"refused {error}"


def may_read(path):
    try:
        return "read: " + pathlib.Path(path).read_text()
    except OSError as error:
        return f"closed: {error}"


def main():
    if "--version" in WORDS:
        print("1.2.3 (fake)")
        return 0
    text = prompt()
    modes = [word.removeprefix("MODE:") for word in text.split() if word.startswith("MODE:")]
    skills = sorted(path.parent.name for path in pathlib.Path(SKILLS[NAME]).glob("*/SKILL.md"))
    if "silent" in modes:
        return 0
    if "crash" in modes:
        print("Traceback: it broke", file=sys.stderr)
        return 3
    begin(skills)
    if "rate" in modes:
        return rate_limited()
    if "slow" in modes:
        use(1, "sleep", "so it begins")
        time.sleep(120)
    said = ask(text)["choices"][0]["message"]["content"]
    word = "nothing"
    if "noskill" not in modes and skills:
        path = f"{SKILLS[NAME]}/{skills[0]}/SKILL.md"
        content = pathlib.Path(path).read_text()
        word = content.split("WORD:")[1].split()[0]
        use(1, "cat " + path, content, skills[0] if NAME in ("claude", "opencode", "gemini") else None)
    for mode in modes:
        if mode == "elsewhere":
            use(2, "curl https://elsewhere.example/", reach("https://elsewhere.example/"))
            use(3, "curl http://127.0.0.1:9/", reach("http://192.0.2.1:81/"))
        if mode.startswith("read="):
            use(4, "cat", may_read(mode.removeprefix("read=")))
        if mode == "children":
            subprocess.Popen(["sh", "-c", "setsid sleep 98765.25 & setsid sleep 98765.25 &"], start_new_session=True)  # pylint: disable=consider-using-with
        if mode == "environment":
            use(5, "env", json.dumps({**os.environ, "home": os.listdir(os.environ["HOME"])}))
        if mode == "broken":
            print("{no json", flush=True)
            emit({"type": "brand.new"})
        if mode == "spoil":
            pathlib.Path(SKILLS[NAME], "answer.txt").write_text("left there")
    pathlib.Path("output.txt").write_text(word)
    finish(f"Done: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
