# SPDX-License-Identifier: MIT
"""Runs inside the virtual environment that holds `openai`; prints one JSON line per check.

usage: openai_probe.py plain|responses|limited|faulty|together BASE_URL KEY
"""
import asyncio
import json
import sys
import time

import openai

MODEL = "sim:demo"
AT_ONCE = 64
SKILL = "table-reports"
HELLO = [{"role": "user", "content": "Hello"}]
TASK = [
    {"role": "system", "content": "You solve tasks with tools.\n<available_skills>\n<skill>\n<name>"
                                  f"{SKILL}</name>\n</skill>\n</available_skills>"},
    {"role": "user", "content": "<task>Add up tool_rental.csv by name; write by_name.csv.</task>"},
]


def tool(name, *arguments):
    properties = {argument: {"type": "string"} for argument in arguments}
    return {"type": "function",
            "function": {"name": name, "description": "a tool of the executor",
                         "parameters": {"type": "object", "properties": properties,
                                        "required": list(arguments)}}}


TOOLS = [tool("activate_skill", "skill"), tool("read_reference", "skill", "path"),
         tool("shell", "command")]
TOOL_ANSWERS = {"activate_skill": "Count rows after reading them all.", "read_reference": "No such file.",
                "shell": "exit code: 0\nstdout:\nwrote by_name.csv\n"}


def row(check, ok, seen=""):
    print(json.dumps({"check": check, "ok": bool(ok), "seen": str(seen)}), flush=True)


def expect_error(check, kind, status, call):
    try:
        call()
        row(check, False, "no error")
    except openai.APIStatusError as error:
        row(check, type(error) is kind and error.status_code == status,
            f"{type(error).__name__}, HTTP {error.status_code}, code {error.code}: {error.message}")


def counts(usage):
    return (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def plain_chat(client):
    reply = client.chat.completions.create(model=MODEL, messages=HELLO)
    text = reply.choices[0].message.content
    row("chat", text and reply.choices[0].finish_reason == "stop", text)
    usage = reply.usage
    row("usage adds up", usage.prompt_tokens > 0 and usage.completion_tokens > 0
        and usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, counts(usage))
    capped = client.chat.completions.create(model=MODEL, messages=HELLO, max_completion_tokens=3)
    row("an output cap ends the reply", capped.choices[0].finish_reason == "length"
        and capped.usage.completion_tokens == 3, f"{capped.choices[0].message.content!r}")
    return reply


def streamed_chat(client, whole):
    chunks = list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    row("streaming gives the same text", text == whole.choices[0].message.content,
        f"{len(chunks)} chunks, {len(text)} characters")
    row("no usage unless asked for", all(chunk.usage is None for chunk in chunks), "none")
    chunks = list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True,
                                                 stream_options={"include_usage": True}))
    last = chunks[-1]
    row("include_usage: last chunk, no choices, same numbers",
        not last.choices and last.usage and counts(last.usage) == counts(whole.usage),
        last.usage and counts(last.usage))


def tool_loop(client):
    """The model asks for tools, gets results and answers."""
    messages, used, last = list(TASK), [], []
    for _ in range(12):
        choice = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0]
        if choice.message.tool_calls:
            last = list(messages)
        messages.append(choice.message)
        if not choice.message.tool_calls:
            break
        for call in choice.message.tool_calls:
            json.loads(call.function.arguments)
            used.append(call.function.name)
            messages.append({"role": "tool", "tool_call_id": call.id,
                             "content": TOOL_ANSWERS[call.function.name]})
    row("tool loop: calls, results, answer",
        choice.finish_reason == "stop" and used[0] == "activate_skill" and used[-1] == "shell",
        f"{' > '.join(used)} > {choice.message.content!r}")
    return last


def streamed_tools(client, messages):
    """The conversation up to the longest call, which comes in pieces."""
    whole = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message
    calls, pieces = {}, 0
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS, stream=True):
        for piece in chunk.choices[0].delta.tool_calls or []:
            call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
            call["id"] += piece.id or ""
            call["name"] += piece.function.name or ""
            call["arguments"] += piece.function.arguments or ""
            pieces += 1
    expected = [(call.id, call.function.name, call.function.arguments) for call in whole.tool_calls]
    seen = f"{pieces} pieces, {expected[0][1]} with {len(expected[0][2])} characters"
    row("streaming with tools gives the same calls",
        [tuple(call.values()) for call in calls.values()] == expected and pieces > 2, seen)
    with client.chat.completions.stream(model=MODEL, messages=messages, tools=TOOLS) as stream:
        final = stream.get_final_completion().choices[0]
    built = [(call.id, call.function.name, call.function.arguments) for call in final.message.tool_calls]
    row("the client's own assembly of a stream agrees",
        built == expected and final.finish_reason == "tool_calls", seen)


