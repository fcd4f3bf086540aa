#include "fleet/call_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fleet/phrases.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using std::string_view;

constexpr double short_greeting_helps = 0.06;  // what the experiment is there to find

Duration millis(double ms) { return Duration(std::int64_t(ms * 1000)); }

enum class Fate { resolved, unresolved, escalated, abandoned, error, voicemail, no_answer };

class Writer {
 public:
  Writer(const CallRequest& request, Random& random, std::vector<TimedLine>& out)
      : request_(request), random_(random), out_(out), now_(request.start),
        call_(fmt::format("{}-{}", request.run, request.number)) {}

  Instant write() {
    subject_ = &subjects()[subject()];
    const double skill = std::clamp(agent().skill + (variant() == "short" ? short_greeting_helps : 0) - request_.weather.errors * 0.5, 0.02, 0.99);
    fate_ = fate(skill);
    mood_ = random_.normal() * 0.3 + (subject_->topic == "complaint" ? -0.8 : subject_->topic == "compliment" ? 0.8 : 0);
    mood_ += request_.weather.mood;
    started();
    if (fate_ == Fate::no_answer || fate_ == Fate::voicemail) {
      now_ += millis(random_.between(15'000, 30'000));
      ended(0);
      return now_;
    }
    conversation();
    const double errors = fate_ == Fate::error ? 1 + double(random_.below(3)) : random_.chance(0.03 + request_.weather.errors) ? 1 : 0;
    ended(errors);
    const Instant end = now_;
    if (random_.chance(0.35)) rated();
    return end;
  }

 private:
  const SimulatedAgent& agent() const { return *request_.agent; }

  // Newer agents take part in an experiment, call by call in turn.
  string_view variant() const { return !agent().version.ends_with(".1") ? "" : request_.number % 2 == 0 ? "control" : "short"; }

  std::size_t subject() {
    // Sales agents get product questions, billing agents bills; the rest is spread.
    const double sales[] = {1, 1, 1, 8, 1, 1}, billing[] = {9, 1, 2, 1, 2, 1}, support[] = {1, 8, 4, 1, 3, 1},
                 booking[] = {1, 1, 2, 6, 1, 2};
    const auto& type = agent().type;
    return random_.weighted(type == "sales" ? sales : type == "billing" ? billing : type == "booking" ? booking : support);
  }

  Fate fate(double skill) {
    const double miss = 1 - skill;
    const double weights[] = {skill, miss * .42, miss * .28, miss * .16, miss * .06 + request_.weather.errors, 0.012, 0.018};
    return Fate(random_.weighted(weights));
  }

  void emit(string_view type, Instant time, const std::string& data) {
    out_.push_back({time, fmt::format(R"({{"type":"{}","id":"{}-{}","time":"{}","data":{{"call_id":"{}"{}}}}})", type, call_,
                                      serial_++, format_rfc3339(time), call_, data)});
  }

