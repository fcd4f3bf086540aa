// "127.0.0.1:8080" as a socket listens on it.
//
// Errors   invalid: no such address; io: in use, not ours, ...
// Threads  functions; any, but an acceptor is its owner's.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/asio.h"

namespace aybiza::net {

Result<Tcp::endpoint> parse_listen(std::string_view listen);  // "[::1]:8080", "localhost:0" too
Result<Tcp::endpoint> listen_on(Acceptor& acceptor, std::string_view listen);  // as bound
bool is_loopback(const asio::ip::address& address);           // "::ffff:127.0.0.1" too
std::string print(const Tcp::endpoint& at);

}  // namespace aybiza::net
