import openpyxl

wb = openpyxl.load_workbook("1_280-17_init.xlsx")
ws = wb.active
last = {ws.cell(r, 2).value: r for r in range(2, ws.max_row + 1)}
for r in range(ws.max_row, 1, -1):
    if r not in last.values():
        ws.delete_rows(r)
wb.save("1_280-17_output.xlsx")
