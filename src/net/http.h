// HTTP as values: what a handler is given and what it answers.
//
// Shape    a Request owns its body and the memory reserved for it; both go when the last pointer to it goes, so let go
//          of it when the work is done. A Response is built by the caller; its body is text, shared text, or a pull
//          function that makes chunks.
// Units    bytes. Header names compare without regard to case.
// Errors   header(): empty when absent. The server writes Content-Length, Date, Connection and Transfer-Encoding
//          itself; a CR or LF in a header of ours is dropped, never sent.
// Threads  a Request is immutable once a handler has it (any thread may read it); a Response is a value.
// Source   RFC 9110, RFC 9112.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "runtime/budget.h"

namespace aybiza::net {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };
std::string_view to_string(Method method);

struct Header {
  std::string name, value;
};

struct Peer {
  std::string address;  // "127.0.0.1", "::1"
  std::uint16_t port = 0;
  bool loopback = false;
};

struct Request {
  Method method = Method::get;
  std::string target;  // as sent: "/api/v1/calls/a%20b?limit=3"
  std::string path;    // "/api/v1/calls/a%20b", still encoded
  std::string query;   // "limit=3", still encoded
  std::vector<Header> headers;
  std::vector<std::pair<std::string, std::string>> path_params;  // ":name" and "*", decoded
  std::string body;  // as received: undo Content-Encoding with content_coding.h
  Peer peer;
  std::uint16_t local_port = 0;
  std::any identity;  // what the guard found, e.g. auth::Authz
  Reservation held;   // the memory of `body`

  std::string_view header(std::string_view name) const;      // the first of that name
  std::string_view path_param(std::string_view name) const;  // empty when the pattern has none such
};
using RequestPtr = std::shared_ptr<const Request>;

// Where the next piece of a streamed body goes. Call it once, from any thread: a non-empty chunk, or an empty one at
// the end, or an error, which breaks the connection off so that the client sees a cut body and not a short one.
class ChunkReady {
 public:
  using Deliver = std::move_only_function<void(Result<std::string>)>;
  using Gone = std::function<bool()>;
  ChunkReady(Deliver deliver, Gone gone) : deliver_(std::move(deliver)), gone_(std::move(gone)) {}
  ChunkReady(ChunkReady&&) = default;
  ChunkReady& operator=(ChunkReady&&) = delete;
  ~ChunkReady();  // never called: counts as an error

  void operator()(Result<std::string> chunk);
  bool client_gone() const { return gone_(); }  // long work may ask in between and stop

 private:
  Deliver deliver_;
  Gone gone_;
};

// Called for each chunk once the one before is written: that is the back-pressure. Runs on a network thread, so it
// must not block; hand the ChunkReady to the thread that works. It is destroyed when the body ended or the client
// left, so share with the worker what the worker needs.
using ChunkSource = std::move_only_function<void(ChunkReady)>;

struct Response {
  int status = 200;
  std::string content_type;
  std::vector<Header> headers;
  std::variant<std::string, std::shared_ptr<const std::string>, ChunkSource> body;

  static Response text(int status, std::string body, std::string content_type = "text/plain; charset=utf-8");
  static Response json(int status, std::string body) { return text(status, std::move(body), "application/json"); }
  static Response html(int status, std::string body) {
    return text(status, std::move(body), "text/html; charset=utf-8");
  }
  static Response shared(int status, std::shared_ptr<const std::string> body, std::string content_type);
  static Response stream(int status, ChunkSource source, std::string content_type);
  // {"error":{"code":…,"message":…}}, as everywhere in the API.
  static Response error(int status, std::string_view code, std::string_view message);

  Response&& with(std::string name, std::string value) &&;
};

// The way back to the client. Call it once, from any thread, now or later; the write happens where the connection
// lives. Dropped without an answer, the client gets 500. Calls after the first, and after the client left, do nothing.
class Responder {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void deliver(Response response) = 0;
    virtual bool client_gone() const = 0;
  };
  explicit Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&&) = delete;
  ~Responder();

  void operator()(Response response);
  bool client_gone() const { return !sink_ || sink_->client_gone(); }

 private:
  std::shared_ptr<Sink> sink_;
};

using Handler = std::function<void(RequestPtr request, Responder respond)>;

// Percent-decoding; '+' is a space only in a query. nullopt for a broken escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// "a=1&b=%20" in order; nullopt for a broken escape. A name without '=' has an empty value.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

std::string_view reason_phrase(int status);
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace aybiza::net
