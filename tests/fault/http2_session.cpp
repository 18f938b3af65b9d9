// SPDX-License-Identifier: MIT
#include "fault/http2_session.hpp"

#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

namespace skillgrad::fault {

namespace {

struct FreeSession {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using SessionPointer = std::unique_ptr<nghttp2_session, FreeSession>;

nghttp2_nv header(const char* name, const char* value) {
  // The library copies both and promises not to change them.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name)),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value)), std::strlen(name),
          std::strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/// What is still to be sent of one stream's body.
struct Outgoing {
  std::string rest;
  bool resets = false;  ///< instead of an end
};

class Connection {
 public:
  Connection(SSL* ssl, const std::function<Http2Step()>& next, const std::string& body)
      : ssl_(ssl), next_(next), body_(body) {}

  void run() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session* session = nullptr;
    nghttp2_session_server_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    session_.reset(session);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0);
    while (send() && !over_ && receive()) {
    }
  }

 private:
  bool send() {
    while (true) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t count = nghttp2_session_mem_send(session_.get(), &bytes);
      if (count <= 0) return count == 0;
      if (SSL_write(ssl_, bytes, static_cast<int>(count)) <= 0) return false;
    }
  }

  bool receive() {
    std::uint8_t bytes[16 * 1024];
    const int got = SSL_read(ssl_, bytes, sizeof bytes);
    if (got <= 0) return false;
    return nghttp2_session_mem_recv(session_.get(), bytes, static_cast<std::size_t>(got)) >= 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    const bool request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      static_cast<Connection*>(self)->meet(frame->hd.stream_id);
    }
    return 0;
  }

  void meet(std::int32_t stream) {
    switch (next_()) {
      case Http2Step::answer:
        answer(stream, {body_, false});
        break;
      case Http2Step::reset_stream:
        answer(stream, {body_.substr(0, body_.size() / 2), true});
        break;
      case Http2Step::refuse_stream:
        nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream,
                                  NGHTTP2_REFUSED_STREAM);
        break;
      case Http2Step::go_away:
        nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, stream - 2, NGHTTP2_INTERNAL_ERROR,
                              nullptr, 0);
        over_ = true;
        break;
      case Http2Step::cut_body:
        answer(stream, {body_.substr(0, body_.size() / 2), false});
        break;
    }
  }

  void answer(std::int32_t stream, Outgoing outgoing) {
    outgoing_[stream] = std::move(outgoing);
    const nghttp2_nv headers[] = {header(":status", "200"),
                                  header("content-type", "application/json")};
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = read_body;
    nghttp2_submit_response(session_.get(), stream, headers, 2, &provider);
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* buffer,
                           std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                           void*) {
    Outgoing& outgoing = static_cast<Connection*>(source->ptr)->outgoing_[stream];
    const std::size_t count = std::min(room, outgoing.rest.size());
    std::memcpy(buffer, outgoing.rest.data(), count);
    outgoing.rest.erase(0, count);
    if (!outgoing.rest.empty()) return static_cast<ssize_t>(count);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (outgoing.resets) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
    }
    return static_cast<ssize_t>(count);
  }

  SSL* ssl_;
  const std::function<Http2Step()>& next_;
  const std::string& body_;
  SessionPointer session_;
  std::map<std::int32_t, Outgoing> outgoing_;
  bool over_ = false;
};

}  // namespace

void serve_http2(SSL* ssl, const std::function<Http2Step()>& next, const std::string& body) {
  Connection(ssl, next, body).run();
}

}  // namespace skillgrad::fault
