import openpyxl

wb = openpyxl.load_workbook("1_52917_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    day, month, year = (ws.cell(r, c).value for c in (1, 2, 3))
    ws.cell(r, 10).value = f"{day:02d}/{month:02d}/{year}"
wb.save("1_52917_output.xlsx")
