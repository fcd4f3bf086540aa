// Learning and changes: exact figures by every way that answers, and a bounded table against all rows.
#include "query/learning.h"

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <random>

#include "aggregate/shard.h"
#include "query/live_answer.h"
#include "query/oracle.h"
#include "query/sql_answer.h"
#include "store/duckdb_store.h"
#include "store/memory_store.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant base = from_micros(1'795'004'800'000'000);  // 2026-11-18T12:26:40Z
const Instant now = base + 2h;

struct Told {  // an event as it comes, with the bytes it views
  std::deque<std::string> texts;
  std::vector<Value> values;
  Event event;

  Told(EventType type, std::uint64_t id, Duration at, std::string_view customer, const std::vector<std::pair<Field, std::string>>& members) {
    event = {.type = type, .time = base + at, .id = {7, id}, .customer = customer, .values = {}};
    for (const auto& [field, text] : members) {
      const Kind kind = info(field).kind;
      Value value{.field = field};
      if (kind == Kind::word) value.number = *find_word(field, text);
      else if (is_number(kind)) value.number = *from_wire(field, std::stod(text));
      if (kind == Kind::word || !is_number(kind)) value.text = texts.emplace_back(text);
      values.push_back(value);
    }
    std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) { return a.field < b.field; });
    event.values = values;
  }
};

class Learning : public testing::Test {
 protected:
  Learning() {
    auto store = open_duckdb_store({.directory = directory_.string(), .clock = &clock_});
    EXPECT_TRUE(store) << store.error().message;
    duck_ = std::move(*store);
    for (unsigned i = 0; i < 2; ++i) shards_.emplace_back(ShardOptions{.index = i, .count = 2});
  }
  ~Learning() override {
    duck_.reset();
    std::filesystem::remove_all(directory_);
  }

  void tell(EventType type, Duration at, std::string_view customer, const std::vector<std::pair<Field, std::string>>& members) {
    const Told& told = told_.emplace_back(type, ++offset_, at, customer, members);
    shards_[shard_of(told.event, 2)].apply(told.event, offset_, now);
    oracle_.add(told.event, now);
  }

  void store_rows() {
    RowBatch batch{.from = stored_, .to = offset_};
    for (Shard& shard : shards_) shard.collect(batch);
    stored_ = offset_;
    ASSERT_TRUE(duck_->apply(batch)) << "duckdb";
    ASSERT_TRUE(memory_->apply(batch)) << "memory";
  }

  // The answer's rows by live state, DuckDB, the memory store's rows and the oracle: all the same.
  void expect(const std::string& text, const std::string& rows) {
    SCOPED_TRACE(text);
    const auto question = parse_question(parse_query_string(text), now);
    ASSERT_TRUE(question) << question.error().message;
    const auto ask = [&](const LearningQuestion& asked) -> Answered<LearningPartial> {
      LearningPartial all;
      for (const Shard& shard : shards_) {
        EXPECT_TRUE(shard.covers(asked).covered) << shard.covers(asked).text;
        all.merge(shard.ask(asked));
      }
      return all;
    };
    const auto refuse = [](const LiveQuestion&, Instant) -> Answered<LivePartial> { return std::unexpected(Refusal{"not_covered", "", ""}); };
    const auto memory = learning_from_store(learning_question(*question), *memory_);
    RowSet set;
    for (const auto& row : memory->learning) set.learning.push_back(*row);
    for (const auto& row : memory->changes) set.changes.push_back(*row);
    EXPECT_EQ(rows_of(answer_from_live(*question, refuse, {}, now, ask)), rows) << "live";
    EXPECT_EQ(rows_of(answer_from_sql(*question, *duck_, now, no_deadline)), rows) << "duckdb";
    EXPECT_EQ(rows_of(answer_from_rows(*question, set, now, "rows")), rows) << "memory";
    EXPECT_EQ(rows_of(answer_from_rows(*question, oracle_.rows(now), now, "oracle")), rows) << "oracle";
  }

  static std::string rows_of(const Answered<Answer>& answer) {
    if (!answer) return answer.error().message;
    const std::string json = to_json(*answer);
    const auto begin = json.find("\"rows\":") + 7;
    return json.substr(begin, json.find(",\"as_of\"") - begin);
  }

  void restart() {
    for (Shard& shard : shards_) {
      const std::string bytes = shard.snapshot();
      const auto stats = shard.stats();
      shard = Shard({.index = unsigned(&shard - shards_.data()), .count = 2});
      const Status done = shard.restore(bytes);
      ASSERT_TRUE(done) << done.error().message;
      EXPECT_EQ(shard.snapshot(), bytes);
      EXPECT_EQ(shard.stats().events, stats.events);
    }
  }

