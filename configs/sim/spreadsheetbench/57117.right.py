import openpyxl

wb = openpyxl.load_workbook("1_57117_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    lane = str(ws.cell(r, 4).value or "")
    ws.cell(r, 6).value = next((d for d in ("BA", "MA") if d in lane), None)
wb.save("1_57117_output.xlsx")
