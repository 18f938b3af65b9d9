import openpyxl

wb = openpyxl.load_workbook("1_156-14_init.xlsx")
for name in ("99250", "99251", "99252"):
    ws = wb[name]
    for r in range(ws.max_row, 5, -1):
        if str(ws.cell(r, 6).value or "").strip().casefold() == "to be processed":
            ws.delete_rows(r)
wb.save("1_156-14_output.xlsx")
