// The topic models of a data directory: training, the vectors of what is stored, and whose are whose.
//
// Shape    DIR/topics/versions lists the models kept, the newest first, with when each was trained; DIR/topics/VERSION.model is one.
//          The newest is in force: turns get its vector when they are written (Pipeline::use_topics), and those that have none, or
//          an older model's, get it in the background, the oldest first, in small transactions with rests between them. What is left to
//          do is what the rows say, so a stop loses nothing.
//          Training reads the texts whose ids hash lowest, at most limits::topic_turns: the same rows give the same model.
// Errors   begin: corrupt where a model is damaged. Later ones are in status() and tried again.
// Cost     training: one pass over the turns, then some seconds of one core. A vector: 5 us and 0.4 KB.
// Threads  any; the work is done on a thread of its own, one thing at a time. REQUIRES: the pipeline outlives it.
// Source   docs/search.md.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/periodic.h"
#include "server/pipeline.h"
#include "text/topic_model.h"

namespace aybiza {

struct TopicStatus {
  struct Version {
    std::string name, trained;  // RFC 3339
    std::uint64_t texts = 0, terms = 0, rank = 0;
  };
  std::string doing = "nothing";       // training, vectors, indexing
  std::vector<Version> versions;       // the first is in force
  std::uint64_t trainings = 0;         // since the start, asked for and done
  std::uint64_t turns = 0;             // that were given a vector of the version in force by the background
  std::uint64_t looks = 0;             // for turns without one that found none left
  std::string indexed, error;          // what the last indexing did; what went wrong last, empty: nothing
};

class Topics {
 public:
  Topics(Pipeline& pipeline, std::filesystem::path data);
  ~Topics() { stop(); }
  Topics(const Topics&) = delete;

  Status begin();
  void stop();
  // conflict: one is being done or waits already.
  Status train();
  Status index(bool drop);

  // "" is the one in force; null: there is none.
  std::shared_ptr<const TopicModel> model(const std::string& version = "") const;
  TopicStatus status() const;

 private:
  struct Kept {
    std::shared_ptr<const TopicModel> model;
    std::string trained;
  };
  void look();
  Status train_now();
  Status write_versions(const std::vector<Kept>& kept) const;
  Result<std::vector<std::string>> sample() const;
  Status renew();
  void say(std::string doing);
  bool rest();  // false: it is to stop
  std::filesystem::path file(const std::string& version) const { return data_ / "topics" / (version + ".model"); }

  Pipeline& pipeline_;
  const std::filesystem::path data_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stopped_;
  bool stopping_ = false, wants_training_ = false, wants_index_ = false, drops_index_ = false;
  bool whole_ = false;  // all turns were looked through since the model came into force
  std::optional<Duration> looked_;  // when the late ones were looked through last; empty: not since then
  std::vector<Kept> kept_;
  TopicStatus status_;
  std::unique_ptr<Periodic> periodic_;  // last: what it calls outlives it
};

// Gives turns with words their vectors.
void add_topics(const TopicModel& model, std::vector<TurnRow>& turns);

}  // namespace aybiza
