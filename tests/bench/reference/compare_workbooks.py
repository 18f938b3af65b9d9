# SPDX-License-Identifier: MIT
"""What scripts/bench measures our grading of workbooks against: the same work with openpyxl.

usage: compare_workbooks.py FOLDER [LIMIT]

For each task of a SpreadsheetBench folder loads the golden workbook twice, as the output and as the golden
one, as the benchmark's own evaluator does, and compares the cells of the answer position by its rules.
Prints one JSON object: pairs, passed.
"""
import datetime
import json
import pathlib
import sys
import warnings

import openpyxl


def rounded(value):
    if isinstance(value, (int, float)):
        return round(float(value), 2)
    if isinstance(value, datetime.time):
        return str(value)[:-3]
    if isinstance(value, datetime.datetime):
        return round((value - datetime.datetime(1899, 12, 30)).total_seconds() / 86400, 0)
    if isinstance(value, str):
        try:
            return round(float(value), 2)
        except ValueError:
            return value
    return value


def same(first, second):
    first, second = rounded(first), rounded(second)
    if first in (None, "") and second in (None, ""):
        return True
    return type(first) is type(second) and first == second


def column_number(letters):
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def cells_of(text):
    if ":" not in text:
        return [text]
    ends = []
    for end in text.split(":"):
        digits = "".join(sign for sign in end if sign.isdigit())
        ends.append((column_number("".join(sign for sign in end if not sign.isdigit())), int(digits)))
    (left, top), (right, bottom) = ends
    return [f"{openpyxl.utils.get_column_letter(column)}{row}"
            for column in range(left, right + 1) for row in range(top, bottom + 1)]


def passes(golden_path, position):
    output = openpyxl.load_workbook(golden_path, data_only=True)
    golden = openpyxl.load_workbook(golden_path, data_only=True)
    for part in position.split(","):
        sheet, cells = part.split("!") if "!" in part else (golden.sheetnames[0], part)
        sheet, cells = sheet.strip("'"), cells.strip("'")
        if sheet not in output:
            return False
        for cell in cells_of(cells):
            if not same(output[sheet][cell].value, golden[sheet][cell].value):
                return False
    return True


def golden_of(folder):
    for pattern in ("1_*_answer*.xlsx", "1_*_golden*.xlsx", "golden.xlsx"):
        for path in sorted(folder.glob(pattern)):
            return path
    return None


def main():
    warnings.simplefilter("ignore")
    folder = pathlib.Path(sys.argv[1])
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    pairs = passed = 0
    for task in json.loads((folder / "dataset.json").read_text(encoding="utf-8")):
        golden = golden_of(folder / task["spreadsheet_path"])
        if golden is None or (limit and pairs == limit):
            continue
        pairs += 1
        try:
            passed += passes(golden, task["answer_position"])
        except Exception:  # the evaluator counts whatever is raised as a fail
            pass
    print(json.dumps({"pairs": pairs, "passed": passed}))


if __name__ == "__main__":
    main()
