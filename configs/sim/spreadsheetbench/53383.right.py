import openpyxl

wb = openpyxl.load_workbook("1_53383_init.xlsx")
other, ws = wb["worksheet 1"], wb["worksheet2"]
pairs = {
    (str(name).strip(), str(status).strip())
    for name, status in other.iter_rows(min_row=3, max_col=2, values_only=True)
    if name
}
for r in range(3, ws.max_row + 1):
    name, status = ws.cell(r, 1).value, ws.cell(r, 2).value
    if name:
        hit = (str(name).strip(), str(status).strip()) in pairs
        ws.cell(r, 3).value = "Matched" if hit else "Not Matched"
wb.save("1_53383_output.xlsx")
