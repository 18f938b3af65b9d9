import openpyxl

wb = openpyxl.load_workbook("1_50796_init.xlsx")
ws = wb.active
title = next(r for r in range(2, ws.max_row + 1) if ws.cell(r, 2).value == ws["A1"].value)
first, last = title + 1, ws.max_row
row = 2
while ws.cell(row, 1).value:
    ws.cell(row, 2).value = f"=SUMIF($B${first}:$B${last},A{row},$C${first}:$C${last})"
    row += 1
wb.save("1_50796_output.xlsx")
