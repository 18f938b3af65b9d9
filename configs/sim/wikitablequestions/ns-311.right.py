import csv

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
name, size = header.index("Province"), header.index("Population")
places = [row for row in rows if row[name] != "Total"]
answer = max(places, key=lambda row: int(row[size].replace(",", "")))[name]
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
