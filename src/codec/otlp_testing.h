// What the tests of OTLP share: the reference vectors and protobuf written by hand.
//
// Threads  values; none.
// Source   ingest-formats.md 1.4: encoded by protoc from the upstream definitions.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "codec/varint.h"

namespace aybiza::testing {

inline std::string from_hex(std::string_view hex) {
  std::string out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += char(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}
inline std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

// A field of a message: pb(1, "text") + pb_varint(3, 1) + pb_fixed(7, 5) ...
inline std::string pb(unsigned field, std::string_view bytes) {
  std::string out;
  append_varint(out, field << 3 | 2);
  append_varint(out, bytes.size());
  return out += bytes;
}
inline std::string pb_varint(unsigned field, std::uint64_t value) {
  std::string out;
  append_varint(out, field << 3);
  append_varint(out, value);
  return out;
}
inline std::string pb_fixed(unsigned field, std::uint64_t word) {
  std::string out;
  append_varint(out, field << 3 | 1);
  char bytes[8];
  std::memcpy(bytes, &word, 8);
  return out.append(bytes, 8);
}
inline std::string pb_real(unsigned field, double value) {
  std::uint64_t word;
  std::memcpy(&word, &value, 8);
  return pb_fixed(field, word);
}
inline std::string pb_attribute(unsigned field, std::string_view key, std::string_view text) {
  return pb(field, pb(1, key) + pb(2, pb(1, text)));
}
// One resource with one scope holding `items`.
inline std::string pb_request(std::string_view items, std::string_view resource = "", std::string_view scope = "") {
  return pb(1, pb(1, resource) + pb(2, pb(1, scope) + std::string(items)));
}

inline const std::string otlp_trace_vector = from_hex(
    "0af8020a3e0a190a0c736572766963652e6e616d6512090a07706970656361740a210a13736572766963652e696e7374616e63652e6964120a0a0877"
    "6f726b65722d3712b5020a100a07706970656361741205312e372e3012a0020a105b8efff798038103d269b633813fc60c1208eee19b7ec3c1b17422"
    "08eee19b7ec3c1b1732a036c6c6d3001390000f323845bd7184180f89c56845bd7184a230a1467656e5f61692e70726f76696465722e6e616d65120b"
    "0a09616e7468726f7069634a2b0a1467656e5f61692e726571756573742e6d6f64656c12130a11636c617564652d736f6e6e65742d342d354a200a19"
    "67656e5f61692e75736167652e696e7075745f746f6b656e73120318b0094a200a1a67656e5f61692e75736167652e6f75747075745f746f6b656e73"
    "120218554a190a0c6d6574726963732e7474666212092191ed7c3f355eda3f4a0c0a0673747265616d120210015a1609009f813c845bd718120b6669"
    "7273745f746f6b656e7a021801850101010000");
inline const std::string otlp_metrics_vector = from_hex(
    "0aa8040a220a200a0c736572766963652e6e616d6512100a0e6c6976656b69742d6167656e74731281040a100a0e6c6976656b69742d6167656e7473"
    "126c0a206c6b2e6167656e74732e75736167652e6c6c6d5f696e7075745f746f6b656e731a077b746f6b656e7d3a3f0a39110000f323845bd7181900"
    "ac16208b5bd7183100100000000000003a1c0a0a6d6f64656c5f6e616d65120e0a0c6770742d342e312d6d696e691001180112230a0b71756575652e"
    "64657074682a140a121900ac16208b5bd7182100000000000029401297010a1a6c6b2e6167656e74732e7475726e2e6532655f6c6174656e63791a01"
    "734a760a72110000f323845bd7181900ac16208b5bd71821030000000000000029000000000000064032200000000000000000010000000000000002"
    "0000000000000000000000000000003a18000000000000e03f000000000000e83f000000000000f83f59333333333333e33f61333333333333f33f10"
    "02126a0a2067656e5f61692e636c69656e742e6f7065726174696f6e2e6475726174696f6e1a017352430a3f110000f323845bd7181900ac16208b5b"
    "d718210400000000000000290000000000001e4039010000000000000042070801120301010171fca9f1d24d62503f100112540a0b7270632e6c6174"
    "656e63795a450a431900ac16208b5bd718210a00000000000000290000000000804b40321209000000000000e03f110000000000001440321209ae47"
    "e17a14aeef3f110000000000002840");
inline const std::string otlp_logs_vector = from_hex(
    "0a89020a230a210a0c736572766963652e6e616d6512110a0f756e6b6e6f776e5f7365727669636512e1010a480a0b6576616c756174696f6e731a13"
    "0a07726f6f6d5f696412080a06524d5f6162631a120a066a6f625f696412080a06414a5f78797a1a100a04726f6f6d12080a0663616c6c2d31129401"
    "0900583a1c925bd7181a0b756e7370656369666965642a090a076f7574636f6d6532370a076f7574636f6d65122c322a0a140a076f7574636f6d6512"
    "090a07737563636573730a120a06726561736f6e12080a06626f6f6b656432130a07726f6f6d5f696412080a06524d5f6162634a105b8efff7980381"
    "03d269b633813fc60c5208eee19b7ec3c1b1745901583a1c925bd718");

}  // namespace aybiza::testing
