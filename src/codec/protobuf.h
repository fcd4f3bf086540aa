// Reading Protocol Buffers with protozero: field numbers with their wire types, as the cases of a switch.
//
// Shape    protozero's getters trust the wire type, so every field is told by number and type together and anything else
//          is skipped. Strings are views.
// Errors   protozero::exception for bytes that are no message; it stops in the decoder that called.
// Threads  none: owned by one decode.
// Source   Protocol Buffers encoding; protozero 1.7.
#pragma once

#include <cstdint>
#include <string_view>

#define PROTOZERO_USE_VIEW std::string_view
#include <protozero/pbf_reader.hpp>

namespace aybiza::protobuf {

using Reader = protozero::pbf_reader;

constexpr std::uint32_t varint(std::uint32_t field) { return protozero::tag_and_type(field, protozero::pbf_wire_type::varint); }
constexpr std::uint32_t fixed64(std::uint32_t field) { return protozero::tag_and_type(field, protozero::pbf_wire_type::fixed64); }
constexpr std::uint32_t fixed32(std::uint32_t field) { return protozero::tag_and_type(field, protozero::pbf_wire_type::fixed32); }
constexpr std::uint32_t bytes(std::uint32_t field) { return protozero::tag_and_type(field, protozero::pbf_wire_type::length_delimited); }

}  // namespace aybiza::protobuf
