// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"

namespace skillgrad::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostQueries = 10'000;
constexpr std::array kFileNames = {"triggers.json",       "triggers.jsonl",    "trigger-evals.json",
                                   "trigger_evals.json",  "trigger-eval.json", "trigger_eval.json",
                                   "trigger-queries.json"};
constexpr std::array kTextKeys = {"query", "prompt", "input", "request"};
constexpr std::array kListKeys = {"queries", "evals", "triggers", "test_cases", "cases"};
constexpr const char* kQueriesForm = R"(write [{"query":"a request","should_trigger":true}])";

/// Queries of one file, as they are met.
class QueryReader {
 public:
  explicit QueryReader(std::string source) { out_.source = std::move(source); }

  Result<> add(const Json& entry) {
    ++place_;
    const std::string where = fmt::format("{}: query {}", out_.source, place_);
    if (!entry.is_object())
      return fail(ErrorCode::dataset,
                  "got " + truncate_middle(dump_json(entry), 80) + ", expected an object", where,
                  kQueriesForm);
    const auto should = entry.find("should_trigger");
    if (should == entry.end() || should->is_null()) {
      ++tasks_;
      return {};
    }
    if (!should->is_boolean())
      return fail(ErrorCode::dataset,
                  "\"should_trigger\" is " + truncate_middle(dump_json(*should), 80) +
                      ", expected true or false",
                  where, kQueriesForm);
    TriggerQuery query;
    query.should_trigger = should->get<bool>();
    for (const char* key : kTextKeys)
      if (query.query.empty() && entry.contains(key) && entry[key].is_string())
        query.query = trim(entry[key].get<std::string>());
    if (const auto id = entry.find("id"); id != entry.end() && !id->is_null())
      query.id = id->is_string() ? id->get<std::string>() : dump_json(*id);
    return add(std::move(query), where);
  }

  /// Texts under "should_trigger" or "should_not_trigger".
  Result<> add_texts(const Json& texts, bool should, const std::string& key) {
    for (const Json& text : texts) {
      ++place_;
      const std::string where = out_.source + "/" + key;
      if (!text.is_string())
        return fail(ErrorCode::dataset,
                    "got " + truncate_middle(dump_json(text), 80) + ", expected a text", where,
                    "write the queries as texts");
      SKILLGRAD_CHECK(add({"", std::string(trim(text.get<std::string>())), should}, where));
    }
    return {};
  }

  Result<TriggerQueries> finish() {
    if (out_.items.empty())
      return fail(ErrorCode::dataset,
                  tasks_ > 0 ? "no entry has \"should_trigger\": these are tasks, and no queries"
                             : "no query in this file",
                  out_.source, kQueriesForm);
    if (tasks_ > 0)
      out_.notices.push_back(out_.source + ": " + counted(tasks_, "eval") +
                             " without \"should_trigger\" left out: a task and no query");
    return std::move(out_);
  }

 private:
  Result<> add(TriggerQuery query, const std::string& where) {
    if (query.query.empty())
      return fail(ErrorCode::dataset, "no \"query\", or an empty one", where, kQueriesForm);
    if (out_.items.size() == kMostQueries)
      return tl::unexpected(too_many("queries", kMostQueries, out_.source));
    if (query.id.empty()) query.id = fmt::format("query-{:02}", place_);
    const bool printable = std::none_of(query.id.begin(), query.id.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (!printable)
      return fail(ErrorCode::dataset, "the \"id\" has control characters", where,
                  "give a plain text, or leave it out");
    if (!ids_.insert(query.id).second)
      return fail(ErrorCode::dataset, "the id \"" + query.id + "\" stands twice", where,
                  "give each query its own, or none");
    if (!texts_.insert(query.query).second)
      return fail(ErrorCode::dataset, "this query stands twice", where, "take one of them out");
    out_.items.push_back(std::move(query));
    return {};
  }

  TriggerQueries out_;
  std::size_t place_ = 0, tasks_ = 0;
  std::set<std::string> ids_, texts_;
};

Result<> refuse_unchecked(const Json& document, const std::string& file) {
  const auto checked = document.find("checked");
  if (checked == document.end() || !checked->is_boolean() || checked->get<bool>()) return {};
  return fail(ErrorCode::dataset, "a model made these queries, and nobody has checked them", file,
              "read them, mend what is wrong, and set \"checked\" to true");
}

Result<> read_document(const Json& document, const std::string& file, QueryReader& reader) {
  if (document.is_array()) {
    for (const Json& entry : document) SKILLGRAD_CHECK(reader.add(entry));
    return {};
  }
  if (!document.is_object())
    return fail(ErrorCode::dataset, "expected a list of queries", file, kQueriesForm);
  SKILLGRAD_CHECK(refuse_unchecked(document, file));
  bool any = false;
  for (const auto& [key, should] :
       {std::pair{"should_trigger", true}, std::pair{"should_not_trigger", false}})
    if (document.contains(key) && document[key].is_array()) {
      any = true;
      SKILLGRAD_CHECK(reader.add_texts(document[key], should, key));
    }
  for (const char* key : kListKeys)
    if (!any && document.contains(key) && document[key].is_array()) {
      any = true;
      for (const Json& entry : document[key]) SKILLGRAD_CHECK(reader.add(entry));
    }
  return any ? Result<>()
             : fail(ErrorCode::dataset, "no list \"queries\" in this file", file, kQueriesForm);
}

/// Whether an evals.json has queries in it; what cannot be read has none, and is met as tasks.
bool has_queries(const fs::path& file) {
  const auto document = read_dataset_json(file);
  QueryReader reader(file.string());
  return document && read_document(*document, file.string(), reader) && reader.finish();
}

}  // namespace

fs::path find_trigger_queries(const fs::path& skill) {
  std::error_code ignored;
  const fs::path folder =
      (fs::is_directory(skill, ignored) ? skill : skill.parent_path()) / "evals";
  for (const char* name : kFileNames)
    if (fs::is_regular_file(folder / name, ignored)) return folder / name;
  const fs::path evals = folder / "evals.json";
  return fs::is_regular_file(evals, ignored) && has_queries(evals) ? evals : fs::path();
}

Result<TriggerQueries> read_trigger_queries(const fs::path& file) {
  QueryReader reader(file.string());
  if (to_lower_ascii(file.extension().string()) == ".jsonl") {
    SKILLGRAD_TRY(const std::string text, read_dataset_text(file));
    const auto lines = split_lines(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (trim(lines[i]).empty()) continue;
      SKILLGRAD_TRY(const Json entry,
                    parse_json(lines[i], fmt::format("{}:{}", file.string(), i + 1)));
      SKILLGRAD_CHECK(reader.add(entry));
    }
    return reader.finish();
  }
  SKILLGRAD_TRY(const Json document, read_dataset_json(file));
  SKILLGRAD_CHECK(read_document(document, file.string(), reader));
  return reader.finish();
}

}  // namespace skillgrad::bench
