// Codec: bytes and events a second from a body of NDJSON to events, and on to the spool's bytes, on one core; beside
// simdjson's own DOM parse of the same lines in the same run.
//
// codec_bench [file.ndjson] [seconds]   without a file: generated turns and usage.
#include <simdjson.h>

#include <ctime>
#include <fstream>
#include <iterator>

#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/event_json.h"
#include "codec/identity.h"
#include "ingest/prepare.h"

namespace aybiza {
namespace {

std::string generated() {
  std::string out;
  for (int i = 0; i < 40'000; ++i) {
    out += fmt::format(
        R"({{"type": "turn", "id": "gen-{}", "time": "2026-11-20T08:{:02}:{:02}.{:03}Z", "data": {{"call_id": "call-{}", "turn_number": {}, "speaker": "agent", "text_content": "In which city should I look for it, and for how many people?", "state": "information", "intent": "request", "response_time_ms": {}, "stt_latency_ms": 190, "llm_latency_ms": 535, "tts_latency_ms": 238, "interrupted": false}}}})"
        "\n",
        i, i / 60 % 60, i % 60, i % 1000, i / 40, i % 40, 900 + i % 500);
    if (i % 2 == 0)
      out += fmt::format(
          R"({{"type": "usage", "id": "use-{}", "time": "2026-11-20T08:00:07.041Z", "data": {{"call_id": "call-{}", "model": "claude-sonnet-4-5", "input_tokens": {}, "output_tokens": 11, "stt_seconds": 2.1}}}})"
          "\n",
          i, i / 40, 200 + i % 300);
  }
  return out;
}

// Bodies as a sender makes them: whole lines, about 1 MiB.
std::vector<std::string> bodies_of(const std::string& text) {
  std::vector<std::string> bodies;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.size(), at + limits::MiB);
    if (end < text.size()) end = text.rfind('\n', end) + 1;
    bodies.push_back(text.substr(at, end - at));
    at = end;
  }
  return bodies;
}

double seconds_now() {  // of this thread's processor time: what others do on the machine does not count
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

struct Rate {
  double gb = 0, events = 0;
};

// `work` takes a body by value, as a server does, and answers how many events it held.
template <typename Work>
Rate measure(std::string_view name, const std::vector<std::string>& bodies, double seconds, Work&& work) {
  std::uint64_t bytes = 0, events = 0;
  double busy = 0;
  while (busy < seconds) {
    for (const std::string& body : bodies) {
      std::string copy;
      copy.reserve(body.size() + EventBatch::padding);
      copy = body;
      const double start = seconds_now();
      events += work(std::move(copy));
      busy += seconds_now() - start;
      bytes += body.size();
    }
  }
  const Rate rate{double(bytes) / busy / 1e9, double(events) / busy};
  fmt::print("{:<28} {:7.3f} GB/s {:12.0f} events/s {:7.0f} ns/event\n", name, rate.gb, rate.events, 1e9 / rate.events);
  return rate;
}

int run(int argc, char** argv) {
  std::string text;
  if (argc > 1) {
    std::ifstream file(argv[1], std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (text.empty()) text = generated();
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 2.0;
  const auto bodies = bodies_of(text);
  fmt::print("{} bytes in {} bodies, simdjson {}\n", text.size(), bodies.size(),
             simdjson::get_active_implementation()->name());

  simdjson::dom::parser dom;
  const Rate plain = measure("simdjson dom, line by line", bodies, seconds, [&](std::string body) {
    std::uint64_t events = 0;
    body.append(simdjson::SIMDJSON_PADDING, '\0');
    const std::size_t size = body.size() - simdjson::SIMDJSON_PADDING;
    for (std::size_t at = 0; at < size;) {
      const std::size_t end = std::min(body.find('\n', at), size);
      simdjson::dom::element element;
      if (dom.parse(body.data() + at, end - at, false).get(element) == simdjson::SUCCESS) ++events;
      at = end + 1;
    }
    return events;
  });
  const DecodeContext context{.customer = "", .source = "bench", .received = *parse_rfc3339("2026-11-21T10:00:00Z")};
  JsonDecoder decoder;
  EventBatch batch;
  const auto decode = [&](std::string body) {
    if (!decoder.decode(BodyFormat::ndjson, std::move(body), context, batch)) std::abort();
    return std::uint64_t(batch.events.size());
  };
  const Rate decoded = measure("decode", bodies, seconds, decode);
  Identity identity;
  measure("decode + identity", bodies, seconds, [&](std::string body) {
    decode(std::move(body));
    identity.assign(batch, "");
    return std::uint64_t(batch.events.size());
  });
  std::string out;
  measure("decode + identity + encode", bodies, seconds, [&](std::string body) {
    decode(std::move(body));
    identity.assign(batch, "");
    out.clear();
    for (const Event& event : batch.events) append_event(out, event);
    return std::uint64_t(batch.events.size());
  });
  const Tokenizer tokenizer("a benchmark's key of enough bytes");
  Preparer preparer(tokenizer);
  measure("the same + masking (ingest)", bodies, seconds, [&](std::string body) {
    const auto prepared = preparer.prepare(BodyFormat::ndjson, std::move(body), context);
    if (!prepared) std::abort();
    return std::uint64_t(prepared->items.size());
  });
  std::vector<Value> values;
  decode(bodies.front());
  out.clear();
  for (const Event& event : batch.events) append_event(out, event);
  measure("read back from the spool", {out}, seconds, [&](std::string body) {
    std::uint64_t events = 0;
    for (std::string_view rest = body; !rest.empty(); ++events) rest.remove_prefix(decode_event(rest, values)->size);
    return events;
  });
  fmt::print("rejected {}; decode / simdjson dom = {:.2f}\n", batch.rejected_total(), decoded.gb / plain.gb);
  return 0;
}

}  // namespace
}  // namespace aybiza

int main(int argc, char** argv) { return aybiza::run(argc, argv); }