  void started() {
    const auto& a = agent();
    std::string data = fmt::format(
        R"(,"agent_id":"{}","agent_name":"{}","agent_type":"{}","agent_version":"{}","customer_id":"{}","region":"{}","model_used":"{}","language":"{}","direction":"{}","channel":"{}","provider_stt":"deepgram","provider_llm":"anthropic","provider_tts":"elevenlabs","caller_number":"+1415555{:04}","phone_number":"+1415555{:04}")",
        a.id, a.name, a.type, a.version, a.customer, a.region, a.model, a.language, a.campaign.empty() ? "inbound" : "outbound",
        random_.chance(.9) ? "phone" : "web", random_.below(10'000), 100 + random_.below(20));
    if (!a.campaign.empty()) data += fmt::format(R"(,"campaign":"{}")", a.campaign);
    if (!variant().empty()) data += fmt::format(R"(,"experiment":"greeting","variant":"{}")", variant());
    emit("call.started", now_, data);
  }

  void conversation() {
    say_agent(greetings(), "greeting");
    say_caller(subject_->opening, "intent_detection", subject_->intent);
    const std::size_t details = 1 + random_.below(4);
    for (std::size_t i = 0; i < details; ++i) {
      say_agent(random_.chance(.12) ? repairs() : clarifications(), "information");
      if (fate_ == Fate::abandoned && i + 1 == details) return;
      say_caller(subject_->detail, "information", "inform");
    }
    const std::size_t offers = fate_ == Fate::resolved ? 1 + std::size_t(random_.chance(.3)) : 1 + random_.below(3);
    for (std::size_t i = 0; i < offers; ++i) {
      say_agent(subject_->offer, "resolution");
      if (fate_ == Fate::error) return;
      const bool accepted = fate_ == Fate::resolved && i + 1 == offers;
      mood_ += accepted ? .6 : -.4;
      say_caller(accepted ? subject_->accept : subject_->refuse, "resolution", accepted ? "affirm" : "negate");
    }
    if (fate_ == Fate::escalated) {
      emit("call.intervened", now_, fmt::format(R"(,"kind":"{}","actor":"supervisor-{}")", random_.chance(.5) ? "takeover" : "transfer", 1 + random_.below(6)));
      return;
    }
    say_caller(mood_ > -.2 ? thanks() : complaints(), "farewell", "goodbye");
    say_agent(farewells(), "farewell");
  }

  std::string line(std::span<const string_view> lines) {
    const string_view text = lines[random_.below(lines.size())];
    const std::size_t hole = text.find("{}");
    if (hole == string_view::npos) return std::string(text);
    return fmt::format("{}{}{}", text.substr(0, hole), 2 + random_.below(58), text.substr(hole + 2));
  }

  double speaking_ms(const std::string& text) { return 400 + double(text.size()) * random_.between(52, 68); }

  void say_caller(std::span<const string_view> lines, string_view state, string_view intent) {
    const std::string text = line(lines);
    const Instant begin = now_ + millis(random_.between(150, 900));
    now_ = begin + millis(speaking_ms(text));
    emit("turn", now_, fmt::format(R"(,"turn_number":{},"speaker":"caller","text_content":"{}","state":"{}","intent":"{}","confidence_score":{:.3f},"started_at":"{}","ended_at":"{}")",
                                   turn_++, text, state, intent, std::clamp(.93 + random_.normal() * .04 - request_.weather.errors * .3, .3, .999),
                                   format_rfc3339(begin), format_rfc3339(now_)));
  }

  void say_agent(std::span<const string_view> lines, string_view state) {
    const std::string text = line(lines);
    const double slow = agent().slowness * request_.weather.slowness;
    const double stt = random_.log_normal(140, .25) * slow, llm = random_.log_normal(430, .38) * slow * model_factor(),
                 tts = random_.log_normal(170, .3) * slow, endpointing = random_.between(180, 420);
    const double response = stt + llm + tts + endpointing;
    const Instant begin = now_ + millis(response);
    const bool cut = random_.chance(.06 + (response > 2500 ? .1 : 0));
    now_ = begin + millis(speaking_ms(text) * (cut ? random_.between(.3, .8) : 1));
    emit("turn", now_, fmt::format(R"(,"turn_number":{},"speaker":"agent","text_content":"{}","state":"{}","response_time_ms":{:.0f},"stt_latency_ms":{:.0f},"llm_latency_ms":{:.0f},"tts_latency_ms":{:.0f},"endpointing_ms":{:.0f},"interrupted":{},"started_at":"{}","ended_at":"{}")",
                                   turn_++, text, state, response, stt, llm, tts, endpointing, cut, format_rfc3339(begin), format_rfc3339(now_)));
    context_ += 40 + text.size() / 4;
    emit("usage", now_, fmt::format(R"(,"model":"{}","input_tokens":{},"cache_read_tokens":{},"output_tokens":{},"stt_seconds":{:.2f},"tts_characters":{})",
                                    agent().model, 60 + random_.below(120), 700 + context_, 4 + text.size() / 4,
                                    random_.between(1.2, 5.5), text.size()));
    if (response > 2200) mood_ -= .15;
  }

  double model_factor() const {
    return agent().model.find("opus") != std::string::npos ? 1.6 : agent().model.find("haiku") != std::string::npos ? .55 : 1;
  }

  void ended(double errors) {
    static constexpr string_view outcomes[] = {"successful", "failed", "transferred", "abandoned", "error", "voicemail", "no_answer"};
    static constexpr string_view resolutions[] = {"resolved", "unresolved", "escalated", "unresolved", "unresolved", "", ""};
    static constexpr string_view reasons[] = {"agent_ended", "caller_hung_up", "transferred", "caller_hung_up", "pipeline_error", "voicemail", "no_answer"};
    const auto at = std::size_t(fate_);
    std::string data = fmt::format(R"(,"started_at":"{}","total_duration_ms":{},"call_outcome":"{}","end_reason":"{}","error_count":{:.0f})",
                                   format_rfc3339(request_.start), (now_ - request_.start).count() / 1000, outcomes[at], reasons[at], errors);
    if (!resolutions[at].empty()) data += fmt::format(R"(,"resolution_status":"{}")", resolutions[at]);
    if (random_.chance(.5)) data += fmt::format(R"(,"audio_quality_score":{:.2f})", std::clamp(4.1 + random_.normal() * .3 - request_.weather.errors * 4, 1.0, 5.0));
    if (fate_ == Fate::escalated) data += R"(,"escalated":true)";
    emit("call.ended", now_, data);
  }

  void rated() {
    const double base = fate_ == Fate::resolved ? 4.4 : fate_ == Fate::escalated ? 3.1 : 2.1;
    const double score = std::clamp(base + mood_ * .5 + random_.normal() * .4, 1.0, 5.0);
    const Instant when = now_ + millis(random_.between(5'000, 90'000));
    emit("call.rated", when, fmt::format(R"(,"customer_satisfaction_score":{:.1f},"nps":{})", score, std::size_t(std::clamp(score * 2.2 - 1, 0.0, 10.0))));
  }

  const CallRequest& request_;
  Random& random_;
  std::vector<TimedLine>& out_;
  Instant now_;
  std::string call_;
  const Subject* subject_ = nullptr;
  Fate fate_ = Fate::resolved;
  double mood_ = 0;
  std::size_t turn_ = 0, serial_ = 0, context_ = 0;
};

}  // namespace

Instant write_call(const CallRequest& request, Random& random, std::vector<TimedLine>& out) {
  const std::size_t first = out.size();
  const Instant end = Writer(request, random, out).write();
  std::stable_sort(out.begin() + std::ptrdiff_t(first), out.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return end;
}

}  // namespace aybiza