  const std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("aybiza-learning-" + to_string(random_id()));
  SystemClock clock_;
  std::deque<Told> told_;
  std::vector<Shard> shards_;
  Oracle oracle_;
  std::unique_ptr<Store> duck_, memory_ = make_memory_store();
  std::uint64_t offset_ = 0, stored_ = 0;
};

using enum EventType;
using F = Field;

TEST_F(Learning, EveryWayTellsTheSame) {
  const auto pattern = [&](Duration at, std::string_view customer, const char* id, const char* outcome, const char* confidence, const char* from = "") {
    std::vector<std::pair<F, std::string>> members = {{F::pattern_id, id}, {F::name, std::string("name of ") + id + customer.data()}, {F::agent_id, "a-1"}};
    if (*outcome) members.emplace_back(F::outcome, outcome);
    if (*confidence) members.emplace_back(F::confidence, confidence);
    if (*from) members.emplace_back(F::replicated_from, from);
    tell(learning_pattern, at, customer, members);
  };
  pattern(70min, "acme", "p1", "success", "0.9", "a-2");  // told before its discovery was
  pattern(5min, "acme", "p1", "success", "0.5");
  pattern(6min, "acme", "p2", "failure", "");
  pattern(65min, "acme", "p3", "", "0.25");
  pattern(66min, "zen", "p1", "failure", "1");  // another customer's is another pattern
  const auto graph = [&](Duration at, const char* name, const char* nodes, const char* edges, const char* orphans, const char* version = "") {
    std::vector<std::pair<F, std::string>> members = {{F::nodes, nodes}, {F::edges, edges}};
    if (*name) members.emplace_back(F::graph_id, name);
    if (*orphans) members.emplace_back(F::orphans, orphans);
    if (*version) members.emplace_back(F::agent_version, version);
    tell(learning_knowledge, at, "acme", members);
  };
  graph(10min, "", "100", "50", "7");
  graph(62min, "faq", "10", "5", "");
  graph(63min, "", "120", "80", "");
  graph(64min, "", "110", "90", "6", "v2");
  tell(learning_improvement, 20min, "acme", {{F::metric, "error_rate"}, {F::before, "0.2"}, {F::after, "0.1"}, {F::agent_id, "a-1"}});
  tell(learning_improvement, 68min, "zen", {{F::metric, "error_rate"}, {F::before, "1"}, {F::after, "-1"}});
  tell(change, 30min, "acme", {{F::what, "prompt"}, {F::version, "7"}, {F::agent_id, "a-1"}});
  tell(change, 69min, "acme", {{F::what, "model"}, {F::hash, "abc"}});
  store_rows();

  for (int round = 0; round < 2; ++round) {
    const std::string hour = "&from=2026-11-18T13:26:40Z&to=2026-11-18T14:26:40Z";  // minutes 60 to 120
    const std::string both = "&from=2026-11-18T12:26:40Z&to=2026-11-18T14:26:40Z";
    expect("select=learning_patterns,active_patterns,successful_patterns,failed_patterns,replicated_patterns,pattern_confidence,improvements,changes" + both,
           "[[4,4,1,2,1,0.6625,2,2]]");
    expect("select=learning_patterns,active_patterns,successful_patterns,failed_patterns,replicated_patterns,pattern_confidence,improvements,changes" + hour,
           "[[2,3,1,1,1,0.7166666666666667,1,1]]");
    expect("select=learning_patterns,changes&by=customer_id" + both, R"([["acme",3,2],["zen",1,0]])");
    expect("select=learning_patterns&where=customer_id:zen" + both, "[[1]]");
    expect("select=knowledge_nodes,knowledge_edges,knowledge_orphans,unanswered_questions" + hour, "[[120,95,6,null]]");
    expect("select=knowledge_nodes,knowledge_orphans&by=agent_version" + hour, R"([["v2",110,6],[null,130,7]])");
    expect("select=knowledge_nodes&from=2026-11-18T12:30:00Z&to=2026-11-18T13:40:00Z&step=10m",
           R"([["2026-11-18T12:30:00.000Z",100],["2026-11-18T12:40:00.000Z",100],["2026-11-18T12:50:00.000Z",100],)"
           R"(["2026-11-18T13:00:00.000Z",100],["2026-11-18T13:10:00.000Z",100],["2026-11-18T13:20:00.000Z",130],["2026-11-18T13:30:00.000Z",120]])");
    expect("select=knowledge_nodes&to=2026-11-18T12:36:40Z&from=2026-11-18T12:26:40Z", "[[null]]");
    expect("select=improvements&by=agent_id" + both, R"([["a-1",1],[null,1]])");
    expect("select=changes&by=hour_of_day&where=agent_id:a-1&tz=Europe/Berlin" + both, "[[13,1]]");
    if (round == 0) restart();
  }
}

