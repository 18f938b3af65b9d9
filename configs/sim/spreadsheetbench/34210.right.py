import openpyxl

wb = openpyxl.load_workbook("1_34210_init.xlsx")
ws = wb.active
company = None
for r in range(1, ws.max_row + 1):
    name, item = ws.cell(r, 1).value, ws.cell(r, 2).value
    if name not in (None, ""):
        company = name
    if item not in (None, "") or name not in (None, ""):
        ws.cell(r, 3).value = company
wb.save("1_34210_output.xlsx")
