import openpyxl

wb = openpyxl.load_workbook("1_547-18_init.xlsx")
source, target = wb.worksheets[0], wb["summary Limits"]
rows = [[c.value for c in row] for row in source.iter_rows()]
kept = rows[:1] + [row for row in rows[1:] if str(row[0] or "").startswith("**")]
for r, row in enumerate(kept, 1):
    for c, value in enumerate(row, 1):
        target.cell(r, c).value = value
wb.save("1_547-18_output.xlsx")
