import csv

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
name, built = header.index("Name"), header.index("Year Built")
years = {row[name].strip(): int(row[built]) for row in rows if row[built]}
answer = years["Hippo"] - years["Hijack"]
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
