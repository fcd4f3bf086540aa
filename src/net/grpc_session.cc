#include "net/grpc_session.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>

#include "base/check.h"

namespace aybiza::net {
namespace {

constexpr std::uint32_t stream_window = 1 << 20;
constexpr std::int32_t connection_window = 4 << 20;
constexpr std::size_t frame_head = 5;  // of a gRPC message: packed or not, length

enum Code : unsigned { ok = 0, unknown = 2, invalid_argument = 3, permission_denied = 7, resource_exhausted = 8, unimplemented = 12, internal = 13, unavailable = 14,
                       unauthenticated = 16 };

unsigned code_of(const Response& response) {
  for (const Header& header : response.headers) {
    unsigned code = 0;
    if (equals_ignoring_case(header.name, "grpc-status") &&
        std::from_chars(header.value.data(), header.value.data() + header.value.size(), code).ec == std::errc())
      return code;
  }
  switch (response.status) {
    case 200: return ok;
    case 400: return internal;
    case 401: return unauthenticated;
    case 403: return permission_denied;
    case 404: return unimplemented;
    case 429: case 502: case 503: case 504: return unavailable;
    default: return unknown;
  }
}

// grpc-message: printable ASCII but '%', the rest percent-encoded.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

nghttp2_nv field(std::string_view name, std::string_view value) {  // the library copies both
  const auto bytes = [](std::string_view text) { return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data())); };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct GrpcSession::Stream {
  Request request;
  std::size_t head_bytes = 0;
  bool handed_over = false, answered = false, ended = false;  // ended: the peer has said all
  std::string out;  // of the answer: the framed message
  std::size_t out_sent = 0;
  std::string status, message;  // of the trailers
};

// What the library calls. Everything it hands over is copied or used at once.
struct GrpcSession::Callbacks {
  static GrpcSession& self(void* user) { return *static_cast<GrpcSession*>(user); }
  static Stream* stream_of(void* user, std::int32_t id) {
    const auto found = self(user).streams_.find(id);
    return found == self(user).streams_.end() ? nullptr : found->second.get();
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      self(user).streams_.emplace(frame->hd.stream_id, std::make_unique<Stream>());
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    Stream* stream = stream_of(user, frame->hd.stream_id);
    if (stream == nullptr || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers of a request say nothing here
    stream->head_bytes += name_size + value_size + 32;
    if (stream->head_bytes > limits::http_head_bytes) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream
    const std::string_view key(reinterpret_cast<const char*>(name), name_size), text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":path") stream->request.target = stream->request.path = text;
    else if (key == ":method") stream->request.method = text == "POST" ? Method::post : Method::other;
    else stream->request.headers.push_back({std::string(key), std::string(text)});
    return 0;
  }
  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* user) {
    if (Stream* stream = stream_of(user, id)) self(user).data(id, *stream, {reinterpret_cast<const char*>(bytes), size});
    return 0;
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Stream* stream = stream_of(user, frame->hd.stream_id);
    if (stream == nullptr || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    stream->ended = true;
    if (!stream->answered) self(user).complete(frame->hd.stream_id, *stream);
    return 0;
  }
  static int sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const Stream* stream = stream_of(user, frame->hd.stream_id);  // whose answer is out; the rest of what it says need not come
    if (stream != nullptr && !stream->ended) nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
  }
  static int close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    self(user).streams_.erase(id);
    return 0;
  }
  static ssize_t read(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer, std::size_t room, std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Stream* stream = stream_of(user, id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::size_t size = std::min(room, stream->out.size() - stream->out_sent);
    std::memcpy(buffer, stream->out.data() + stream->out_sent, size);
    stream->out_sent += size;
    if (stream->out_sent == stream->out.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const nghttp2_nv trailers[] = {field("grpc-status", stream->status), field("grpc-message", stream->message)};
      nghttp2_submit_trailer(session, id, trailers, std::size(trailers));
    }
    return static_cast<ssize_t>(size);
  }
};

GrpcSession::GrpcSession(GrpcSessionConfig config) : config_(std::move(config)) {
  CHECK(config_.on_call != nullptr);
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::close);
  const int made = nghttp2_session_server_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) throw std::bad_alloc();
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, config_.streams},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, std::uint32_t(limits::http_head_bytes)}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window);
}

