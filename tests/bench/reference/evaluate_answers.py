# SPDX-License-Identifier: MIT
"""What scripts/bench measures `skillgrad grade` against on answers: an evaluator in plain Python that works as
the published one of WikiTableQuestions does.

usage: evaluate_answers.py FOLDER PREDICTIONS.tsv

Reads the targets of all questions (canonical ones where there is a tagged file), then the predictions, "id TAB
item TAB item...", and prints for each its id and verdict. The last line on stderr is how many are right.
"""
import pathlib
import sys

from denotation import right as is_right, unescape, values_of


def read_tsv(path):
    lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    names = lines[0].split("\t")
    return names, [line.split("\t") for line in lines[1:]]


def read_targets(folder):
    """{id: (raw items, canonical items)}"""
    targets = {}
    for path in sorted(folder.glob("data/*.tsv")):
        names, rows = read_tsv(path)
        key, value = names.index("id"), names.index("targetValue")
        for row in rows:
            raw = unescape(row[value])
            targets.setdefault(row[key], (raw, raw))
    for path in sorted(folder.glob("tagged/data/*.tagged")):
        names, rows = read_tsv(path)
        key, value, canonical = (names.index(name) for name in ("id", "targetValue", "targetCanon"))
        for row in rows:
            targets[row[key]] = (unescape(row[value]), unescape(row[canonical]))
    return targets


def main():
    targets = read_targets(pathlib.Path(sys.argv[1]))
    right = 0
    for line in pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").rstrip("\n").split("\n"):
        name, *items = line.split("\t")
        raw, canonical = targets[name]
        pairs = [(item, parsed or item) for item, parsed in zip(raw, canonical)]
        verdict = is_right(values_of(pairs), values_of((item, item) for item in items))
        right += verdict
        print(name, verdict, sep="\t")
    print(right, file=sys.stderr)


if __name__ == "__main__":
    main()
