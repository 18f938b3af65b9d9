import openpyxl

source = openpyxl.load_workbook("1_53383_init.xlsx")
other, ws = source["worksheet 1"], source["worksheet2"]
pairs = {(row[0].value, row[1].value) for row in other.iter_rows(min_row=3)}
result = openpyxl.Workbook()
out = result.active
for r, row in enumerate(ws.iter_rows(max_col=3), 1):
    for c, cell in enumerate(row, 1):
        out.cell(r, c).value = cell.value
    if r > 2:
        hit = (row[0].value, row[1].value) in pairs
        out.cell(r, 3).value = "Matched" if hit else "Not Matched"
result.save("1_53383_output.xlsx")
