#include "server/topics.h"

#include <fmt/format.h>

#include <sstream>

#include "auth/file.h"
#include "base/limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration sample_patience = 10min;
constexpr Duration late_turns = 48h;  // once all turns have been looked through, only these are
constexpr Duration late_look_every = 1h;  // their vectors come when they are written, but for what a late event changes

}  // namespace

void add_topics(const TopicModel& model, std::vector<TurnRow>& turns) {
  for (TurnRow& turn : turns) {
    if (turn.removed || turn.text_content.empty()) continue;
    turn.topic_vector = model.vector_bytes(turn.text_content);
    turn.topic_version = model.version();
  }
}

Topics::Topics(Pipeline& pipeline, std::filesystem::path data) : pipeline_(pipeline), data_(std::move(data)) {}

Status Topics::begin() {
  const auto text = auth::read_file(data_ / "topics" / "versions");
  if (!text && text.error().code != Code::not_found) return std::unexpected(text.error());
  std::istringstream lines(text ? *text : std::string());
  for (std::string version, trained; lines >> version >> trained;) {
    const auto bytes = auth::read_file(file(version));
    if (!bytes) return std::unexpected(bytes.error());
    auto model = TopicModel::parse(*bytes);
    if (model && model->version() != version) model = fail(Code::corrupt, "it is {}", model->version());
    if (!model) return wrap(model.error(), fmt::format("{}: restore it, or remove {} to begin without topic vectors", file(version).string(), (data_ / "topics").string()));
    kept_.push_back({std::make_shared<const TopicModel>(std::move(*model)), trained});
  }
  if (!kept_.empty()) pipeline_.use_topics(kept_.front().model);
  periodic_ = std::make_unique<Periodic>("topics", limits::topic_look_every, [this] { look(); });
  periodic_->nudge();
  return {};
}

void Topics::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  if (periodic_) periodic_->stop();
}

Status Topics::train() {
  const std::lock_guard lock(mutex_);
  if (wants_training_) return fail(Code::conflict, "a training is going on already");
  wants_training_ = true;
  if (periodic_) periodic_->nudge();
  return {};
}

Status Topics::index(bool drop) {
  const std::lock_guard lock(mutex_);
  if (wants_index_) return fail(Code::conflict, "indexes are being worked on already");
  wants_index_ = true, drops_index_ = drop;
  if (periodic_) periodic_->nudge();
  return {};
}

std::shared_ptr<const TopicModel> Topics::model(const std::string& version) const {
  const std::lock_guard lock(mutex_);
  for (const Kept& kept : kept_)
    if (version.empty() || kept.model->version() == version) return kept.model;
  return nullptr;
}

TopicStatus Topics::status() const {
  const std::lock_guard lock(mutex_);
  TopicStatus out = status_;
  if (out.doing == "nothing" && (wants_training_ || wants_index_)) out.doing = "about to begin";
  for (const Kept& kept : kept_) out.versions.push_back({kept.model->version(), kept.trained, kept.model->texts(), kept.model->terms(), kept.model->rank()});
  return out;
}

void Topics::say(std::string doing) {
  const std::lock_guard lock(mutex_);
  status_.doing = std::move(doing);
}

bool Topics::rest() {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, limits::topic_step_rest, [this] { return stopping_ || wants_training_ || wants_index_; });
  return !stopping_;
}

// One thing after the other; what goes wrong is told and tried again with the next look, but for what somebody asked for once.
void Topics::look() {
  const auto wanted = [this](bool& what) {
    const std::lock_guard lock(mutex_);
    return what && !stopping_;
  };
  const auto done = [this](const Status& outcome, bool& what) {
    const std::lock_guard lock(mutex_);
    what = false;
    status_.error = outcome ? std::string() : outcome.error().message;
    return outcome.has_value();
  };
  bool again = true;
  while (std::exchange(again, false)) {
    if (wanted(wants_training_)) {
      say("training");
      const Status trained = train_now();
      const bool made = done(trained, wants_training_);
      const std::lock_guard lock(mutex_);
      ++status_.trainings;
      whole_ = whole_ && !made;
    }
    if (wanted(wants_index_)) {
      say("indexing");
      const auto indexed = pipeline_.store().index_vectors(drops_index_);
      if (done(indexed ? Status() : std::unexpected(indexed.error()), wants_index_)) {
        const std::lock_guard lock(mutex_);
        status_.indexed = *indexed;
      }
    }
    if (!model()) break;
    say("vectors");
    if (const Status renewed = renew(); !renewed) {
      const std::lock_guard lock(mutex_);
      status_.error = renewed.error().message;
    }
    again = wanted(wants_training_) || wanted(wants_index_);
  }
  say("nothing");
}

