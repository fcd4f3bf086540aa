// From an upgrade request to a running WebSocket.
//
// Threads  call on the connection's strand; the session lives there from then on.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>

#include "net/asio.h"
#include "net/server_core.h"
#include "net/websocket.h"

namespace aybiza::net {

using UpgradeRequest = boost::beast::http::request<boost::beast::http::string_body>;

void start_websocket(std::shared_ptr<ServerCore> core, Socket socket, Ticket ticket, UpgradeRequest upgrade,
                     RequestPtr request, std::unique_ptr<WsHandler> handler);

}  // namespace aybiza::net
