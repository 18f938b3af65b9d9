# SPDX-License-Identifier: MIT
"""What CI systems read: SARIF against its schema and Microsoft's validator, JUnit's XML against Jenkins's schema, annotations of
GitHub read back as its runner reads them; of packages good, bad and hostile."""
import functools
import json
import os
import re
import subprocess
import urllib.parse

from peer_checks.common import RUN_LIMIT_S, Unavailable

TITLE = "ciformats: readers of SARIF, JUnit and GitHub's annotations"
MULTITOOL = "@microsoft/sarif-multitool-linux@5.7.0"
SCHEMAS = ("jsonschema", "rfc3987", "xmlschema")
# The files of these repositories are in no package.
OASIS = ("https://github.com/oasis-tcs/sarif-spec", "e0583813964ec43cea53b6b531b402866095ed1f", "sarif-2.1/schema/sarif-schema-2.1.0.json")
JENKINS = ("https://github.com/jenkinsci/xunit-plugin", "8c515de2804b3fd591a3b0f1ff8908a1b1a41887",
           "src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd")
GOOD = "---\nname: {}\ndescription: Writes notes. Use it when a task asks for a note.\n---\n\n# Notes\n\nWrite the note.\n"
TASK = {"input": "Write done to answer.txt.", "output": "answer.txt", "target": "done", "grader": {"type": "exact"}}
# Folder and SKILL.md, in bytes: names and texts need not be UTF-8.
PACKAGES = {
    b"good": GOOD.format("good"), b"warned": GOOD.format("warned") + "\nSee [x](references/missing.md).\n", b"bad name": GOOD.format("bad name"),
    "\u00fc\u540d".encode(): GOOD.format("x"), b"not-\xff\xfe-utf-8": GOOD.format("x"), b"bytes": b"---\nname: bytes\ndescription: a\xff\n---\n\n# T\n",
    b"a,b:c%2Cd%0Ae": GOOD.format("x"), b"line\nbreak": GOOD.format("x"), b"\x1b[31m": GOOD.format("x"), b"nul": b"---\nname: nul\ndescription: a\0b\n---\n# T\n",
    b"hostile": '---\nname: "<script>|`x` %0A::error::own ]]>"\ndescription: "x\\u202e"\n---\n# </script>\n', b"empty": "", b"yaml": "---\nname: [\n---\n",
}
# In the order of GitHub's runner.
MARKS = ((b"%0D", b"\r"), (b"%0A", b"\n"), (b"%3A", b":"), (b"%2C", b","), (b"%25", b"%"))
SARIF_CHECK = """
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
checker = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
print(json.dumps([f"{list(one.path)}: {one.message[:120]}" for path in sys.argv[2:] for one in checker.iter_errors(json.load(open(path)))]))
"""
JUNIT_CHECK = """
import json, sys, xmlschema
schema = xmlschema.XMLSchema(sys.argv[1])
print(json.dumps([f"{path}: {one.path}: {one.reason}" for path in sys.argv[2:] for one in schema.iter_errors(path)]))
"""


