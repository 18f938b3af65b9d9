import openpyxl

wb = openpyxl.load_workbook("1_36191_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    words = str(ws.cell(r, 2).value or "").split()
    if words:
        ws.cell(r, 3).value = " ".join(word for word in words if "@" not in word)
wb.save("1_36191_output.xlsx")
