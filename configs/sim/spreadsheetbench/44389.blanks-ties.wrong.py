import openpyxl

wb = openpyxl.load_workbook("1_44389_init.xlsx")
ws = wb.active
heads = [ws.cell(1, c).value for c in range(2, 15)]
for r in range(2, ws.max_row + 1):
    row = [ws.cell(r, c).value for c in range(2, 15)]
    prices = [v if v not in (None, "") else 0 for v in row]
    low = min(v for v in prices if v)
    ws.cell(r, 16).value = heads[prices.index(low)]
wb.save("1_44389_output.xlsx")
