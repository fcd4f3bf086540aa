// OTLP's JSON from strangers: refused, or a protobuf body that its decoder reads as a whole.
#include <cstdint>

#include "base/check.h"
#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/otlp_metrics.h"

// The first byte chooses the signal; the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  if (size == 0) return 0;
  static OtlpJson json;
  static OtlpDecoder decoder;
  static OtlpMetricsDecoder metrics_decoder;
  static OtlpBatch batch;
  static OtlpMetrics metrics;
  const auto signal = OtlpSignal(data[0] % 3);
  auto transcoded = json.transcode(signal, std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  if (!transcoded) return 0;
  // What was transcoded is a message; only its resources and scopes may still be above a ceiling.
  const Status status = signal == OtlpSignal::metrics
                            ? metrics_decoder.decode(transcoded->protobuf, from_micros(1'790'000'100'000'000), metrics)
                            : decoder.decode(signal, std::move(transcoded->protobuf), batch);
  if (!status) CHECK(status.error().message.find("otlp_") != std::string::npos);
  return 0;
}
