// CRC-32C (Castagnoli), by the processor's instruction where there is one.
//
// Cost     about 8 bytes in 3 cycles with SSE 4.2; the table version about 1 GB/s.
// Threads  none.
// Source   RFC 3720 appendix B.4 (test vectors); polynomial 0x1EDC6F41 reflected.
#pragma once

#include <cstdint>
#include <string_view>

namespace aybiza::spool {

// The checksum of a ++ b is crc32c(b, crc32c(a)).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
std::uint32_t crc32c_software(std::string_view bytes, std::uint32_t before = 0);

}  // namespace aybiza::spool
