import openpyxl

wb = openpyxl.load_workbook("1_39515_init.xlsx")
ws = wb.active
newest = max(ws.cell(r, 2).value for r in range(2, ws.max_row + 1))
for r in range(2, ws.max_row + 1):
    ws.cell(r, 15).value = (
        f"=IF(B{r}<{newest},$C{r},INDEX($C{r}:$N{r},MATCH($A{r},$C$1:$N$1,0)))"
    )
wb.save("1_39515_output.xlsx")
