import csv
import datetime

with open("table.csv", newline="", encoding="utf-8") as source:
    header, *rows = csv.reader(source)
name, when = header.index("Districts"), header.index("Created")


def day(text):
    for form in ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%Y"):
        try:
            return datetime.datetime.strptime(text.strip(), form)
        except ValueError:
            pass
    return None


dated = [row for row in rows if day(row[when])]
answer = min(dated, key=lambda row: day(row[when]))[name]
answers = [answer]
with open("answer.txt", "w", encoding="utf-8") as target:
    target.write("".join(f"{item}\n" for item in answers))
print("Answer:", ", ".join(str(item) for item in answers))
