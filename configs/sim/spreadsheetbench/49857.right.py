import openpyxl

wb = openpyxl.load_workbook("1_49857_init.xlsx")
ws = wb.active
head = next(r for r in range(1, ws.max_row + 1) if ws.cell(r, 7).value == "PCO #")
number = 0
for r in range(head + 1, ws.max_row + 1):
    answer = str(ws.cell(r, 6).value or "").strip().casefold()
    if not answer:
        continue
    number += answer == "yes"
    ws.cell(r, 7).value = number if answer == "yes" else 0
wb.save("1_49857_output.xlsx")
