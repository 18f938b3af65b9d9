// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/review.hpp>

namespace skillgrad::report {
namespace {

constexpr const char* kReviewSchema = "skillgrad.review/1";

Json hunk_json(const skill::Hunk& hunk, const HunkReview& review) {
  return {{"id", hunk.id},
          {"file", hunk.file},
          {"anchor", hunk.anchor},
          {"layer", hunk.layer},
          {"change", hunk.fingerprint()},
          {"decision", name_of(review.decision)},
          {"text", review.text ? Json(*review.text) : Json()},
          {"comment", review.comment}};
}

tl::unexpected<Error> other_changes(const std::string& where) {
  return fail(ErrorCode::input, "the review is about other changes than this package's", where,
              "give the --iter that was reviewed; where the run has gone on since, move the file "
              "away and review it again");
}

Result<HunkReview> read_hunk(const Json& value, const skill::Hunk& hunk, const std::string& where) {
  StrictReader reader(value, where);
  HunkReview out;
  const std::string id = reader.string("id"), change = reader.string("change");
  out.decision = read_named<HunkDecision>(reader, "decision");
  const Json text = reader.any("text");
  out.comment = reader.string("comment", "");
  for (const char* key : {"file", "anchor", "layer"}) reader.ignore(key);
  if (text.is_string())
    out.text = text.get<std::string>();
  else if (!text.is_null())
    reader.reject("text", "is no text");
  if (out.text.has_value() != (out.decision == HunkDecision::edit))
    reader.reject("text", "an edit has a text, and nothing else has one",
                  R"(make "decision" "edit", or "text" null)");
  if (out.text && !hunk.editable())
    reader.reject("decision", "this change can be accepted or rejected, not edited");
  SKILLGRAD_CHECK(reader.finish());
  if (id != hunk.id || change != hunk.fingerprint()) return other_changes(where);
  return out;
}

/// Editors and forms change line ends; the file keeps its own, and one at its end.
std::string in_style_of_hunk(const skill::Hunk& hunk, std::string text) {
  const std::string model = hunk.new_text + hunk.old_text;
  if (model.find("\r\n") != std::string::npos && text.find('\r') == std::string::npos)
    text = replace_all(std::move(text), "\n", "\r\n");
  const bool ended = hunk.new_text.ends_with('\n') || hunk.old_text.ends_with('\n');
  if (ended && !text.empty() && !text.ends_with('\n'))
    text += model.find("\r\n") != std::string::npos ? "\r\n" : "\n";
  return text;
}

}  // namespace

Review open_review(const Proposal& proposal) {
  return {std::vector<HunkReview>(proposal.hunks.size()), {}};
}

std::vector<std::string> undecided(const Proposal& proposal, const Review& review) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < proposal.hunks.size(); ++i)
    if (review.hunks[i].decision == HunkDecision::open) out.push_back(proposal.hunks[i].id);
  return out;
}

std::vector<skill::ChosenHunk> taken(const Proposal& proposal, const Review& review) {
  std::vector<skill::ChosenHunk> out;
  for (std::size_t i = 0; i < proposal.hunks.size(); ++i)
    if (review.hunks[i].decision == HunkDecision::accept ||
        review.hunks[i].decision == HunkDecision::edit)
      out.push_back({&proposal.hunks[i], review.hunks[i].text});
  return out;
}

Json to_json(const Proposal& proposal, const Review& review) {
  Json hunks = Json::array();
  for (std::size_t i = 0; i < proposal.hunks.size(); ++i)
    hunks.push_back(hunk_json(proposal.hunks[i], review.hunks[i]));
  return {{"schema", kReviewSchema},
          {"command", "review"},
          {"run", proposal.run.string()},
          {"package", proposal.source},
          {"initial_hash", proposal.initial.hash()},
          {"package_hash", proposal.proposed.hash()},
          {"finished", undecided(proposal, review).empty()},
          {"comment", review.comment},
          {"hunks", std::move(hunks)}};
}

Result<Review> read_review(const std::filesystem::path& file, const Proposal& proposal) {
  SKILLGRAD_TRY(const Json value, read_json(file));
  StrictReader reader(value, file.string());
  if (reader.string("schema") != kReviewSchema)
    reader.reject("schema", std::string("expected \"") + kReviewSchema + "\"",
                  "give a file that `skillgrad review RUN` wrote");
  const std::string package = reader.string("package"), initial = reader.string("initial_hash"),
                    proposed = reader.string("package_hash");
  Review out;
  out.comment = reader.string("comment", "");
  const Json hunks = reader.any("hunks", true);
  if (!hunks.is_array()) reader.reject("hunks", "is no array");
  for (const char* key : {"command", "run", "finished"}) reader.ignore(key);
  SKILLGRAD_CHECK(reader.finish());
  if (package != proposal.source || initial != proposal.initial.hash() ||
      proposed != proposal.proposed.hash() || hunks.size() != proposal.hunks.size())
    return other_changes(file.string());
  for (std::size_t i = 0; i < hunks.size(); ++i) {
    SKILLGRAD_TRY(auto one, read_hunk(hunks[i], proposal.hunks[i],
                                      file.string() + " /hunks/" + std::to_string(i)));
    out.hunks.push_back(std::move(one));
  }
  return out;
}

Result<std::size_t> find_hunk(const Proposal& proposal, const std::string& id) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < proposal.hunks.size(); ++i) {
    if (to_lower_ascii(proposal.hunks[i].id) == to_lower_ascii(id)) return i;
    names.push_back(proposal.hunks[i].id);
  }
  return fail(ErrorCode::usage, "no hunk \"" + id + "\"", proposal.run.string(),
              names.empty()
                  ? "this package changes nothing"
                  : "use some of " + list_some(names, 40) + ", which `skillgrad diff RUN` shows");
}

Result<> decide(const Proposal& proposal, Review& review, std::size_t at, HunkReview decision) {
  const skill::Hunk& hunk = proposal.hunks[at];
  if (decision.decision == HunkDecision::edit) {
    if (!hunk.editable())
      return fail(ErrorCode::input, hunk.id + " can be accepted or rejected, not edited", hunk.file,
                  "accept or reject it");
    if (!decision.text)
      return fail(ErrorCode::input, "an edit has no text", hunk.id, "give its text");
    decision.text = in_style_of_hunk(hunk, std::move(*decision.text));
    if (*decision.text == hunk.new_text) {
      decision.decision = HunkDecision::accept;
    } else if (hunk.kind == skill::HunkKind::lines && *decision.text == hunk.old_text) {
      decision.decision = HunkDecision::reject;
    }
  }
  if (decision.decision != HunkDecision::edit) decision.text.reset();
  if (decision.decision == HunkDecision::edit) {
    SKILLGRAD_TRY(const auto alone,
                  skill::merge_hunks(proposal.initial, proposal.initial, {{&hunk, decision.text}}));
    SKILLGRAD_CHECK(check_package(proposal, alone.package, proposal.initial));
  }
  review.hunks[at] = std::move(decision);
  return {};
}

}  // namespace skillgrad::report
