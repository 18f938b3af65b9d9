# SPDX-License-Identifier: MIT
"""The questions of whole.py by Python's `openai` alone; runs where that is installed.

usage: openai_answers.py BASE_URL MODEL CALLS IN_FLIGHT
"""
import asyncio
import sys

import openai


async def work(client, model, numbers):
    for number in numbers:
        reply = await client.chat.completions.create(model=model, messages=[
            {"role": "user",
             "content": f"Question {number}: what is six times seven? Answer with the number alone."}])
        assert reply.choices[0].message.content == "42"


async def ask(url, model, calls, in_flight):
    async with openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0) as client:
        numbers = iter(range(calls))
        await asyncio.gather(*[work(client, model, numbers) for _ in range(in_flight)])


if __name__ == "__main__":
    address, name, *counts = sys.argv[1:]
    asyncio.run(ask(address, name, *map(int, counts)))
