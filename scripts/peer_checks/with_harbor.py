# SPDX-License-Identifier: MIT
"""Harbor's models of ATIF accept the trajectories that `report --format atif` writes."""
import json

from peer_checks.exports import ask, evaluation, export

TITLE = "harbor: its models accept `report --format atif`"
VERSION = "0.26.0"

READ = """
import json, pathlib, sys
from harbor.models.trajectories import Trajectory
from harbor.utils.trajectory_validator import TrajectoryValidator
problems, trajectories = [], []
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.json")):
    judge = TrajectoryValidator()
    if not judge.validate(path):
        problems.append(f"{path.name}: {judge.errors[0]}")
    trajectories.append(Trajectory.model_validate_json(path.read_text()))
print(json.dumps({
    "problems": problems, "count": len(trajectories), "versions": sorted({one.schema_version for one in trajectories}),
    "calls": sum(len(step.tool_calls or []) for one in trajectories for step in one.steps),
    "results": sum(len(step.observation.results) for one in trajectories for step in one.steps if step.observation),
    "tokens": sum(one.final_metrics.total_prompt_tokens for one in trajectories),
    "of steps": sum(step.metrics.prompt_tokens for one in trajectories for step in one.steps if step.metrics),
}))
"""


def check(report, shop):
    # Its own dependencies are those of a whole harness, and of another Python; the models need pydantic alone.
    python = shop.python("harbor", ["pydantic"])
    shop.run_logged("harbor-models", [python, "-m", "pip", "install", "--no-deps", "--ignore-requires-python", f"harbor=={VERSION}"])
    print(f"  harbor {shop.version(python, 'harbor')}")
    run, result = evaluation(shop, "harbor-run")
    export(shop, run, "atif", shop.folder / "atif")
    seen = json.loads(ask(shop, python, READ, shop.folder / "atif"))
    report.row("its validator has no objection", not seen["problems"], seen["problems"][:2])
    planned = result["n_planned"] + result["baseline"]["n_planned"]
    report.row("a trajectory for each rollout", seen["count"] == planned, f"{seen['count']} of {seen['versions']}")
    report.row("each call has its result", seen["calls"] == seen["results"] > 0, f"{seen['calls']} calls")
    report.row("tokens of steps add up to those of trajectories", seen["tokens"] == seen["of steps"] > 0, seen["tokens"])
