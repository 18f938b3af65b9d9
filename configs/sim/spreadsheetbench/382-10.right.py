import openpyxl

wb = openpyxl.load_workbook("1_382-10_init.xlsx")
ws = wb.active
for r in range(1, ws.max_row + 1):
    cell = ws.cell(r, 1)
    if str(cell.value or "").strip().casefold() != "comments":
        cell.value = None
wb.save("1_382-10_output.xlsx")
