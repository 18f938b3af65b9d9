import openpyxl

wb = openpyxl.load_workbook("1_35747_init.xlsx")
ws = wb.active
start, end, asset = ws["M1"].value, ws["N1"].value, ws["L2"].value
count = 0
for r in range(2, ws.max_row + 1):
    if ws.cell(r, 1).value != asset:
        continue
    for c in range(2, 11):
        value = ws.cell(r, c).value
        if start <= ws.cell(1, c).value < end and isinstance(value, (int, float)) and value > 100:
            count += 1
ws["M2"] = count
wb.save("1_35747_output.xlsx")
