# SPDX-License-Identifier: MIT
"""Every advice that the program can print names flags, keys and commands that exist.

Reads the string literals of the sources, so that a message which is hard to provoke is held to it, too.
"""
import pathlib
import re
import shlex
import unittest

import program

# Files whose literals hold the options of other programs.
FOREIGN = ("src/exec/", "src/sheet/libreoffice", "src/cli/ci/git.cpp")
# Words that look like a flag and are none of ours: a guess of a user, options that other programs take.
NOT_OURS = {
    "--api-key", "--apikey", "--key", "--token", "--openai-api-key",  # what people try; refused
    "--enable-auto-tool-choice", "--tool-call-parser", "--jinja", "--parallel", "--ctx-size",
    "--literal-pathspecs", "--is-inside-work-tree", "--cached", "--quiet", "--verify", "--porcelain", "--ignored", "--cleanup", "--git",  # git's
    "--decode",
    "--array", "--job-name", "--output", "--signal",  # of Slurm
}
LITERAL = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"', re.S)
COMMAND = re.compile(r"\bskillgrad ([a-z]+)\b")
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def unescape(text):
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match.group(1), ""), text)


def strip_comments(text):
    """Blanks // comments outside of strings; sources here have no others with quotation marks."""
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*', lambda match: match.group(1) or "", text)


def literals(path):
    """(line, text) of each literal, adjacent ones joined as the compiler does."""
    text = strip_comments(path.read_text(encoding="utf-8"))
    joined, end = [], None
    for match in LITERAL.finditer(text):
        part = match.group(2) if match.group(2) is not None else unescape(match.group(3) or "")
        if end is not None and not text[end : match.start()].strip():
            joined[-1][1] += part
        else:
            joined.append([text.count("\n", 0, match.start()) + 1, part])
        end = match.end()
    return joined


def sources():
    for path in sorted((program.SOURCE / "src").rglob("*.[ch]pp")):
        name = path.relative_to(program.SOURCE).as_posix()
        if not name.startswith(FOREIGN):
            yield name, path


class Advice(unittest.TestCase):
    def each(self):
        for name, path in sources():
            for line, text in literals(path):
                yield f"{name}:{line}", text

    def test_names_only_flags_that_exist(self):
        wrong, seen = [], 0
        for place, text in self.each():
            for flag in program.FLAG.findall(text):
                seen += 1
                if flag not in program.all_flags() | NOT_OURS and flag != "--no":
                    wrong.append(f"{place}: {flag} in {text[:100]!r}")
        self.assertGreater(seen, 100, "the scan must find something to hold")
        self.assertEqual(wrong, [])

    def test_names_only_commands_that_exist(self):
        wrong, seen = [], 0
        for place, text in self.each():
            for command in COMMAND.findall(text):
                seen += 1
                # A word of a sentence about the program itself ("skillgrad started").
                if command not in program.commands() and f"`skillgrad {command}" in text:
                    wrong.append(f"{place}: skillgrad {command}")
        self.assertGreater(seen, 10)
        self.assertEqual(wrong, [])

    def test_in_backquotes_parses_as_a_command_of_ours(self):
        wrong = []
        for place, text in self.each():
            for quoted in re.findall(r"`skillgrad ([^`]+)`", text):
                words = shlex.split(re.sub(r"\.\.\.|[A-Z]{2,}…?", "x", quoted))
                if words[0] == "x" or words[0].startswith("--"):
                    continue
                for flag in program.wrong_flags(words):
                    wrong.append(f"{place}: {quoted}: {flag}")
        self.assertEqual(wrong, [])

    def test_in_backquotes_is_whole_and_can_be_typed(self):
        """With its arguments: a command that only names itself is refused when it is typed."""
        wrong = []
        for place, text in self.each():
            for quoted in re.findall(r"`skillgrad ([a-z]+[^`]*)`", text):
                words = quoted.split()
                if "--help" in words or f"that `skillgrad {quoted}` printed" in text:
                    continue
                plain = [word for word in words[1:] if not word.startswith("-")]
                if len(plain) < program.least_arguments(words[0]):
                    wrong.append(f"{place}: {quoted}")
                if words[:2] in (["benchmark", "check"], ["benchmark", "show"], ["benchmark", "split"]) and "-b" not in words:
                    wrong.append(f"{place}: {quoted}: of which benchmark?")
        self.assertEqual(wrong, [])

    def test_names_only_keys_that_exist(self):
        wrong = []
        for place, text in self.each():
            for key in re.findall(r"--set ([a-z_]+(?:\.[a-z_]+)*)", text.replace("--set key=value", "")):
                root = ".".join(key.split(".")[:2]) if key.startswith("stages.") else key.split(".")[0]
                if not {key, root} & program.keys():
                    wrong.append(f"{place}: {key}")
        self.assertEqual(wrong, [])

    def test_gives_json_to_a_shell_in_quotation_marks(self):
        wrong = []
        for place, text in self.each():
            if "help" in place or "option_table" in place:
                continue
            for match in re.finditer(r"--[a-z-]+ ([{\[])(?![}:])", text):
                wrong.append(f"{place}: {text[match.start():][:60]}")
        self.assertEqual(wrong, [], "a shell takes the braces and quotation marks of these apart")


class Help(unittest.TestCase):
    def test_of_each_command_has_at_least_three_examples_that_parse(self):
        for command in program.commands():
            with self.subTest(command):
                examples = program.examples_of(command)
                self.assertGreaterEqual(len(examples), 3)
                for example in examples:
                    words = shlex.split(example.split(">")[0])
                    self.assertEqual(words[0], "skillgrad", example)
                    self.assertEqual(words[1], command, example)
                    self.assertEqual(program.wrong_flags(words[1:]), [], example)

    def test_and_version_are_had_in_the_usual_ways(self):
        version = program.run(["--version"])
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"^skillgrad \d+\.\d+\.\d+")
        for words in (["-V"], ["version"]):
            self.assertEqual(program.run(words).stdout, version.stdout, words)
        for words in (["help"], ["-h"]):
            self.assertEqual(program.run(words).stdout, program.help_of(), words)
        for words in (["help", "eval"], ["eval", "-h"]):
            self.assertEqual(program.run(words).stdout, program.run(["eval", "--help"]).stdout, words)

    def test_says_what_arguments_are_in_lines_that_fit(self):
        for command in program.commands():
            with self.subTest(command):
                options = program.help_of(command).split("Examples:", 1)[0]
                for line in options.splitlines():
                    self.assertLessEqual(len(line), 100, line)
                if "Positionals:" in options:
                    for line in re.findall(r"^  [A-Z]+.*$", options.split("Positionals:")[1].split("Options:")[0], re.M):
                        self.assertRegex(line, r"^  [A-Z]+(?: REQUIRED)? {2,}\S", "an argument without a text")


if __name__ == "__main__":
    unittest.main()
