# SPDX-License-Identifier: MIT
"""Help, topics, the reference and completion in real shells."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import program
from program import SOURCE, run


def in_shell(words, cwd):
    """The program under its own name on the PATH of a shell."""
    variables = {"PATH": f"{program.BINARY.parent}:{os.environ['PATH']}", "HOME": str(cwd), "LANG": "C.UTF-8", "TERM": "dumb"}
    return subprocess.run(words, cwd=cwd, env=variables, capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)


BASH = r"""
compopt() { :; }
source <(skillgrad completion bash)
line=$1
# As readline splits: at blanks, and around ":" and "=".
COMP_WORDS=(); for word in $line; do
  while [[ $word =~ ^([^:=]*)([:=])(.*)$ ]]; do
    [[ -n ${BASH_REMATCH[1]} ]] && COMP_WORDS+=("${BASH_REMATCH[1]}")
    COMP_WORDS+=("${BASH_REMATCH[2]}"); word=${BASH_REMATCH[3]}
  done
  [[ -n $word ]] && COMP_WORDS+=("$word")
done
[[ $line == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}
_skillgrad
printf '%s\n' "${COMPREPLY[@]}"
"""


class Completion(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.cwd = pathlib.Path(self.folder.name)
        (self.cwd / "my-skill/evals").mkdir(parents=True)
        (self.cwd / "my-skill/evals/tasks.jsonl").write_text(
            '{"id":"sum-01","split":"test","input":"Say 2.","target":"2"}\n'
            '{"id":"sum-02","split":"test","input":"Say 3.","target":"3"}\n')
        run_folder = self.cwd / "skillgrad-runs/my-skill-1"
        run_folder.mkdir(parents=True)
        for name in ("config.json", "events.jsonl"):
            (run_folder / name).write_text("{}")

    def bash(self, line):
        done = in_shell(["bash", "-c", BASH, "bash", line], self.cwd)
        self.assertEqual(done.stderr, "", line)
        return [word for word in done.stdout.splitlines() if word]

    def test_bash_completes_commands_options_words_runs_tasks_and_paths(self):
        self.assertEqual(self.bash("skillgrad opt"), ["optimize"])
        self.assertEqual(self.bash("skillgrad optimize --gate st"), ["strict", "stored"])
        self.assertEqual(self.bash("skillgrad optimize --gate=st"), ["strict", "stored"])
        self.assertIn("demo", self.bash("skillgrad eval -m sim:d"))
        self.assertEqual(self.bash("skillgrad resume skillgrad-runs/")[:1], ["skillgrad-runs/my-skill-1"])
        self.assertEqual(self.bash("skillgrad eval my-skill --ids sum"), ["sum-01", "sum-02"])
        self.assertIn("my-skill", self.bash("skillgrad optimize my"))

    def test_what_cannot_be_read_breaks_no_shell(self):
        (self.cwd / "my-skill/evals/tasks.jsonl").write_bytes(b"\xff\x00{")
        self.assertEqual(self.bash("skillgrad eval my-skill --ids "), [])
        self.assertEqual(self.bash("skillgrad nonsense --x "), [])

    def test_zsh_and_fish_take_their_scripts(self):
        tried = 0
        for shell in ("zsh", "fish"):
            if shutil.which(shell) is None:
                continue
            tried += 1
            path = self.cwd / f"script.{shell}"
            path.write_text(run(["completion", shell]).stdout)
            done = in_shell([shell, "-n", str(path)], self.cwd)
            self.assertEqual((done.returncode, done.stderr), (0, ""), shell)
        if shutil.which("fish"):
            done = in_shell(["fish", "-c", f"source {self.cwd}/script.fish; complete -C 'skillgrad optimize --gate st'"], self.cwd)
            self.assertEqual(sorted(done.stdout.split()), ["stored", "strict"], done)
        if not tried:
            self.skipTest("neither zsh nor fish is installed")


class Help(unittest.TestCase):
    def test_the_reference_is_what_the_program_writes(self):
        done = run(["help", "--format", "markdown"])
        self.assertEqual((SOURCE / "docs/reference.md").read_text(), done.stdout,
                         "renew it: skillgrad help --format markdown > docs/reference.md")

    def test_the_manual_page_has_every_command_and_option(self):
        page = run(["help", "--format", "man"]).stdout
        plain = page.replace("\\-", "-")
        for command in program.commands():
            self.assertIn(f".SS {command}\n", plain)
        for flag in program.all_flags() - {"--help", "--version", "--help-all", "--config", "--set"}:
            self.assertIn(flag, plain)
        if shutil.which("man") and shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z"], input=page, capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")

    def test_topics_name_only_flags_and_commands_that_exist(self):
        for path in sorted((SOURCE / "docs/topics").glob("*.md")):
            text = path.read_text()
            self.assertEqual(run(["help", path.stem]).stdout, text)
            self.assertEqual(set(program.FLAG.findall(text)) - program.all_flags(), set(), path.name)
            for command in re.findall(r"skillgrad ([a-z]+) ", text):
                self.assertIn(command, program.commands(), path.name)
            self.assertLessEqual(max(map(len, text.splitlines())), 120, path.name)
            self.assertIn(path.stem, run(["--help"]).stdout)

    def test_short_help_fits_a_screen_or_two(self):
        for command in program.commands():
            done = run([command, "--help"])
            self.assertLess(len(done.stdout.splitlines()), 50, command)

    def test_wrong_use_says_what_to_write(self):
        for words, fix in ((["help", "gate"], "skillgrad help gates"), (["help", "--format", "pdf"], "--format man"),
                           (["help", "gates", "--format", "man"], "leave one"), (["completion", "csh"], "bash, zsh or fish"),
                           (["completion"], "skillgrad completion --help"),
                           (["optimize", "--iterations", "3"], "did you mean --max-iters?"), (["eval", "--budget=5"], "did you mean --max-usd?")):
            done = run(words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(fix, done.stderr, words)


if __name__ == "__main__":
    unittest.main()
