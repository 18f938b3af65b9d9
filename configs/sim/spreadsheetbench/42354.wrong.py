import openpyxl

wb = openpyxl.load_workbook("1_42354_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    found = [ws.cell(r, c).value for c in (1, 2, 3) if ws.cell(r, c).value]
    ws.cell(r, 4).value = found[0] if found else ""
wb.save("1_42354_output.xlsx")
