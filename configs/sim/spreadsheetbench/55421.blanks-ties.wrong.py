from collections import defaultdict

import openpyxl

wb = openpyxl.load_workbook("1_55421_init.xlsx")
ws = wb.active
seen = defaultdict(set)
for r in range(2, ws.max_row + 1):
    seen[ws.cell(r, 1).value].add(str(ws.cell(r, 4).value).strip().casefold())
for r in range(2, ws.max_row + 1):
    states, following = seen[ws.cell(r, 1).value], str(ws.cell(r, 5).value)
    if states == {"sch"}:
        text = "FUTURE"
    elif len(states) == 2:
        text = "NS/SCHED"
    else:
        text = "NO ACTION NEEDED" if following else "CALL PT"
    ws.cell(r, 6).value = text
wb.save("1_55421_output.xlsx")
