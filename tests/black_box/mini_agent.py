# SPDX-License-Identifier: MIT
"""A very small agent of chat completions with one tool, bash; its final message is what it prints."""
import json
import os
import subprocess
import sys
import urllib.request

TOOLS = [{"type": "function", "function": {"name": "bash", "description": "Runs a command.",
                                           "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}}}]


def ask(messages):
    body = json.dumps({"model": os.environ["SKILLGRAD_MODEL"], "messages": messages, "tools": TOOLS}).encode()
    request = urllib.request.Request(os.environ["SKILLGRAD_BASE_URL"] + "/chat/completions", body,
                                     {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["SKILLGRAD_KEY"]})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


def main():
    messages = [{"role": "user", "content": sys.stdin.read()}]
    tokens = [0, 0]
    print(json.dumps({"type": "thread.started", "thread_id": "mini"}))
    for _ in range(20):
        reply = ask(messages)
        tokens[0] += reply["usage"]["prompt_tokens"]
        tokens[1] += reply["usage"]["completion_tokens"]
        message = reply["choices"][0]["message"]
        messages.append(message)
        if not message.get("tool_calls"):
            print(json.dumps({"type": "item.completed", "item": {"id": "last", "type": "agent_message", "text": message["content"]}}))
            break
        for call in message["tool_calls"]:
            command = json.loads(call["function"]["arguments"])["command"]
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": done.stdout + done.stderr})
            print(json.dumps({"type": "item.completed", "item": {"id": call["id"], "type": "command_execution", "command": command,
                                                                 "aggregated_output": done.stdout + done.stderr, "exit_code": done.returncode, "status": "completed"}}))
    print(json.dumps({"type": "turn.completed", "usage": {"input_tokens": tokens[0], "cached_input_tokens": 0, "output_tokens": tokens[1]}}))


if __name__ == "__main__":
    main()
