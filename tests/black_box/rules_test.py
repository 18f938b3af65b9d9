# SPDX-License-Identifier: MIT
"""The rule books: every rule that code, tests, prompts or messages name is explained, and can be asked for."""
import re
import unittest

import program

BOOKS = sorted((program.SOURCE / "docs").glob("rules-*.md"))
HEADING = re.compile(r"^### (\S+) (.+)$", re.M)
# Rules have these forms; a cell such as B12 or a time zone has the first one, too, so that letters count.
FORMS = {
    "docs/rules-endpoint.md": (re.compile(r"\bR[1-4]\.[0-9]{1,2}\b"), ("src", "include", "tests", "docs", "configs")),
    "docs/rules-skill.md": (re.compile(r"\b(?:L[1-3]-[0-9]{2}|UPD-[0-9]{2})\b"), ("src", "include", "tests", "docs", "configs")),
}
# In these folders, a letter and a digit are a rule wherever they are no cell of a sheet.
SKILL_RULE = re.compile(r"(?<![\w!:$.])(?:[FNDTIBPC][0-9]|W[0-9])(?![\w:.!])")
SKILL_PLACES = ("src/skill", "include/skillgrad/skill")


def texts(*places):
    for place in places:
        for path in sorted((program.SOURCE / place).rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".md", ".py", ".json", ".txt") and path.is_file():
                yield path.relative_to(program.SOURCE).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def headings(book):
    return dict(HEADING.findall((program.SOURCE / book).read_text(encoding="utf-8")))


class Books(unittest.TestCase):
    def test_explain_each_rule_that_is_named_anywhere(self):
        for book, (form, places) in FORMS.items():
            known, missing = headings(book), {}
            for name, text in texts(*places):
                for rule in form.findall(text):
                    if rule not in known:
                        missing.setdefault(rule, name)
            self.assertGreater(len(known), 20, book)
            self.assertEqual(missing, {}, book)

    def test_explain_each_rule_of_skills_that_the_sources_name(self):
        known, missing, seen = headings("docs/rules-skill.md"), {}, set()
        for name, text in texts(*SKILL_PLACES):
            for rule in SKILL_RULE.findall(text):
                seen.add(rule)
                if rule not in known:
                    missing.setdefault(rule, name)
        self.assertGreater(len(seen), 15)
        self.assertEqual(missing, {})

    def test_name_each_rule_once(self):
        for book in BOOKS:
            names = [name for name, _ in HEADING.findall(book.read_text(encoding="utf-8"))]
            self.assertEqual(len(names), len(set(names)), book)

    def test_of_skills_say_what_how_and_how_to_mend(self):
        text = (program.SOURCE / "docs/rules-skill.md").read_text(encoding="utf-8")
        for section in re.split(r"^### ", text, flags=re.M)[1:]:
            body = re.split(r"^## ", section, flags=re.M)[0]
            for part in ("Example:", "Mend:", "Severity:"):
                self.assertIn(part, body, section.splitlines()[0])

    def test_name_sources_that_exist(self):
        for book in BOOKS:
            for path in re.findall(r"`((?:src|include|tests|configs|docs|scripts)/[\w./-]+)`", book.read_text(encoding="utf-8")):
                self.assertTrue((program.SOURCE / path).exists(), f"{book.name}: {path}")


class Explain(unittest.TestCase):
    def test_prints_every_rule_of_every_book(self):
        for book in BOOKS:
            for name, title in headings(book.relative_to(program.SOURCE)).items():
                done = program.run(["validate", "--explain", name.lower()])
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout.startswith(f"{name} {title}\n\n"), done.stdout[:200])
                self.assertGreater(len(done.stdout.splitlines()), 2, name)

    def test_names_the_nearest_rule_and_refuses_a_skill_beside_it(self):
        done = program.run(["validate", "--explain", "L2-3"])
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r'no rule "L2-3"[\s\S]*fix: did you mean "L2-\d\d"')
        done = program.run(["validate", "skills/xlsx", "--explain", "L2-03"], cwd=program.SOURCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("takes no skill", done.stderr)

    def test_is_what_a_finding_leads_to(self):
        done = program.run(["validate", "skills/table-reports"], cwd=program.SOURCE)
        for rule in set(re.findall(r"\[([A-Z]+[0-9-]*):\d+\]", done.stdout + done.stderr)):
            self.assertEqual(program.run(["validate", "--explain", rule]).returncode, 0, rule)


if __name__ == "__main__":
    unittest.main()
