import openpyxl

wb = openpyxl.load_workbook("1_45635_init.xlsx")
ws = wb.active
for c in range(2, 6):
    scores = [ws.cell(r, c).value or 0 for r in (1, 2, 3)]
    share = 6 / scores.count(max(scores))
    for i, score in enumerate(scores):
        ws.cell(5 + i, c).value = share if score == max(scores) else 0
wb.save("1_45635_output.xlsx")