TEST_F(Learning, QuestionsThatMakeNoSenseAreRefused) {
  const auto code = [](const char* text) {
    const auto question = parse_question(parse_query_string(text), now);
    return question ? std::string("taken") : question.error().code;
  };
  EXPECT_EQ(code("select=improvements&by=call_outcome"), "incompatible");
  EXPECT_EQ(code("select=improvements&by=topic"), "incompatible");
  EXPECT_EQ(code("select=improvements&by=tag.x"), "incompatible");
  EXPECT_EQ(code("select=ma_improvements&step=1m"), "unknown_measure");
  EXPECT_EQ(code("select=calls,improvements&by=agent_id"), "taken");
}

// A table of a few rows answers what it covers as one that forgets nothing.
TEST(LearningTable, WhatItCoversIsExact) {
  std::mt19937_64 random(11);
  const auto below = [&](int bound) { return int(random() % std::uint64_t(bound)); };
  for (int round = 0; round < 20; ++round) {
    LearningTable bounded(Instant::min(), {.rows = 30, .changes = 5, .patterns = 40, .graphs = 12}), all;
    for (int i = 0; i < 200; ++i) {
      std::vector<std::pair<F, std::string>> members;
      const EventType type = EventType(int(learning_pattern) + below(4));
      if (type == learning_pattern) members = {{F::pattern_id, std::to_string(below(30))}, {F::name, "n"}};
      if (type == learning_knowledge) members = {{F::graph_id, std::to_string(below(3))}, {F::nodes, std::to_string(below(100))}, {F::edges, "1"}};
      if (type == learning_knowledge && below(2) == 0) members.emplace_back(F::orphans, std::to_string(below(100)));
      if (type == learning_improvement) members = {{F::metric, "m"}, {F::before, "1"}, {F::after, "2"}};
      if (type == change) members = {{F::what, "tool"}};
      if (below(3) == 0) members.emplace_back(F::region, std::to_string(below(2)));
      // Mostly in order, some of it late.
      const Told told(type, std::uint64_t(i + 1), std::chrono::seconds(i * 10 - (below(5) == 0 ? below(2000) : 0)), "acme", members);
      for (LearningTable* table : {&bounded, &all}) {
        if (type == change) table->add(change_row(told.event));
        else table->add(learning_row(told.event));
      }
    }
    int covered = 0;
    for (int i = 0; i < 60; ++i) {
      const char* const asked[] = {"learning_patterns", "active_patterns", "improvements", "knowledge_nodes", "knowledge_orphans", "changes"};
      const Instant from = base + std::chrono::seconds(below(2000)), to = from + std::chrono::seconds(1 + below(900));
      const auto question = parse_question(
          parse_query_string(std::string("select=") + asked[below(6)] + (below(2) == 0 ? "&by=region" : "") + "&step=1m&from=" + format_rfc3339(from) + "&to=" + format_rfc3339(to)),
          now);
      ASSERT_TRUE(question) << question.error().message;
      const auto figures = [&](const LearningTable& table) {
        const auto zone = Zone::load("UTC");
        const auto grid = Grid::of(*question, *zone);
        Cells cells;
        add_learning(*question, *grid, *zone, in_order(table.select(learning_question(*question))), cells);
        return to_json(finish(*question, *grid, cells, now, "test"));
      };
      if (!bounded.covers(learning_question(*question)).covered) continue;
      ++covered;
      EXPECT_EQ(figures(bounded), figures(all));
    }
    EXPECT_GT(covered, 5) << round;
    EXPECT_LT(covered, 60) << round;
    std::string bytes, again;
    bytes::Writer out(bytes), out_again(again);
    bounded.write(out);
    LearningTable restored;
    bytes::Reader in(bytes);
    ASSERT_TRUE(restored.read(in) && in.done());
    restored.write(out_again);
    EXPECT_EQ(bytes, again);
    EXPECT_EQ(bounded.heap_bytes(), restored.heap_bytes());
    for (std::size_t cut = 0; cut < bytes.size(); cut += 97) {
      bytes::Reader broken(std::string_view(bytes).substr(0, cut));
      LearningTable none;
      EXPECT_FALSE(none.read(broken)) << cut;
    }
  }
}

TEST(LearningTable, WhatTheLogDoesNotReachBackToIsNotCovered) {
  const LearningTable table(base);
  EXPECT_FALSE(table.covers({.from = base - 1h, .to = now, .patterns = false, .graphs = false}).covered);
  EXPECT_FALSE(table.covers({.from = base + 1h, .to = now, .patterns = true, .graphs = false}).covered);
  EXPECT_FALSE(table.covers({.from = base + 1h, .to = now, .patterns = false, .graphs = true}).covered);
  EXPECT_TRUE(table.covers({.from = base + 1h, .to = now, .patterns = false, .graphs = false}).covered);
}

}  // namespace
}  // namespace aybiza
