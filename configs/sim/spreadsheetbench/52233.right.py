import openpyxl

wb = openpyxl.load_workbook("1_52233_init.xlsx")
ws = wb.active
for r in range(7, ws.max_row + 1):
    if ws.cell(r, 1).value:
        ws.cell(r, 2).value = f"=SUM(INDEX($B$3:$E$5,0,MATCH($A{r},$B$2:$E$2,0)))"
wb.save("1_52233_output.xlsx")
