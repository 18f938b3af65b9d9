import csv

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
kind, power = header.index("Type"), header.index("Power (horsepower)")
by_kind = {row[kind]: int(row[power]) for row in rows}
answer = abs(by_kind["NKF"] - by_kind["RTS"])
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
