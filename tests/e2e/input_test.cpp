// SPDX-License-Identifier: MIT
// Wrong input: the right exit code, and a message that names what, where and the mend.
#include <arpa/inet.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skillgrad/exec/process.hpp>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

struct Refusal {
  const char* name;
  Words arguments;
  int code;
  Words says;
};

void expect_refused(const Scratch& scratch, const std::vector<Refusal>& cases) {
  for (const auto& item : cases) {
    SCOPED_TRACE(item.name);
    const auto outcome = run(scratch, item.arguments);
    EXPECT_EQ(outcome.exit_code, item.code) << outcome;
    EXPECT_TRUE(holds(outcome.err, item.says));
    EXPECT_TRUE(outcome.out.empty()) << "stdout is for results: " << outcome.out;
  }
}

TEST(WrongInput, OfTheCommandLineNamesTheNearestMatch) {
  const Scratch scratch;
  const Mini mini(scratch);
  expect_refused(
      scratch,
      {{"command", {"optimise", "x"}, 2, {"unknown command \"optimise\"", "\"optimize\"?"}},
       {"no command", {}, 2, {"no command is named", "optimize"}},
       {"flag", mini.optimize("r", {"--max-itres", "3"}), 2, {"--max-itres", "--max-iters?"}},
       {"key",
        mini.optimize("r", {"--set", "batch_siz=3"}),
        2,
        {"batch_siz", "batch_size", "--set"}},
       {"choice", mini.optimize("r", {"--gate", "pared"}), 2, {"pared", "\"paired\"?", "--gate"}},
       {"number", mini.optimize("r", {"--batch", "many"}), 2, {"many", "whole number", "--batch"}},
       {"range", mini.optimize("r", {"--target-score", "7"}), 2, {"7", "0 to 1", "--target-score"}},
       {"trials", mini.eval(mini.skill(), "r", {"--trials", "0"}), 2, {"--trials", "1 to 1000"}},
       {"baseline", mini.eval(mini.skill(), "r", {"--baseline", "gone"}), 2, {"gone"}},
       {"split", mini.eval(mini.skill(), "r", {"--split", "tset"}), 2, {"tset", "test"}},
       {"profile", {"validate", mini.skill(), "--profile", "strct"}, 2, {"strct", "strict"}},
       {"action", {"benchmark", "lst"}, 2, {"lst", "list"}},
       {"stage", mini.optimize("r", {"--diagnoser", R"({"name":"lm"})"}), 2, {"lm", "llm"}},
       {"role",
        mini.optimize("r", {"--roles", R"({"pacher":{"model":"x"}})"}),
        2,
        {"pacher", "patcher"}},
       {"ids", mini.optimize("r", {"--ids", "train-99"}), 2, {"train-99", "--ids"}},
       {"time", mini.optimize("r", {"--max-time", "soon"}), 2, {"soon", "--max-time", "30m"}},
       {"scenario", {"optimize", mini.skill(), "-m", "sim:dem", "--run", "r"}, 2, {"dem", "demo"}},
       {"no model", {"optimize", mini.skill(), "--run", "r"}, 2, {"no model is named", "--model"}},
       {"no run", {"resume", "nowhere"}, 2, {"nowhere", "config.json"}}});
  EXPECT_FALSE(scratch.has("r")) << "a refused command keeps --run from the mended one";
}

