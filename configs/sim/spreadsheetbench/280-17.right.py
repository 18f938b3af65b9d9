import openpyxl

wb = openpyxl.load_workbook("1_280-17_init.xlsx")
ws = wb.active
last = {}
for r in range(1, ws.max_row + 1):
    if ws.cell(r, 2).value is not None:
        last[ws.cell(r, 2).value] = r
keep = set(last.values())
for r in range(ws.max_row, 0, -1):
    if r not in keep:
        ws.delete_rows(r)
wb.save("1_280-17_output.xlsx")
