# SPDX-License-Identifier: MIT
"""The questions of whole.py as a task of `inspect eval`; runs where that is installed."""
import os

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import generate


@task
def answers():
    samples = [Sample(id=number, target="42",
                      input=f"Question {number}: what is six times seven? Answer with the number alone.")
               for number in range(int(os.environ["BENCH_TASKS"]))]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=includes())