TEST(WrongInput, OfTheConfigFileAndTheEnvironmentSaysWhereItStands) {
  const Scratch scratch;
  const Mini mini(scratch);
  scratch.put("key.json", "{\n // a comment\n \"batch_sise\": 3\n}\n");
  scratch.put("type.json", R"({"batch_size":"three"})");
  scratch.put("broken.json", "{\n \"batch_size\": 3,\n \"seed\" 4\n}\n");
  scratch.put("list.json", "[]");
  expect_refused(
      scratch, {{"key",
                 mini.optimize("r", {"--config", "key.json"}),
                 2,
                 {"batch_sise", "key.json", "batch_size"}},
                {"type",
                 mini.optimize("r", {"--config", "type.json"}),
                 2,
                 {"three", "whole number", "type.json"}},
                {"syntax", mini.optimize("r", {"--config", "broken.json"}), 2, {"broken.json:3"}},
                {"kind", mini.optimize("r", {"--config", "list.json"}), 2, {"list.json", "object"}},
                {"missing", mini.optimize("r", {"--config", "gone.json"}), 2, {"gone.json"}}});
  Options options;
  options.env["SKILLGRAD_BATCH"] = "x";
  const auto bad = run(scratch, {"config", "show"}, options);
  EXPECT_EQ(bad.exit_code, 2) << bad;
  EXPECT_TRUE(holds(bad.err, {"environment SKILLGRAD_BATCH", "whole number"}));
  options.env = {{"SKILLGRAD_BACH", "3"}};
  const auto unknown = run(scratch, {"config", "show"}, options);
  EXPECT_EQ(unknown.exit_code, 0) << unknown;
  EXPECT_TRUE(holds(unknown.err, {"SKILLGRAD_BACH", "SKILLGRAD_BATCH"}));
}

TEST(WrongInput, OfSkillsAndBenchmarksIsRefusedBeforeAnythingIsMade) {
  const Scratch scratch;
  const Mini mini(scratch);
  scratch.put("empty/readme.txt", "no skill");
  scratch.put("open/SKILL.md", "---\nname: open\ndescription: never closed\n\n# Body\n");
  scratch.put("none/SKILL.md", "# Body without front matter\n");
  scratch.put("bare/SKILL.md", "---\nname: bare\ndescription: Has no tasks.\n---\n\n# Bare\n");
  scratch.put("ssb/dataset.json",
              R"([{"id":"1-1","instruction":"Do it.","spreadsheet_path":"spreadsheet/1-1",)"
              R"("instruction_type":"Cell-Level Manipulation","answer_position":"A1"}])");
  scratch.put("split.json",
              R"({"train":["train-00","val-00"],"val":["val-00"],"test":["test-00"]})");
  scratch.put("bad.jsonl", "{\"id\":\"a\",\"input\":\"x\",\"target\":\"y\"}\n{\"id\":\"b\",\n");
  scratch.put("twice.jsonl",
              "{\"id\":\"a\",\"input\":\"x\",\"target\":\"y\"}\n"
              "{\"id\":\"a\",\"input\":\"z\",\"target\":\"y\"}\n");
  const auto with = [&](const std::string& benchmark, const Words& more = {}) {
    return mini.optimize("r", join_words({"--benchmark", benchmark}, more));
  };
  const auto skill = [&](const std::string& path) {
    return Words{"optimize", path, "-m", mini.model(), "-b", mini.tasks(), "--run", "r"};
  };
  expect_refused(
      scratch,
      {{"no SKILL.md", skill("empty"), 2, {"SKILL.md", "empty", "fix:"}},
       {"no folder", skill("gone"), 2, {"gone"}},
       {"open front matter", skill("open"), 2, {"open/SKILL.md", "fix:"}},
       {"no front matter", skill("none"), 2, {"none/SKILL.md", "fix:"}},
       {"no tasks",
        {"optimize", "bare", "-m", "sim:demo", "--run", "r"},
        2,
        {"no benchmark is named", "--benchmark"}},
       {"name", with("spreadsheetbnch:ssb"), 2, {"spreadsheetbnch", "\"spreadsheetbench\"?"}},
       {"workbooks",
        {"optimize", mini.skill(), "-b", "spreadsheetbench:ssb", "-m", "x", "--base-url",
         "http://127.0.0.1:9/v1", "--dry-run"},
        2,
        {"1-1", "fix:"}},
       {"path", with("spreadsheetbench:gone"), 2, {"gone"}},
       {"overlap", with(mini.tasks(), {"--split-file", "split.json"}), 2, {"val-00", "split.json"}},
       {"line", with("bad.jsonl"), 2, {"bad.jsonl:2"}},
       {"twice", with("twice.jsonl"), 2, {"twice.jsonl", "\"a\""}}});
  EXPECT_FALSE(scratch.has("r")) << "a refused command left something behind";
}

