import csv

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
column = header.index("Date")
answer = len([row[column] for row in rows if row[column].strip()])
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
