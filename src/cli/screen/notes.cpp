// SPDX-License-Identifier: MIT
#include "cli/screen/notes.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/forwarding_observer.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kEvent = "notice";
/// A note is for people; what it quotes may be of any length.
constexpr std::size_t kLongest = 2000;

std::string cleaned(const std::string& text) {
  return without_secrets(truncate_middle(replace_all(strip_control(text), "\n", " "), kLongest));
}

Result<> write_note(store::RunStore& store, const std::string& text) {
  return store.event(kEvent, dump_json({{"text", text}}));
}

/// What earlier processes noted.
Result<std::vector<Note>> notes_of_run(const store::RunStore& store) {
  std::vector<Note> out;
  SKILLGRAD_TRY(const auto text, store.read("events.jsonl"));
  if (!text) return out;
  for (const auto& line : split_lines(*text)) {
    // Other events, the larger part, are not worth parsing.
    if (line.find("\"notice\"") == std::string::npos) continue;
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object() || event.value("event", Json()) != kEvent) continue;
    const auto said = event.find("text");
    if (said == event.end() || !said->is_string()) continue;
    const auto& words = said->get_ref<const std::string&>();
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const Note& note) { return note.text == words; });
    if (same == out.end())
      out.push_back({words, 1});
    else
      ++same->count;
  }
  return out;
}

}  // namespace

void Notes::say(const std::string& text) {
  const std::string clean = cleaned(text);
  optim::Observer* observer = nullptr;
  {
    const std::lock_guard lock(mutex_);
    observer = observer_;
  }
  if (observer != nullptr)
    observer->notice(clean);
  else if (count(clean))
    print_err("note: " + clean + "\n");
}

bool Notes::count(const std::string& text) {
  const std::lock_guard lock(mutex_);
  const auto [found, first] = index_.emplace(text, notes_.size());
  if (first)
    notes_.push_back({text, 1});
  else
    ++notes_[found->second].count;
  return first;
}

std::vector<Note> Notes::restore(const std::vector<Note>& earlier) {
  const std::lock_guard lock(mutex_);
  std::vector<Note> fresh;
  for (Note& note : notes_)
    if (std::none_of(earlier.begin(), earlier.end(),
                     [&](const Note& known) { return known.text == note.text; }))
      fresh.push_back(std::move(note));
  notes_ = earlier;
  notes_.insert(notes_.end(), fresh.begin(), fresh.end());
  index_.clear();
  for (std::size_t i = 0; i < notes_.size(); ++i) index_[notes_[i].text] = i;
  return fresh;
}

void Notes::forget() {
  const std::lock_guard lock(mutex_);
  notes_.clear();
  index_.clear();
}

std::vector<Note> Notes::all() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

void Notes::listen(optim::Observer* observer) {
  const std::lock_guard lock(mutex_);
  observer_ = observer;
}

Notes& notes() {
  static Notes of_this_process;
  return of_this_process;
}

class NoteKeeper final : public ForwardingObserver {
 public:
  NoteKeeper(std::unique_ptr<optim::Observer> next, store::RunStore& store)
      : ForwardingObserver(std::move(next)), store_(store) {
    notes().listen(this);
  }
  NoteKeeper(const NoteKeeper&) = delete;
  NoteKeeper& operator=(const NoteKeeper&) = delete;
  ~NoteKeeper() override { notes().listen(nullptr); }

  void notice(const std::string& text) override {
    const std::string clean = cleaned(text);
    notes().count(clean);
    keep(clean);
    next().notice(clean);
  }

 private:
  /// Every coming is an event, so that a resumed run counts on.
  void keep(const std::string& text) {
    if (const auto kept = write_note(store_, text); !kept)
      print_err("note: a note could not be written: " + kept.error().to_line() + "\n");
  }

  store::RunStore& store_;
};

Result<std::unique_ptr<optim::Observer>> keep_notes(std::unique_ptr<optim::Observer> next,
                                                    store::RunStore& store) {
  SKILLGRAD_TRY(const auto earlier, notes_of_run(store));
  for (const Note& note : notes().restore(earlier))
    for (std::size_t i = 0; i < note.count; ++i) SKILLGRAD_CHECK(write_note(store, note.text));
  return std::make_unique<NoteKeeper>(std::move(next), store);
}

Json notes_json(const std::vector<Note>& notes) {
  Json out = Json::array();
  for (const Note& note : notes) out.push_back({{"text", note.text}, {"count", note.count}});
  return out;
}

std::string notes_text(const std::vector<Note>& notes, const std::string& others_in,
                       std::size_t most) {
  if (notes.empty()) return {};
  std::string out = "\nnotes\n";
  for (std::size_t i = 0; i < std::min(most, notes.size()); ++i)
    out += fmt::format("- {}{}\n", notes[i].text,
                       notes[i].count > 1 ? fmt::format(" ({} times)", notes[i].count) : "");
  if (notes.size() > most)
    out += fmt::format("- and {} more in {}\n", notes.size() - most, others_in);
  return out;
}

}  // namespace skillgrad::cli
