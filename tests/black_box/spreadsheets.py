# SPDX-License-Identifier: MIT
"""Small spreadsheet tasks in the layout of SpreadsheetBench: one cell of one sheet each."""
import json
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "[Content_Types].xml":
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels":
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml":
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels":
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def save_workbook(path, cell):
    """A workbook whose A1 is `cell` in the words of the format, or blank."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = f'<row r="1">{cell}</row>' if cell else ""
    with zipfile.ZipFile(path, "w") as out:
        for name, text in PARTS.items():
            out.writestr(name, text)
        out.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{row}</sheetData></worksheet>')


def number(value):
    return f'<c r="A1"><v>{value}</v></c>'


FORMULA = '<c r="A1"><f>NA()</f></c>'


class Tasks:
    """The data set in a folder; `add` writes it anew."""

    def __init__(self, folder):
        self.folder = folder
        self.entries = []

    def golden(self, name):
        return self.folder / f"spreadsheet/{name}/1_{name}_golden.xlsx"

    def add(self, name, golden, position="A1"):
        save_workbook(self.golden(name), golden)
        save_workbook(self.folder / f"spreadsheet/{name}/1_{name}_init.xlsx", "")
        self.entries.append({"id": name, "instruction": f"Fill A1 of task {name}.", "spreadsheet_path": f"spreadsheet/{name}",
                             "instruction_type": "Cell-Level Manipulation", "answer_position": position})
        (self.folder / "dataset.json").write_text(json.dumps(self.entries), encoding="utf-8")
