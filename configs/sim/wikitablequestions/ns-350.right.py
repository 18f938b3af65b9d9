import csv
import re

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
day, size = header.index("Date"), header.index("Attendance")


def number(text):
    digits = re.sub(r"[^0-9]", "", text)
    return int(digits) if digits else -1


answer = max(rows, key=lambda row: number(row[size]))[day]
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
