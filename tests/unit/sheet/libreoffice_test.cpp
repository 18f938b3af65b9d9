// SPDX-License-Identifier: MIT
// The recalculator against scripts that behave like LibreOffice at its worst, and against the real
// program where it is installed.
#include "sheet/libreoffice.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>
#include <skillgrad/exec/sandbox.hpp>

#include "fakes/xlsx_writer.hpp"

namespace skillgrad::sheet {
namespace {

using fakes::XlsxWriter;
using testing::HasSubstr;

class LibreOfficeTest : public testing::Test {
 protected:
  /// A program that gets soffice's arguments. `body` sees the inputs in "$@" and $out.
  LibreOfficeOptions script(const std::string& body) {
    const fs::path path = folder_.path() / "soffice";
    const std::string text =
        "#!/bin/sh\necho run >> " + (folder_.path() / "runs").string() +
        "\nif [ \"$1\" = --version ]; then echo 'LibreOffice 9.8.7 40(Build:2)'; exit; fi\n"
        "while [ \"$1\" != --outdir ]; do shift; done\nout=$2\nshift 2\n" +
        body + "\n";
    EXPECT_TRUE(write_file_atomic(path, text, 0755));
    LibreOfficeOptions options;
    options.program = path;
    return options;
  }
  [[nodiscard]] std::size_t runs() const {
    const auto text = read_file(folder_.path() / "runs");
    return text ? split_lines(*text).size() : 0;
  }
  fs::path book(double value) {
    const fs::path path = folder_.path() / ("book" + std::to_string(value) + ".xlsx");
    XlsxWriter().sheet("S").number("A1", value).formula("B1", "A1*2").save(path);
    return path;
  }
  [[nodiscard]] fs::path result() const { return folder_.path() / "result.xlsx"; }
  TempDir folder_ = *TempDir::create("skillgrad-office-test-");
  std::stop_source source_;
};

TEST_F(LibreOfficeTest, MissingProgramSaysWhatToInstall) {
  const auto office = make_libreoffice_recalculator(LibreOfficeOptions{});
  const auto done = office->recalculate(book(1), result(), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::infra);
  EXPECT_THAT(done.error().mend, HasSubstr("apt install libreoffice-calc-nogui"));
  EXPECT_EQ(office->version(), "");
}

TEST_F(LibreOfficeTest, EqualInputsAreConvertedOnce) {
  const auto office = make_libreoffice_recalculator(script(R"(cp "$@" "$out")"));
  ASSERT_TRUE(office->recalculate(book(1), result(), {}));
  ASSERT_TRUE(office->recalculate(book(1), result(), {}));
  EXPECT_EQ(runs(), 1U);
  EXPECT_EQ(*read_file(result()), *read_file(book(1)));
  ASSERT_TRUE(office->recalculate(book(2), result(), {}));
  EXPECT_EQ(runs(), 2U);
  EXPECT_EQ(office->version(), "LibreOffice 9.8.7");
}

TEST_F(LibreOfficeTest, FileThatIsNotThereAfterExitZeroIsTriedAloneThenAnError) {
  const auto office = make_libreoffice_recalculator(script("exit 0"));
  const auto done = office->recalculate(book(1), result(), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::infra);
  EXPECT_EQ(runs(), 2U);
  EXPECT_FALSE(fs::exists(result()));
}

TEST_F(LibreOfficeTest, HangingProgramIsEndedAndNamed) {
  LibreOfficeOptions options = script("sleep 600 & wait");
  options.base_limit = std::chrono::milliseconds(100);
  options.file_limit = std::chrono::milliseconds(10);
  const auto done = make_libreoffice_recalculator(options)->recalculate(book(1), result(), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::infra);
  EXPECT_THAT(done.error().message, HasSubstr("did not finish"));
}

TEST_F(LibreOfficeTest, StopEndsTheWait) {
  const fs::path started = folder_.path() / "started";
  const auto office =
      make_libreoffice_recalculator(script("touch " + started.string() + "; sleep 600 & wait"));
  const std::jthread stopper([&](std::stop_token token) {
    while (!fs::exists(started) && !token.stop_requested()) std::this_thread::yield();
    source_.request_stop();
  });
  const auto done = office->recalculate(book(1), result(), source_.get_token());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
  EXPECT_FALSE(office->recalculate(book(1), result(), source_.get_token()));
}

TEST_F(LibreOfficeTest, ManyCallersShareBatches) {
  const auto office = make_libreoffice_recalculator(script(R"(cp "$@" "$out")"));
  std::vector<fs::path> inputs;
  for (int i = 0; i < 8; ++i) inputs.push_back(book(i));
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const fs::path out = folder_.path() / ("out" + std::to_string(i) + ".xlsx");
        if (office->recalculate(inputs[static_cast<std::size_t>(i)], out, {}) &&
            *read_file(out) == *read_file(inputs[static_cast<std::size_t>(i)])) {
          ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 8);
  EXPECT_LE(runs(), 8U);
}

class SandboxedOfficeTest : public LibreOfficeTest {
 protected:
  void SetUp() override {
    const auto works = exec::make_sandbox_backend("bwrap");
    if (!works) GTEST_SKIP() << works.error().to_line();
  }
  /// As script(), alone in its folder, which the sandbox shows.
  LibreOfficeOptions kept_in(const std::string& body) {
    const fs::path path = folder_.path() / "bin/soffice";
    const std::string text =
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'LibreOffice 9.8.7 40(Build:2)'; exit; "
        "fi\n"
        "while [ \"$1\" != --outdir ]; do shift; done\nout=$2\nshift 2\n" +
        body + "\n";
    EXPECT_TRUE(write_file_atomic(path, text, 0755));
    LibreOfficeOptions options;
    options.program = path;
    options.sandbox = exec::SandboxMode::require;
    return options;
  }
};

TEST_F(SandboxedOfficeTest, ItSeesWhatItConvertsAndNothingElse) {
  const fs::path secret = folder_.path() / "secret";
  ASSERT_TRUE(write_file_atomic(secret, "golden answer"));
  const auto office = make_libreoffice_recalculator(
      kept_in("for f in \"$@\"; do { ls /in | wc -l; cat " + secret.string() +
              " 2>/dev/null; env; ls / /task; echo x > \"$f\"; cat \"$f\" | wc -c; } > "
              "\"$out/${f##*/}\" 2>/dev/null; done"));
  ASSERT_TRUE(office->recalculate(book(1), result(), {}));
  const std::string seen = *read_file(result());
  EXPECT_TRUE(seen.starts_with("1\n")) << seen;
  EXPECT_THAT(seen, HasSubstr("HOME=/task\n"));
  EXPECT_THAT(seen, HasSubstr(std::to_string(fs::file_size(book(1))) + "\n")) << "it was changed";
  EXPECT_THAT(seen, testing::Not(HasSubstr("golden")));
  EXPECT_THAT(seen, testing::Not(HasSubstr("OPENAI")));
  EXPECT_EQ(office->outside(), "");
  EXPECT_EQ(office->version(), "LibreOffice 9.8.7");
  // The next batch of the same process folder.
  ASSERT_TRUE(office->recalculate(book(2), result(), {}));
  EXPECT_TRUE(read_file(result())->starts_with("1\n"));
}

TEST_F(SandboxedOfficeTest, OnlyRegularFilesComeOut) {
  for (const char* made :
       {"ln -s /etc/passwd \"$out/${1##*/}\"", "mkfifo \"$out/${1##*/}\"",
        "mkdir \"$out/${1##*/}\"", "ln -s / \"$out/a\"; mv \"$out/a\" \"$out/${1##*/}\"",
        "rm -rf \"$out\"; ln -s /etc \"$out\"", "chmod 000 \"$out\""}) {
    const auto done =
        make_libreoffice_recalculator(kept_in(made))->recalculate(book(1), result(), {});
    ASSERT_FALSE(done) << made;
    EXPECT_EQ(done.error().code, ErrorCode::infra) << made << ": " << done.error().to_text();
    EXPECT_FALSE(fs::exists(result())) << made;
  }
}

TEST_F(SandboxedOfficeTest, WhatItLeavesInItsProfileIsFollowedByNobody) {
  const fs::path bait = folder_.path() / "bait";
  ASSERT_TRUE(make_directories(bait));
  const auto office = make_libreoffice_recalculator(
      kept_in("rm -rf /task/user; ln -s " + bait.string() + " /task/user; cp \"$@\" \"$out\""));
  ASSERT_TRUE(office->recalculate(book(1), result(), {}));
  ASSERT_TRUE(office->recalculate(book(2), result(), {}));
  EXPECT_TRUE(fs::is_empty(bait));
}

TEST_F(SandboxedOfficeTest, HangingProgramIsEnded) {
  LibreOfficeOptions options = kept_in("sleep 600 & wait");
  options.base_limit = std::chrono::milliseconds(200);
  options.file_limit = std::chrono::milliseconds(10);
  const auto done = make_libreoffice_recalculator(options)->recalculate(book(1), result(), {});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("did not finish"));
}

TEST_F(SandboxedOfficeTest, WithoutASandboxItIsRefusedOrSaid) {
  LibreOfficeOptions options = kept_in(R"(cp "$@" "$out")");
  const std::string path = ::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
  ::setenv("PATH", "/nonexistent", 1);        // NOLINT(concurrency-mt-unsafe)
  const auto refused = make_libreoffice_recalculator(options)->recalculate(book(1), result(), {});
  options.sandbox = exec::SandboxMode::automatic;
  const auto office = make_libreoffice_recalculator(options);
  const std::string outside = office->outside();
  ::setenv("PATH", path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::sandbox);
  EXPECT_THAT(outside, HasSubstr("bubblewrap"));
  EXPECT_EQ(office->version(), "LibreOffice 9.8.7");
  EXPECT_TRUE(office->recalculate(book(1), result(), {}));
}

TEST_F(LibreOfficeTest, RealProgramComputesFormulasAndReplacesStaleCaches) {
  if (exec::find_program("soffice").empty()) GTEST_SKIP() << "LibreOffice is not installed";
  const auto office = make_libreoffice_recalculator(1, exec::SandboxMode::automatic);
  const fs::path input = folder_.path() / "real.xlsx";
  XlsxWriter()
      .sheet("S")
      .number("A1", 20)
      .formula("B1", "A1*2")
      .formula("B2", "B1+2", 999)
      .save(input);
  const std::string before = *read_file(input);
  const auto done = office->recalculate(input, result(), {});
  ASSERT_TRUE(done) << done.error().to_text();
  const auto book = Workbook::read(result());
  ASSERT_TRUE(book) << book.error().to_text();
  EXPECT_EQ(book->sheets()[0].at(1, 2).number, 40);
  EXPECT_EQ(book->sheets()[0].at(2, 2).number, 42) << "the stale cache was kept";
  EXPECT_THAT(office->version(), testing::StartsWith("LibreOffice "));
  EXPECT_EQ(*read_file(input), before);
}

}  // namespace
}  // namespace skillgrad::sheet
