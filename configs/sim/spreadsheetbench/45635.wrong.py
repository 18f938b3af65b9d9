import openpyxl

wb = openpyxl.load_workbook("1_45635_init.xlsx")
ws = wb.active
for c in range(2, 6):
    scores = [ws.cell(r, c).value for r in (1, 2, 3)]
    winner = scores.index(max(scores))
    for i in range(3):
        ws.cell(5 + i, c).value = 6 if i == winner else 0
wb.save("1_45635_output.xlsx")
