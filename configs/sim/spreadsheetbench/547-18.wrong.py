import openpyxl

wb = openpyxl.load_workbook("1_547-18_init.xlsx")
source = wb.active
rows = [[c.value for c in row] for row in source.iter_rows()]
target = wb.create_sheet("Summary")
for row in rows[:1] + [row for row in rows[1:] if str(row[0] or "").startswith("**")]:
    target.append(row)
wb.save("1_547-18_output.xlsx")