GrpcSession::~GrpcSession() { nghttp2_session_del(session_); }

bool GrpcSession::take(std::string_view bytes) {
  return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

std::string GrpcSession::output() {
  std::string out;
  const std::uint8_t* piece = nullptr;
  for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &piece)) > 0;) out.append(reinterpret_cast<const char*>(piece), std::size_t(size));
  return out;
}

bool GrpcSession::finished() const { return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0; }

void GrpcSession::drain() { nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR, nullptr, 0); }

void GrpcSession::data(std::int32_t id, Stream& stream, std::string_view piece) {
  if (stream.answered) return;
  std::string& body = stream.request.body;
  const std::size_t size = body.size() + piece.size();
  if (size > config_.message_bytes + frame_head) return refuse(id, resource_exhausted, "the message is larger than this call takes");
  if (size > body.capacity()) {
    const std::size_t room = std::min(std::max(size, 2 * body.capacity()), config_.message_bytes + frame_head);
    if (config_.budget != nullptr) {
      if (stream.request.held.bytes() == 0) {
        auto held = config_.budget->reserve(room);
        if (!held) return refuse(id, unavailable, "the server is short of memory");
        stream.request.held = std::move(*held);
      } else if (room > stream.request.held.bytes() && !stream.request.held.grow(room - stream.request.held.bytes())) {
        return refuse(id, unavailable, "the server is short of memory");
      }
    }
    body.reserve(room);
  }
  body += piece;
}

void GrpcSession::complete(std::int32_t id, Stream& stream) {
  Request& request = stream.request;
  if (request.method != Method::post || !request.header("content-type").starts_with("application/grpc")) {
    const nghttp2_nv head[] = {field(":status", "415")};
    stream.answered = true;
    nghttp2_submit_response(session_, id, head, std::size(head), nullptr);
    return;
  }
  const auto byte = [&](std::size_t at) { return std::size_t(static_cast<unsigned char>(request.body[at])); };
  if (request.body.size() < frame_head || (byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4)) != request.body.size() - frame_head)
    return refuse(id, invalid_argument, "a unary call has one message, with its length before it");
  if (byte(0) > 1) return refuse(id, invalid_argument, "the first byte of a message is 0 or 1");
  if (byte(0) == 1) request.headers.push_back({"Content-Encoding", std::string(request.header("grpc-encoding"))});
  request.body.erase(0, frame_head);
  stream.handed_over = true;
  config_.on_call(id, std::move(request));
}

void GrpcSession::refuse(std::int32_t id, unsigned code, std::string_view why) {
  if (const auto found = streams_.find(id); found != streams_.end()) reply(id, *found->second, code, why, "");
}

void GrpcSession::answer(std::int32_t id, Response response) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second->answered) return;
  std::string_view message;
  for (const Header& header : response.headers)
    if (equals_ignoring_case(header.name, "grpc-message")) message = header.value;
  const unsigned code = code_of(response);
  if (code != ok) return reply(id, *found->second, code, message.empty() ? reason_phrase(response.status) : message, "");
  std::string body;
  if (auto* text = std::get_if<std::string>(&response.body)) body = std::move(*text);
  else if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) body = **shared;
  reply(id, *found->second, ok, "", std::move(body));
}

void GrpcSession::reply(std::int32_t id, Stream& stream, unsigned code, std::string_view message, std::string body) {
  stream.answered = true;
  stream.request = {};  // and the memory of its body
  stream.status = fmt::format("{}", code);
  stream.message = encoded(message);
  const nghttp2_nv head[] = {field(":status", "200"), field("content-type", "application/grpc"), field("grpc-accept-encoding", "identity,gzip"),
                             field("grpc-status", stream.status), field("grpc-message", stream.message)};
  if (code != ok) {  // trailers alone
    nghttp2_submit_response(session_, id, head, std::size(head), nullptr);
    return;
  }
  const std::size_t size = body.size();
  stream.out = {'\0', char(size >> 24 & 255), char(size >> 16 & 255), char(size >> 8 & 255), char(size & 255)};
  stream.out += body;
  const nghttp2_data_provider provider{.source = {.ptr = nullptr}, .read_callback = Callbacks::read};
  nghttp2_submit_response(session_, id, head, 3, &provider);
}

}  // namespace aybiza::net
