from collections import defaultdict

import openpyxl

wb = openpyxl.load_workbook("1_55421_init.xlsx")
ws = wb.active
seen = defaultdict(set)
for r in range(2, ws.max_row + 1):
    seen[ws.cell(r, 1).value].add(ws.cell(r, 4).value)
for r in range(2, ws.max_row + 1):
    states, following = seen[ws.cell(r, 1).value], ws.cell(r, 5).value
    if "NO SHOW" in states and "SCH" in states:
        ws.cell(r, 6).value = "NS/SCHED"
    elif "SCH" in states:
        ws.cell(r, 6).value = "FUTURE"
    elif "NO SHOW" in states:
        ws.cell(r, 6).value = "NO ACTION NEEDED" if following else "CALL PT"
    else:
        ws.cell(r, 6).value = None
wb.save("1_55421_output.xlsx")
