# SPDX-License-Identifier: MIT
"""What scripts/check_layers finds, and what scripts/install_deps runs, on made-up trees and machines."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

ROOMS = """
skillgrad_room(core LIBS fmt::fmt)
skillgrad_room(low  USES core LIBS x)
skillgrad_room(high USES low)
skillgrad_room(cli  USES high LIBS CLI11::CLI11)
"""


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, name, text, mode=0o644):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path


class CheckLayers(Folder):
    def setUp(self):
        super().setUp()
        self.put("src/CMakeLists.txt", ROOMS)
        for room in ("core", "low", "high", "cli"):
            self.put(f"include/skillgrad/{room}/api.hpp", "#pragma once\n")
            self.put(f"src/{room}/own.hpp", "#pragma once\n")

    def check(self):
        done = subprocess.run(
            [SCRIPTS / "check_layers", self.root], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    def test_permitted_includes_pass(self):
        self.put("src/high/a.cpp", '#include <skillgrad/core/api.hpp>\n#include "high/own.hpp"\n#include <map>\n')
        self.put("src/cli/a.cpp", "#include <CLI/CLI.hpp>\n#include <skillgrad/low/api.hpp>\n")
        self.put("src/main.cpp", '#include "cli/own.hpp"\n')
        self.assertEqual(self.check(), (0, ""))

    def test_each_kind_of_wrong_include_is_named_with_its_line(self):
        cases = {
            "upwards": ("low", "#include <skillgrad/high/api.hpp>", "may not use room high"),
            "private": ("high", '#include "low/own.hpp"', "private header of room low"),
            "CLI11": ("low", "#include <CLI/CLI.hpp>", "CLI11 belongs to src/cli"),
            "absent": ("low", "#include <skillgrad/core/gone.hpp>", "no such header"),
            "bare": ("low", '#include "own.hpp"', "name private headers"),
            "quoted": ("low", '#include "skillgrad/core/api.hpp"', "with <>"),
        }
        for name, (room, line, message) in cases.items():
            with self.subTest(name):
                file = self.put(f"src/{room}/a.cpp", f"// comment\n{line}\n")
                code, out = self.check()
                file.unlink()
                self.assertEqual(code, 1)
                self.assertRegex(out, rf"^src/{room}/a\.cpp:2: .*{message}")

    def test_a_contract_header_is_held_to_the_graph_too(self):
        self.put("include/skillgrad/core/bad.hpp", "#include <skillgrad/low/api.hpp>\n")
        code, out = self.check()
        self.assertEqual(code, 1)
        self.assertIn("include/skillgrad/core/bad.hpp:1: ", out)

    def test_a_sub_room_may_use_what_stands_below_it_and_nothing_above(self):
        self.put("src/CMakeLists.txt", ROOMS + "skillgrad_floors(high ground . roof)\n")
        for place in ("high/ground", "high", "high/roof"):
            self.put(f"src/{place}/here.hpp", "#pragma once\n")
        for file, include, wrong in (
            ("high/roof/a.cpp", "high/ground/here.hpp", None), ("high/a.cpp", "high/ground/here.hpp", None),
            ("high/roof/a.cpp", "high/roof/here.hpp", None),
            ("high/ground/a.cpp", "high/roof/here.hpp", "high/ground may not use high/roof"),
            ("high/ground/a.cpp", "high/here.hpp", r"high/ground may not use high/\."),
            ("high/cellar/a.cpp", "high/here.hpp", "sub-room high/cellar has no floor"),
        ):
            with self.subTest(file=file, include=include):
                planted = self.put(f"src/{file}", f'\n#include "{include}"\n')
                code, out = self.check()
                planted.unlink()
                self.assertEqual(code, 1 if wrong else 0, out)
                if wrong:
                    self.assertRegex(out, rf"^src/{file}:2: .*{wrong}")

    def test_a_circle_of_files_is_found_also_where_it_leads_through_sources(self):
        self.put("src/high/a.hpp", "#pragma once\n")
        self.put("src/high/b.hpp", '#include "high/a.hpp"\n')
        self.assertEqual(self.check(), (0, ""))
        planted = self.put("src/high/a.cpp", '#include "high/a.hpp"\n#include "high/b.hpp"\n')
        code, out = self.check()
        self.assertEqual(code, 1)
        self.assertIn("circle of files: high/a, high/b", out)
        planted.unlink()
        # A contract header stands by itself: what implements it may use whatever uses it.
        self.put("src/high/api.cpp", '#include <skillgrad/high/api.hpp>\n#include "high/c.hpp"\n')
        self.put("src/high/c.hpp", "#include <skillgrad/high/api.hpp>\n")
        self.assertEqual(self.check(), (0, ""))

    def test_a_folder_that_is_no_room_is_found(self):
        self.put("src/extra/a.cpp", "")
        self.assertEqual(self.check()[0], 1)

    def test_a_circle_or_an_unknown_room_in_the_graph_is_refused(self):
        for graph in ("skillgrad_room(a USES b)\nskillgrad_room(b USES a)\n", "skillgrad_room(a USES gone)\n", ""):
            with self.subTest(graph):
                self.put("src/CMakeLists.txt", graph)
                self.assertEqual(self.check()[0], 2)


class InstallDeps(Folder):
    """A machine made of a few fake programs; `calls` holds what was run with which words."""

    def setUp(self):
        super().setUp()
        self.calls = self.root / "calls"
        self.missing = []
        for name in ("bash", "env", "grep", "cat"):
            os.symlink(shutil.which(name), self.root / name)

    def program(self, name, body):
        self.put(name, f"#!/bin/bash\n{body}\n", 0o755)

    def machine(self, missing):
        listed = " ".join(missing)
        self.program(
            "dpkg-query",
            'shift 2; for p; do case " %s " in *" $p "*) echo "not-installed $p";; *) echo "installed $p";; esac; done'
            % listed,
        )
        self.program("apt-get", f'echo "apt-get $*" >> {self.calls}')

    def run_script(self, *words, **environment):
        done = subprocess.run(
            [SCRIPTS / "install_deps", *words],
            capture_output=True, text=True, check=False, env={"PATH": str(self.root), **environment},
        )
        return done, self.calls.read_text().splitlines() if self.calls.exists() else []

    def test_nothing_is_run_when_nothing_is_missing(self):
        self.machine([])
        done, calls = self.run_script()
        self.assertEqual((done.returncode, done.stdout, done.stderr, calls), (0, "", "", []))

    @unittest.skipIf(os.geteuid() != 0, "needs root to be run without sudo")
    def test_exactly_the_missing_packages_are_announced_and_installed(self):
        self.machine(["ninja-build", "bubblewrap"])
        done, calls = self.run_script("demo")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("about to install 2 Debian packages and what they depend on: ninja-build bubblewrap", done.stderr)
        self.assertEqual(len(calls), 2)
        self.assertTrue(calls[0].endswith(" update"), calls)
        self.assertTrue(calls[1].endswith(" install -y --no-install-recommends ninja-build bubblewrap"), calls)

    def test_the_demo_does_not_want_what_only_tests_need(self):
        self.machine(["libreoffice-calc-nogui", "clang-format-14", "clang-tidy-14"])
        done, calls = self.run_script("demo")
        self.assertEqual((done.returncode, calls), (0, []))

    @unittest.skipIf(os.geteuid() != 0, "needs root to be run without sudo")
    def test_a_failed_installation_is_an_error(self):
        self.machine(["ninja-build"])
        self.program("apt-get", "exit 100")
        self.assertEqual(self.run_script("demo")[0].returncode, 1)

    def test_without_apt_the_packages_are_named(self):
        done, _ = self.run_script("demo")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no apt-get", done.stderr)
        self.assertIn("ninja-build", done.stderr)
        self.assertEqual(self.run_script("demo", SKIP_INSTALL_DEPS="1")[0].returncode, 0)

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"), "needs setpriv to become another user")
    def test_without_root_and_sudo_the_command_is_named(self):
        self.machine(["ninja-build"])
        self.root.chmod(0o755)
        script = self.put("install_deps", (SCRIPTS / "install_deps").read_text(), 0o755)
        become = [shutil.which("setpriv"), "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*become, script, "demo"], capture_output=True, text=True, check=False, env={"PATH": str(self.root)}
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("neither root nor sudo here", done.stderr)
        self.assertIn("apt-get install --no-install-recommends ninja-build", done.stderr)

    def test_an_unknown_argument_is_refused(self):
        self.assertEqual(self.run_script("everything")[0].returncode, 2)


if __name__ == "__main__":
    unittest.main()
