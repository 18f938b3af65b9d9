from collections import defaultdict

import openpyxl

wb = openpyxl.load_workbook("1_55421_init.xlsx")
ws = wb.active
seen = defaultdict(set)
for r in range(2, ws.max_row + 1):
    seen[ws.cell(r, 1).value].add(str(ws.cell(r, 4).value or "").strip().casefold())
for r in range(2, ws.max_row + 1):
    states, following = seen[ws.cell(r, 1).value], ws.cell(r, 5).value
    if states == {"sch"}:
        text = "FUTURE"
    elif states == {"sch", "no show"}:
        text = "NS/SCHED"
    else:
        text = "CALL PT" if following in (None, "") else "NO ACTION NEEDED"
    ws.cell(r, 6).value = text
wb.save("1_55421_output.xlsx")
