import csv

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
pair = [row for row in rows if row[2].strip('"').casefold() in ("count on me", "oh, darling")]
answer = int(pair[0][3]) - int(pair[1][3])
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
