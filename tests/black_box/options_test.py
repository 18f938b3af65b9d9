# SPDX-License-Identifier: MIT
"""Each option of the table is asked for somewhere: one that nobody reads would be taken and do nothing."""
import json
import pathlib
import re
import tempfile
import unittest

import program

# Where types and texts of options are declared, and where a rule only says that one has no part.
NO_USE = ("option_keys.hpp", "option_table.hpp", "idle_options.cpp")
ASKED = re.compile(r'<\s*("[a-z_.0-9]+"(?:\s*,\s*"[a-z_.0-9]+")*)\s*>')


class Options(unittest.TestCase):
    def test_each_is_read_by_its_key(self):
        read = set()
        for path in sorted((program.SOURCE / "src" / "cli").rglob("*.[ch]pp")):
            if path.name not in NO_USE:
                for keys in ASKED.findall(path.read_text(encoding="utf-8")):
                    read.update(re.findall(r'"([^"]+)"', keys))
        self.assertGreater(len(read), 50, "the scan must find something to hold")
        self.assertEqual(program.keys() - read, set(), "no source reads these options")
        self.assertEqual(read - program.keys(), set(), "these are no options")

    def test_an_empty_variable_is_not_set(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "skillgrad.json").write_text('{"model": "from-file"}')
            shown = program.run(["config", "show", "--json"], cwd=folder, SKILLGRAD_MODEL="", SKILLGRAD_JOBS="")
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertEqual(json.loads(shown.stdout)["model"]["value"], "from-file")
            shown = program.run(["config", "show", "--json"], cwd=folder, SKILLGRAD_MODEL="from-variable")
            self.assertEqual(json.loads(shown.stdout)["model"]["value"], "from-variable")


if __name__ == "__main__":
    unittest.main()
