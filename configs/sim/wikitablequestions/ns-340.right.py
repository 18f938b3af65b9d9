import csv

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
name, value = header.index("Year"), header.index("Starters")
best = max(int(row[value]) for row in rows)
answers = [row[name] for row in rows if int(row[value]) == best]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
