#include "net/listen_address.h"

#include <fmt/format.h>

#include <boost/asio/ip/v6_only.hpp>
#include <charconv>
#include <optional>

namespace aybiza::net {
namespace {

std::optional<Tcp::endpoint> endpoint_of(std::string_view listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = listen.substr(0, colon), digits = listen.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.contains(':')) {
    return std::nullopt;
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (host == "localhost") return Tcp::endpoint(asio::ip::address_v4::loopback(), port);
  ErrorCode unknown;
  const auto address = asio::ip::make_address(std::string(host), unknown);
  if (unknown) return std::nullopt;
  return Tcp::endpoint(address, port);
}

}  // namespace

Result<Tcp::endpoint> parse_listen(std::string_view listen) {
  const auto at = endpoint_of(listen);
  if (!at) return fail(Code::invalid, "{} is not an address to listen on: write 127.0.0.1:8080 or [::1]:8080", listen);
  return *at;
}

Result<Tcp::endpoint> listen_on(Acceptor& acceptor, std::string_view listen) {
  const auto at = parse_listen(listen);
  if (!at) return std::unexpected(at.error());
  ErrorCode error;
  acceptor.open(at->protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && at->address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(*at, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) return fail(Code::io, "cannot listen on {}: something else does, perhaps another aybiza; end it, or choose another port", listen);
  if (error) return fail(Code::io, "cannot listen on {}: {}", listen, error.message());
  return Tcp::endpoint(at->address(), acceptor.local_endpoint(error).port());
}

bool is_loopback(const asio::ip::address& address) {
  if (address.is_loopback()) return true;
  return address.is_v6() && address.to_v6().is_v4_mapped() &&
         asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
}

std::string print(const Tcp::endpoint& at) {
  const std::string host = at.address().to_string();
  return at.address().is_v6() ? fmt::format("[{}]:{}", host, at.port()) : fmt::format("{}:{}", host, at.port());
}

}  // namespace aybiza::net
