// SPDX-License-Identifier: MIT
#include "cli/screen/read_stream.hpp"

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <skillgrad/core/files.hpp>

namespace skillgrad::cli {
namespace {

class ReadStream : public testing::Test {
 protected:
  TempDir folder_ = *TempDir::create("skillgrad-stream-");
  std::string path_ = (folder_.path() / "in").string();
};

TEST_F(ReadStream, ReadsAFileAndAPipeToTheEnd) {
  const std::string text = std::string(200'000, 'a') + "\nb\n";
  std::ofstream(path_) << text;
  EXPECT_EQ(read_stream(path_, {}).value(), text);
  fs::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const std::jthread writer([&] { std::ofstream(path_) << text; });
  EXPECT_EQ(read_stream(path_, {}).value(), text);
}

TEST_F(ReadStream, AStopEndsTheWaitForAWriter) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  std::stop_source source;
  source.request_stop();
  const auto read = read_stream(path_, source.get_token());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::cancelled);
}

TEST_F(ReadStream, WhatNeverEndsIsRefused) {
  StreamLimits limits{1'000'000, 2'000'000};
  const auto line = read_stream("/dev/zero", {}, limits);
  ASSERT_FALSE(line);
  EXPECT_THAT(line.error().message, testing::HasSubstr("a line is longer"));
  std::ofstream file(path_);
  for (int i = 0; i < 30'000; ++i) file << std::string(99, 'a') << "\n";
  file.close();
  EXPECT_THAT(read_stream(path_, {}, limits).error().message, testing::HasSubstr("holds more"));
}

TEST_F(ReadStream, NamesWhatIsNoFile) {
  EXPECT_THAT(read_stream(path_, {}).error().message, testing::HasSubstr("no such file"));
  EXPECT_THAT(read_stream(folder_.path().string(), {}).error().message,
              testing::HasSubstr("is a folder"));
}

}  // namespace
}  // namespace skillgrad::cli