Status Topics::renew() {
  const auto newest = model();
  const Store::MakeTopic make = [&](TurnRow& row) { row.topic_vector = newest->vector_bytes(row.text_content); };
  Instant from = Instant::min();
  {
    const std::lock_guard lock(mutex_);
    if (whole_ && looked_ && pipeline_.clock().elapsed() - *looked_ < late_look_every) return {};
    if (whole_) from = pipeline_.clock().now() - late_turns;
  }
  for (;;) {
    const auto step = pipeline_.store().renew_topics(newest->version(), make, from, limits::topic_step_turns);
    if (!step) return std::unexpected(step.error());
    {
      const std::lock_guard lock(mutex_);
      status_.turns += step->turns;
      if (!step->next) {
        if (whole_) looked_ = pipeline_.clock().elapsed();
        else looked_.reset();  // what was being written when the model came into force is seen with the next beat
        whole_ = true;
        ++status_.looks;
        return {};
      }
      if (wants_training_ || wants_index_) return {};
    }
    from = *step->next;
    if (!rest()) return {};
  }
}

// The same rows give the same texts, in every engine.
Result<std::vector<std::string>> Topics::sample() const {
  auto rows = pipeline_.store().sql(
      fmt::format("SELECT text_content FROM conversation_turns WHERE text_content IS NOT NULL "
                  "ORDER BY md5(CAST(call_id AS VARCHAR) || ':' || CAST(turn_number AS VARCHAR)) LIMIT {}", limits::topic_turns),
      {}, pipeline_.clock().elapsed() + sample_patience);
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> out;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const Cell cell = (*rows)->cell(row, 0);
      if (const auto* text = std::get_if<std::string_view>(&cell)) out.emplace_back(*text);
    }
  }
}

Status Topics::train_now() {
  if (!pipeline_.wait_applied(limits::read_your_writes_timeout)) return fail(Code::unavailable, "the store has not caught up with what was accepted; train again");
  auto texts = sample();
  if (!texts) return std::unexpected(texts.error());
  const auto stop = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  auto trained = train_topics(std::move(*texts), stop);
  if (!trained) return std::unexpected(trained.error());
  auto model = std::make_shared<const TopicModel>(std::move(*trained));
  std::vector<Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    kept = kept_;
  }
  std::erase_if(kept, [&](const Kept& old) { return old.model->version() == model->version(); });
  kept.insert(kept.begin(), {model, format_rfc3339(pipeline_.clock().now())});
  std::vector<Kept> dropped;
  for (; kept.size() > limits::topic_models_kept; kept.pop_back()) dropped.push_back(kept.back());
  std::error_code error;
  std::filesystem::create_directories(data_ / "topics", error);
  if (error) return fail(Code::io, "cannot make {}: {}", (data_ / "topics").string(), error.message());
  // First the model, then the list that names it.
  AYBIZA_TRY(auth::replace_file(file(model->version()), model->serialise(), 0600));
  AYBIZA_TRY(write_versions(kept));
  for (const Kept& old : dropped) std::filesystem::remove(file(old.model->version()), error);  // one that stays is in nobody's way
  pipeline_.use_topics(model);
  const std::lock_guard lock(mutex_);
  kept_ = std::move(kept);
  status_.turns = 0;
  return {};
}

Status Topics::write_versions(const std::vector<Kept>& kept) const {
  std::string text;
  for (const Kept& one : kept) text += fmt::format("{}\t{}\n", one.model->version(), one.trained);
  return auth::replace_file(data_ / "topics" / "versions", text, 0600);
}

}  // namespace aybiza
