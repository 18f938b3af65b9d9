// SPDX-License-Identifier: MIT
#include "agent/relay/duplex.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace skillgrad::agent {
namespace {

constexpr std::size_t kMostWaiting = 256 * 1024;
constexpr int kBacklog = 64;

Error local_error(const char* what, const fs::path& path) {
  Error error = errno_error(errno, what, path.string());
  error.code = ErrorCode::sandbox;
  return error;
}

/// The socket by way of its open folder: an address has room for 107 bytes only.
Result<Descriptor> local_socket(const fs::path& path, sockaddr_un& address, Descriptor& folder) {
  Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!out) return tl::unexpected(local_error("cannot make a socket", path));
  folder = Descriptor(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return tl::unexpected(local_error("cannot open the folder of a socket", path));
  address = {};
  address.sun_family = AF_UNIX;
  const std::string name =
      "/proc/self/fd/" + std::to_string(folder.get()) + "/" + path.filename().string();
  if (name.size() >= sizeof address.sun_path)
    return fail(ErrorCode::internal, "the name of a socket is too long", name);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  return out;
}

}  // namespace

Duplex::Duplex(Descriptor left, Descriptor right, std::string first)
    : left_(std::move(left)), right_(std::move(right)) {
  to_right_.waiting = std::move(first);
}

void Duplex::add_polls(std::vector<pollfd>& polls) const {
  const auto wanted = [](const Way& in, const Way& out) {
    const bool reads = !in.ended && in.waiting.size() < kMostWaiting;
    const bool writes = !out.waiting.empty();
    return static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
  };
  // One from which nothing is wanted would tell its end over and over.
  const auto entry = [](const Descriptor& socket, short events) {
    return pollfd{events != 0 ? socket.get() : -1, events, 0};
  };
  polls.push_back(entry(left_, wanted(to_right_, to_left_)));
  polls.push_back(entry(right_, wanted(to_left_, to_right_)));
}

bool Duplex::step(short left, short right) {
  constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
  if ((left & kReadable) != 0 && !receive(left_.get(), to_right_)) return false;
  if ((right & kReadable) != 0 && !receive(right_.get(), to_left_)) return false;
  return send(right_.get(), to_right_) && send(left_.get(), to_left_) &&
         !(to_right_.shut && to_left_.shut);
}

bool Duplex::receive(int from, Way& way) {
  if (way.ended || way.waiting.size() >= kMostWaiting) return true;
  std::array<char, 65536> buffer;
  const ssize_t count = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) {
    way.waiting.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return true;
  way.ended = true;
  return count == 0;
}

bool Duplex::send(int to, Way& way) {
  while (!way.waiting.empty()) {
    const ssize_t count =
        ::send(to, way.waiting.data(), way.waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    way.waiting.erase(0, static_cast<std::size_t>(count));
  }
  if (way.ended && !way.shut) {
    way.shut = true;
    static_cast<void>(::shutdown(to, SHUT_WR));
  }
  return true;
}

Result<Descriptor> listen_at(const fs::path& path) {
  sockaddr_un address{};
  Descriptor folder;
  SKILLGRAD_TRY(Descriptor out, local_socket(path, address, folder));
  if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(out.get(), kBacklog) != 0)
    return tl::unexpected(local_error("cannot listen", path));
  return out;
}

Result<Descriptor> connect_to(const fs::path& path) {
  sockaddr_un address{};
  Descriptor folder;
  SKILLGRAD_TRY(Descriptor out, local_socket(path, address, folder));
  if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return tl::unexpected(local_error("cannot connect", path));
  return out;
}

}  // namespace skillgrad::agent