TEST(WrongInput, OfPredictionsIsRefusedWithItsLine) {
  const Scratch scratch;
  const Mini mini(scratch);
  scratch.put("empty.jsonl", "\n\n");
  scratch.put("broken.jsonl", "{\"task_id\":\"test-00\",\"answer\":[\"x\"]}\n{oops\n");
  scratch.put("unknown.jsonl", "{\"task_id\":\"tset-00\",\"answer\":[\"x\"]}\n");
  scratch.put("twice.jsonl",
              "{\"task_id\":\"test-00\",\"answer\":[\"x\"]}\n"
              "{\"task_id\":\"test-00\",\"answer\":[\"x\"]}\n");
  const auto with = [&](const std::string& file) {
    return Words{"grade", "-b", mini.tasks(), "--predictions", file};
  };
  expect_refused(scratch,
                 {{"none named", {"grade", "-b", mini.tasks()}, 2, {"--predictions"}},
                  {"missing", with("gone.jsonl"), 2, {"gone.jsonl", "fix:"}},
                  {"empty", with("empty.jsonl"), 2, {"no predictions", "empty.jsonl"}},
                  {"a folder", with("."), 2, {"is a folder", "fix:"}},
                  {"broken", with("broken.jsonl"), 2, {"broken.jsonl:2:2\n", "fix:"}},
                  {"unknown", with("unknown.jsonl"), 2, {"tset-00", "unknown.jsonl:1"}},
                  {"twice", with("twice.jsonl"), 2, {"test-00", "twice.jsonl:2"}},
                  {"no benchmark", {"grade", "--predictions", "twice.jsonl"}, 2, {"--benchmark"}}});
}

TEST(WrongInput, AnOverBudgetModelWithoutAPriceIsRefusedAtTheStart) {
  const Scratch scratch;
  const Mini mini(scratch);
  fault::Server server;
  server.handler([](const fault::Hit&, std::size_t) {
    return fault::json_step(200, R"({"object":"list","data":[]})");
  });
  const Words words = {"optimize",        mini.skill(), "-m", "own-model-7b", "--base-url",
                       server.base_url(), "--run",      "r",  "--max-usd",    "1"};
  expect_refused(scratch, {{"price", words, 2, {"own-model-7b", "price", "--max-usd"}}});
  for (const auto& hit : server.hits()) EXPECT_EQ(hit.method, "GET") << "a call was made";
}

/// A port of 127.0.0.1 on which nobody listens.
int closed_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

TEST(WrongEndpoint, IsReportedWithinSecondsWithWhatToMend) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint locked(scratch, mini.scenario(), {"--require-key", "right-key"});
  const Endpoint open(scratch, mini.scenario());
  fault::Server site;
  site.handler([](const fault::Hit&, std::size_t) {
    return fault::text_step(200, "text/html", "<!doctype html><html><body>Welcome</body></html>");
  });
  struct Case {
    const char* name;
    std::string url, model;
    Words says;
  };
  const std::string closed = "http://127.0.0.1:" + std::to_string(closed_port()) + "/v1";
  const std::vector<Case> cases = {
      {"closed port", closed, "sim:mini", {closed.substr(0, closed.size() - 3), "fix:"}},
      {"401", locked.url(), "sim:mini", {"401", "OPENAI_API_KEY"}},
      {"model", open.url(), "gpt-unknown", {"gpt-unknown", "sim:mini"}},
      {"web page", site.base_url(), "sim:mini", {"HTML", "--base-url"}},
  };
  Options options;
  options.env["OPENAI_API_KEY"] = "wrong-key-0123456789";
  int number = 0;
  for (const auto& item : cases) {
    SCOPED_TRACE(item.name);
    const std::string dir = "r" + std::to_string(++number);
    const auto outcome = run(
        scratch, {"optimize", mini.skill(), "-m", item.model, "--base-url", item.url, "--run", dir},
        options);
    EXPECT_EQ(outcome.exit_code, 3) << outcome;
    EXPECT_TRUE(holds(outcome.err, item.says));
    EXPECT_LT(outcome.seconds, 20) << outcome;
    for (const auto& [file, bytes] : tree(scratch.path()))
      EXPECT_EQ(bytes.find("wrong-key-0123456789"), std::string::npos) << file << " holds the key";
    EXPECT_EQ((outcome.out + outcome.err).find("wrong-key-0123456789"), std::string::npos);
  }
  // The same run goes on when the key is right.
  options.env["OPENAI_API_KEY"] = "right-key";
  const auto mended = run(scratch,
                          {"optimize", mini.skill(), "-m", "sim:mini", "--base-url", locked.url(),
                           "--run", "r2", "--max-iters", "1"},
                          options);
  EXPECT_EQ(mended.exit_code, 0) << mended;
}

