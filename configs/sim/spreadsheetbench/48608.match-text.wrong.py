import openpyxl

wb = openpyxl.load_workbook("1_48608_init.xlsx")
ws = wb.active
row = 2
for r in range(2, 6):
    ws.cell(r, 6).value = None
for r in range(2, ws.max_row + 1):
    if ws.cell(r, 3).value == "pass":
        ws.cell(row, 6).value = ws.cell(r, 1).value
        row += 1
wb.save("1_48608_output.xlsx")
