import openpyxl

wb = openpyxl.load_workbook("1_44389_init.xlsx")
ws = wb.active
heads = [ws.cell(1, c).value for c in range(2, 15)]
for r in range(2, ws.max_row + 1):
    row = [ws.cell(r, c).value for c in range(2, 15)]
    priced = [(v, h) for v, h in zip(row, heads) if isinstance(v, (int, float)) and v > 0]
    low = min(v for v, _ in priced)
    ws.cell(r, 16).value = ",".join(h for v, h in priced if v == low)
wb.save("1_44389_output.xlsx")