TEST(WrongEndpoint, ThatGoesAwayInTheMiddleIsNeverReadAsScores) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string port = std::to_string(closed_port());
  const Words serve = {"--port", port, "--sim-latency", "20"};
  auto endpoint = std::make_unique<Endpoint>(scratch, mini.scenario(), serve);
  const Words command = mini.optimize_at(*endpoint, "r", {"--json", "--attempt-timeout", "5"});
  Options patient;
  patient.timeout = std::chrono::seconds(120);
  Program program(scratch, command, patient);
  ASSERT_TRUE(wait_until([&] { return scratch.has("r/plan.json"); }));
  endpoint.reset();
  const auto stopped = program.wait();
  EXPECT_EQ(stopped.exit_code, 3) << stopped;
  EXPECT_TRUE(holds(stopped.err, {"error:", "127.0.0.1:" + port}));
  endpoint = std::make_unique<Endpoint>(scratch, mini.scenario(), serve);
  const auto end = run(scratch, {"resume", "r", "--json"});
  ASSERT_EQ(end.exit_code, 0) << end;
  const auto calm = run(scratch, mini.optimize_at(*endpoint, "calm", {"--json"}));
  ASSERT_EQ(calm.exit_code, 0) << calm;
  EXPECT_EQ(end.json()["test"], calm.json()["test"]);
  EXPECT_EQ(tree(scratch / "r/best"), tree(scratch / "calm/best"));
}

/// A PATH that holds links to the given programs and nothing else.
std::string narrow_path(const Scratch& scratch, const Words& programs) {
  const fs::path dir = scratch.path() / "bin";
  fs::create_directories(dir);
  for (const auto& name : programs) {
    const auto found = exec::find_program(name);
    if (!found.empty()) fs::create_symlink(found, dir / name);
  }
  return dir.string();
}

TEST(MissingProgram, BubblewrapIsRequiredOnlyWhenAsked) {
  const Scratch scratch;
  const Mini mini(scratch);
  Options options;
  options.env["PATH"] = narrow_path(scratch, {"bash", "sh", "cat", "python3"});
  const auto required = run(scratch, mini.optimize("r", {"--sandbox", "require"}), options);
  EXPECT_EQ(required.exit_code, 3) << required;
  EXPECT_TRUE(holds(required.err, {"bubblewrap", "apt install bubblewrap"}));
  EXPECT_FALSE(scratch.has("r/base"));
  const auto weaker = run(scratch, mini.eval(mini.skill(), "e", {"--limit", "2"}), options);
  EXPECT_EQ(weaker.exit_code, 0) << weaker;
  EXPECT_TRUE(holds(weaker.err, {"note: sandbox"}));
}

TEST(FullDisk, LosesNothingAndGoesOnWhenThereIsSpace) {
  const Scratch scratch;
  const Mini mini(scratch);
  const fs::path disk = scratch.path() / "disk";
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=700k") != 0)
    GTEST_SKIP() << "no right to mount a small file system";
  const Endpoint endpoint(scratch, mini.scenario());
  const Words command = mini.optimize_at(endpoint, "disk/r", {"-j", "2"});
  const auto full = run(scratch, command);
  EXPECT_EQ(full.exit_code, 3) << full;
  EXPECT_TRUE(holds(full.err, {"No space left on device", "disk/r"}));
  EXPECT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  const auto end = run(scratch, {"resume", "disk/r", "--json"});
  EXPECT_EQ(end.exit_code, 0) << end;
  const auto calm = run(scratch, mini.optimize_at(endpoint, "calm", {"--json"}));
  EXPECT_EQ(comparable(end.json()), comparable(calm.json()));
  EXPECT_EQ(::umount2(disk.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace skillgrad::e2e