def errors(client, url):
    stranger = openai.OpenAI(base_url=url, api_key="sk-wrong", max_retries=0)
    create = client.chat.completions.create
    expect_error("wrong key", openai.AuthenticationError, 401,
                 lambda: stranger.chat.completions.create(model=MODEL, messages=HELLO))
    expect_error("wrong key, list of models", openai.AuthenticationError, 401,
                 lambda: stranger.models.list())
    expect_error("unknown model", openai.NotFoundError, 404,
                 lambda: create(model="no-such-model", messages=HELLO))
    expect_error("unknown model, streamed", openai.NotFoundError, 404,
                 lambda: list(create(model="no-such-model", messages=HELLO, stream=True)))
    expect_error("malformed request", openai.BadRequestError, 400,
                 lambda: create(model=MODEL, messages=[]))
    orphan = [*HELLO, {"role": "tool", "tool_call_id": "x", "content": "?"}]
    expect_error("tool result without a call", openai.BadRequestError, 400,
                 lambda: create(model=MODEL, messages=orphan))
    expect_error("unknown route", openai.NotFoundError, 404,
                 lambda: client.embeddings.create(model=MODEL, input="x"))


def plain(url, key):
    # Strict: a reply that lacks a field of the client's types is an error.
    client = openai.OpenAI(base_url=url, api_key=key, max_retries=0, _strict_response_validation=True)
    whole = plain_chat(client)
    streamed_chat(client, whole)
    streamed_tools(client, tool_loop(client))
    models = [model.id for model in client.models.list()]
    row("list of models", models == [MODEL], models)
    errors(client, url)


def response_loop(client, stream):
    """The tool loop in items, each replayed as it came: (tools used, last response)."""
    tools = [{"type": "function", "strict": False, **tool["function"]} for tool in TOOLS]
    options = {"model": MODEL, "instructions": TASK[0]["content"], "tools": tools, "store": False,
               "include": ["reasoning.encrypted_content"]}
    items, used = [TASK[1]], []
    for _ in range(12):
        if stream:
            with client.responses.stream(input=items, **options) as events:
                response = events.get_final_response()
        else:
            response = client.responses.create(input=items, **options)
        calls = [item for item in response.output if item.type == "function_call"]
        items += [item.to_dict() for item in response.output]
        if not calls:
            break
        for call in calls:
            json.loads(call.arguments)
            used.append(call.name)
            items.append({"type": "function_call_output", "call_id": call.call_id,
                          "output": TOOL_ANSWERS[call.name]})
    return used, response


def responses(url, key):
    client = openai.OpenAI(base_url=url, api_key=key, max_retries=0, _strict_response_validation=True)
    whole = client.responses.create(model=MODEL, input="Hello")
    row("responses: text and usage", whole.output_text and whole.status == "completed"
        and whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens,
        whole.output_text)
    events = list(client.responses.create(model=MODEL, input="Hello", stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    row("responses: streaming gives the same text",
        text == whole.output_text and events[-1].type == "response.completed",
        f"{len(events)} events, the last is {events[-1].type}")
    capped = client.responses.create(model=MODEL, input="Hello", max_output_tokens=3)
    row("responses: an output cap ends the reply", capped.status == "incomplete"
        and capped.incomplete_details.reason == "max_output_tokens", capped.incomplete_details)
    used, last = response_loop(client, stream=False)
    row("responses: tool loop, items replayed as they came", used[0] == "activate_skill"
        and used[-1] == "shell" and last.output_text, f"{' > '.join(used)} > {last.output_text!r}")
    streamed, final = response_loop(client, stream=True)
    row("responses: the same loop streamed", streamed == used and final.output_text == last.output_text,
        f"{' > '.join(streamed)} > {final.output_text!r}")
    expect_error("responses: unknown model", openai.NotFoundError, 404,
                 lambda: client.responses.create(model="no-such-model", input="Hello"))


def limited(url, key):
    client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
    expect_error("429", openai.RateLimitError, 429,
                 lambda: client.chat.completions.create(model=MODEL, messages=HELLO))


def faulty(url, key):
    client = openai.OpenAI(base_url=url, api_key=key, max_retries=10)
    texts = [client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": f"Hello {i}"}]).choices[0].message.content
        for i in range(10)]
    row("30 % 429 and 20 % 500: its retries come through", all(texts), f"{len(texts)} of 10 answered")


async def gather(url, key):
    async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as client:
        start = time.perf_counter()
        replies = await asyncio.gather(*[
            client.chat.completions.create(model=MODEL, messages=HELLO) for _ in range(AT_ONCE)])
        return replies, time.perf_counter() - start


def together(url, key):
    replies, seconds = asyncio.run(gather(url, key))
    texts = {reply.choices[0].message.content for reply in replies}
    row(f"async client, {AT_ONCE} calls at once of 300 ms", len(texts) == 1 and seconds < 0.3 * AT_ONCE / 4,
        f"{seconds:.2f} s in all, {len(texts)} text")


if __name__ == "__main__":
    PARTS = {"plain": plain, "responses": responses, "limited": limited, "faulty": faulty,
             "together": together}
    PARTS[sys.argv[1]](*sys.argv[2:])
