import csv

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
place, size = header.index("Place"), header.index("Population")
people = {row[place]: int(row[size].replace(",", "")) for row in rows}
answer = abs(people["Lusaka"] - people["Star Diamond Mine"])
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
