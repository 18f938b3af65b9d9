# SPDX-License-Identifier: MIT
"""What tests/bench/call_throughput.cpp does, by Python's `openai`; runs where that is installed.

usage: openai_calls.py BASE_URL MODEL CALLS IN_FLIGHT LATENCY_MS
"""
import asyncio
import json
import resource
import sys
import time

import openai

RULES = "- Work only in the work directory; look at the files before you change them.\n" * 40
SYSTEM = ("You solve tasks with tools.\n<available_skills>\nbench: a skill\n</available_skills>\n" + RULES)


def tool(name, argument):
    return {"type": "function", "function": {
        "name": name, "description": "a tool of the executor",
        "parameters": {"type": "object", "properties": {argument: {"type": "string"}},
                       "required": [argument]}}}


TOOLS = [tool("activate_skill", "name"), tool("read_reference", "path"), tool("shell", "command")]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def work(client, model, numbers):
    for number in numbers:
        reply = await client.chat.completions.create(model=model, tools=TOOLS, messages=[
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": f"Task {number}: sum the amounts of the table."}])
        assert reply.choices[0].message.tool_calls[0].function.name == "shell"


async def measure(url, model, calls, in_flight, latency_ms):
    async with openai.AsyncOpenAI(base_url=url, api_key="sk-bench", max_retries=0) as client:
        numbers = iter(range(calls))
        cpu, start = cpu_seconds(), time.perf_counter()
        await asyncio.gather(*[work(client, model, numbers) for _ in range(in_flight)])
        wall, used = time.perf_counter() - start, cpu_seconds() - cpu
    ideal = calls / in_flight * latency_ms / 1000
    return {"calls": calls, "wall_s": wall, "ideal_s": ideal, "ratio": wall / ideal,
            "cpu_us_per_call": used / calls * 1e6}


if __name__ == "__main__":
    address, name, *counts = sys.argv[1:]
    print(json.dumps(asyncio.run(measure(address, name, *map(int, counts)))))
