#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every cell that our reader gives against openpyxl (data_only=True).

usage: compare_openpyxl.py DUMP_CELLS FOLDER [--limit N] [--jobs N]

Reads all .xlsx and .xlsm files below FOLDER with both, several processes at once. Prints how many cells
are equal, and the differences by class with the first examples of each.

Exit code: 0 all equal, 1 differences, 77 no data or no openpyxl (ctest counts that as skipped).
"""
import argparse
import collections
import datetime
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import warnings

SKIPPED = 77
EPOCH = datetime.datetime(1899, 12, 30)
DAY = datetime.timedelta(days=1)


def skip(why):
    if os.environ.get("SKILLGRAD_TEST_DATA") == "required":
        print(f"{why}, and SKILLGRAD_TEST_DATA=required says that it must be here")
        sys.exit(1)
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def days(delta):
    return delta / DAY


def theirs(value):
    """(type, value) of a value of openpyxl in the terms of dump_cells."""
    if isinstance(value, bool):
        return "bool", float(value)
    if isinstance(value, int):
        return "integer", float(value)
    if isinstance(value, float):
        return "number", value
    if isinstance(value, datetime.datetime):
        return "datetime", days(value - EPOCH)
    if isinstance(value, datetime.date):
        return "date", days(datetime.datetime.combine(value, datetime.time()) - EPOCH)
    if isinstance(value, datetime.time):
        whole = datetime.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second,
                                   microseconds=value.microsecond)
        return "time", days(whole)
    if isinstance(value, datetime.timedelta):
        return "duration", days(value)
    return "string", str(value)


def same(ours, other):
    kind, value = ours
    if kind == "error":  # openpyxl gives the text of an error
        kind = "string"
    if kind != other[0]:
        return False
    if kind in ("datetime", "date", "time", "duration"):
        return abs(value - other[1]) < 0.6e-3 / 86400  # both are rounded to milliseconds
    return value == other[1]


def read_ours(dump_cells, path):
    """{sheet: {cell: (type, value)}}, or the message of an unreadable file."""
    out = subprocess.run([dump_cells, path], stdout=subprocess.PIPE, check=True).stdout
    sheets, cells = {}, None
    for line in out.decode("utf-8").split("\n"):
        mark, _, rest = line.partition("\t")
        if mark == "E":
            return json.loads(rest.rpartition("\t")[2])
        if mark == "S":
            cells = sheets.setdefault(json.loads(rest), {})
        elif mark == "C":
            name, kind, value = rest.split("\t", 2)
            text = kind in ("string", "error")
            cells[name] = (kind, json.loads(value) if text else float.fromhex(value))
    return sheets


def read_theirs(path):
    """{sheet: {cell: (type, value)}} and how many cells openpyxl holds, blank ones included."""
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=True)
    sheets, stored = {}, 0
    for sheet in book.worksheets:
        cells = sheets[sheet.title] = {}
        stored += len(sheet._cells)
        for (row, column), cell in sheet._cells.items():
            if cell.value is not None:
                cells[openpyxl.utils.get_column_letter(column) + str(row)] = theirs(cell.value)
    return sheets, stored


def compare(job):
    """(path, cells, differences as (class, example))."""
    dump_cells, path = job
    warnings.simplefilter("ignore")
    ours = read_ours(dump_cells, path)
    try:
        other, stored = read_theirs(path)
    except Exception as error:  # whatever openpyxl raises is its verdict
        other, stored = f"{type(error).__name__}: {error}", 0
    if isinstance(ours, str) or isinstance(other, str):
        if isinstance(ours, str) and isinstance(other, str):
            return path, 0, []
        kind = "only openpyxl reads it" if isinstance(ours, str) else "only we read it"
        return path, 1, [(kind, ours if isinstance(ours, str) else other)]
    if list(ours) != list(other):
        return path, stored, [("sheets", f"ours {list(ours)}, openpyxl {list(other)}")]
    found = []
    for sheet, cells in other.items():
        for name in cells.keys() | ours[sheet].keys():
            mine, yours = ours[sheet].get(name), cells.get(name)
            if mine is None or yours is None or not same(mine, yours):
                kinds = " for ".join(item[0] if item else "nothing" for item in (mine, yours))
                found.append((kinds, f"{sheet}!{name}: ours {mine}, openpyxl {yours}"))
    return path, stored, found


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].splitlines()[0])
    parser.add_argument("dump_cells")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if not options.folder.is_dir():
        skip(f"no data at {options.folder}")
    try:
        import openpyxl
    except ImportError:
        skip(f"no openpyxl for {sys.executable} (apt install python3-openpyxl)")
    files = sorted(str(path) for path in options.folder.rglob("*")
                   if path.suffix.lower() in (".xlsx", ".xlsm"))
    if not files:
        skip(f"no workbook below {options.folder}")
    if options.limit:
        files = files[:options.limit]
    total, examples = 0, collections.defaultdict(list)
    with multiprocessing.Pool(options.jobs) as pool:
        jobs = [(options.dump_cells, path) for path in files]
        for path, cells, found in pool.imap(compare, jobs, chunksize=4):
            total += cells
            for kind, example in found:
                examples[kind].append(f"{pathlib.Path(path).name}: {example}")
    different = sum(len(items) for items in examples.values())
    print(f"{total - different} of {total} cells of {len(files)} workbooks read as openpyxl "
          f"{openpyxl.__version__} reads them")
    for kind, items in sorted(examples.items()):
        print(f"\n{kind}: {len(items)}")
        for item in items[:5]:
            print(f"  {item}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