def make_packages(folder):
    for name, text in PACKAGES.items():
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(path + b"/evals")
        with open(path + b"/SKILL.md", "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        with open(path + b"/evals/tasks.jsonl", "w", encoding="utf-8") as out:
            out.write("".join(json.dumps({"id": task, **TASK, "input": TASK["input"] + task}) + "\n" for task in ("a|b", "]]>", "\x1b[31m\ufffe", "\U0001f600")))


def run(shop, cwd, *words, **environment):
    return subprocess.run([shop.program, *words], cwd=cwd, capture_output=True, env={**shop.environment, **environment}, timeout=RUN_LIMIT_S,
                          check=False)


def answer(shop, python, script, *files):
    done = subprocess.run([python, "-c", script, *files], capture_output=True, text=True, env=shop.environment, timeout=RUN_LIMIT_S, check=False)
    if done.returncode != 0:
        raise ValueError((done.stderr.strip().splitlines() or ["no word"])[-1])
    return json.loads(done.stdout)


def sarif_schemas(report, shop, multitool):
    """(name, path) of each copy of the schema that can be had."""
    yield "Microsoft's copy", multitool / "sarif-2.1.0.json"
    try:
        source, commit, path = OASIS
        yield "OASIS's own", shop.clone("sarif-spec", source, commit) / path
    except Unavailable as why:
        report.skip("SARIF: OASIS's own schema", why)


def check_sarif(report, shop, folder, logs):
    multitool = shop.node("sarif", [MULTITOOL]) / "node_modules/@microsoft/sarif-multitool-linux"
    python = shop.python("ci-formats", list(SCHEMAS))
    for name, schema in sarif_schemas(report, shop, multitool):
        faults = answer(shop, python, SARIF_CHECK, schema, *logs)
        report.row(f"SARIF: {name} schema takes {len(logs)} logs", not faults, faults[:2])
    missing = [f"{log.name}: {place}" for log in logs for place in places(json.loads(log.read_text(encoding="utf-8"))) if not os.path.exists(os.path.join(os.fsencode(folder), place))]
    report.row("SARIF: each place is that of a file", not missing, missing[:2])
    tool = multitool / "Sarif.Multitool"
    tool.chmod(0o755)
    out = folder / "validated.sarif"
    done = subprocess.run([tool, "validate", *logs, "--json-schema", multitool / "sarif-2.1.0.json", "--output", out, "--log", "ForceOverwrite", "--quiet"],
                          capture_output=True, text=True, env={**shop.environment, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}, timeout=RUN_LIMIT_S, check=False)
    if not out.exists():
        report.skip("SARIF: Microsoft's validator", done.stdout or done.stderr)
        return
    results = [one for each in json.loads(out.read_text(encoding="utf-8-sig"))["runs"] for one in each.get("results", [])]
    errors = [f"{one['ruleId']}: {one['message'].get('text', one['message'].get('arguments'))}" for one in results if one.get("level", "warning") == "error"]
    report.row("SARIF: Microsoft's validator finds no error", not errors, errors[:2] or sorted({one["ruleId"] for one in results}))


def places(log):
    """The files of a log's results, in bytes as they stand on disk; a package without SKILL.md has none."""
    for each in log["runs"]:
        for one in each["results"]:
            yield urllib.parse.unquote_to_bytes(one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def read_annotations(text):
    """(properties, message) of each command, as GitHub's runner takes them apart."""
    for line in text.splitlines():
        found = re.match(rb"::(error|warning) (.*?)::(.*)$", line)
        if not found:
            continue
        pairs = dict(part.split(b"=", 1) if b"=" in part else (part, b"") for part in found[2].split(b","))
        yield {key: functools.reduce(lambda text, mark: text.replace(*mark), MARKS, value) for key, value in pairs.items()}, found[3]


def check_annotations(report, shop, folder):
    lines = b"".join(run(shop, folder, "validate", name, "--github").stdout for name in PACKAGES)
    told = list(read_annotations(lines))
    lost = [properties for properties, _ in told if set(properties) != {b"file", b"line"} or not os.path.exists(os.path.join(os.fsencode(folder), properties[b"file"]))]
    visible = [one for one in lost if b"\x1b" not in one.get(b"file", b"") and b"u{1B}" not in one.get(b"file", b"")]
    report.row("GitHub: each annotation is at a file", bool(told) and not visible, visible[:2] or f"{len(told)} annotations")
    report.row("GitHub: no line is another command's", all(re.match(rb"::(error|warning) file=", line) for line in lines.splitlines()), len(lines.splitlines()))
    report.row("GitHub: no message has a sign that the runner reads", not any(re.search(rb"%(0A|0D)", message) for _, message in told))


def check_junit(report, shop, documents):
    try:
        source, commit, path = JENKINS
        schema = shop.clone("xunit-plugin", source, commit) / path
    except Unavailable as why:
        report.skip("JUnit: Jenkins's schema", why)
        return
    faults = answer(shop, shop.python("ci-formats", list(SCHEMAS)), JUNIT_CHECK, schema, *documents)
    report.row(f"JUnit: Jenkins's schema takes {len(documents)} documents", not faults, faults[:2])


def make_repository(shop, folder):
    """A repository whose first commit is empty, so that every package is an added one."""
    git = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@localhost", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "begin"]):
        subprocess.run([*git, *words], cwd=folder, check=True, env=shop.environment)


def check(report, shop):
    folder = shop.folder / "ci-formats"
    folder.mkdir()
    make_repository(shop, folder)
    make_packages(folder)
    logs = []
    for at, name in enumerate([[one] for one in PACKAGES] + [list(PACKAGES)]):
        logs.append(folder / f"{at}.sarif")
        run(shop, folder, "validate", *name, "--sarif", logs[-1])
    documents = [folder / "static.xml", folder / "run.xml", folder / "trials.xml"]
    logs.append(folder / "ci.sarif")
    run(shop, folder, "ci", "--since", "HEAD", "--tier", "static", "--junit", documents[0], "--sarif", logs[-1])
    skill = os.path.join(os.path.dirname(__file__), "../../skills/table-reports")
    for path, trials in zip(documents[1:], ("1", "2")):
        run(shop, folder, "eval", skill, "--model", "sim:demo", "--limit", "4", "--trials", trials, "--run", f"run-{trials}", "-q")
        run(shop, folder, "report", f"run-{trials}", "--format", "junit", "--out", path)
    report.row("all files are written", all(path.exists() for path in [*logs, *documents]))
    check_sarif(report, shop, folder, logs)
    check_junit(report, shop, documents)
    check_annotations(report, shop, folder)
