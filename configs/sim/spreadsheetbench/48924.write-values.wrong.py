import openpyxl

wb = openpyxl.load_workbook("1_48924_init.xlsx")
ws = wb.active
last = max(r for r in range(2, ws.max_row + 1) if ws.cell(r, 1).value)
days = "SEQUENCE($F$3-$F$2+1,1,$F$2)"
for r in range(2, 14):
    ws.cell(r, 3).value = None
ws["C2"] = f"=FILTER({days},ISNA(XMATCH({days},A2:A{last})))"
wb.save("1_48924_output.xlsx")
