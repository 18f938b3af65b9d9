// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <skillgrad/optim/run_handle.hpp>

namespace skillgrad::optim {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;

/// An address holds about a hundred bytes, and a path may be longer: its folder is named by a
/// descriptor.
struct Address {
  Descriptor folder;
  sockaddr_un name{};
  [[nodiscard]] const sockaddr* plain() const {
    return reinterpret_cast<const sockaddr*>(&name);  // NOLINT: the form of the API
  }
};

Result<Address> address_of(const std::filesystem::path& path) {
  Address out;
  out.folder = Descriptor(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!out.folder) return tl::unexpected(errno_error(errno, "cannot open", path.string()));
  out.name.sun_family = AF_UNIX;
  const std::string text =
      "/proc/self/fd/" + std::to_string(out.folder.get()) + "/" + path.filename().string();
  if (text.size() >= sizeof(out.name.sun_path))
    return fail(ErrorCode::io, "the name of the socket is too long", path.string());
  std::memcpy(out.name.sun_path, text.data(), text.size());
  return out;
}

Result<Descriptor> open_socket(const std::string& where) {
  Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!out) return tl::unexpected(errno_error(errno, "cannot open a socket", where));
  return out;
}

/// Up to the end of a line; nullopt where the other side is gone before, or says too much.
std::optional<std::string> read_line(int fd, int wake) {
  std::string out;
  std::array<char, 4096> block{};
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{fd, POLLIN, 0}, pollfd{wake, POLLIN, 0}};
    const int ready = ::poll(fds.data(), wake >= 0 ? 2 : 1, -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || (wake >= 0 && fds[1].revents != 0)) return std::nullopt;
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || out.size() > kMostBytes) return std::nullopt;
    out.append(block.data(), static_cast<std::size_t>(count));
    if (const auto end = out.find('\n'); end != std::string::npos) return out.substr(0, end);
  }
}

/// As write_all(), but an asker that is gone is no signal.
void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

RunHandle::RunHandle(TempDir dir, Answer answer)
    : dir_(std::move(dir)), path_(dir_.path() / "run.sock"), answer_(std::move(answer)) {}

Result<std::unique_ptr<RunHandle>> RunHandle::open(Answer answer) {
  SKILLGRAD_TRY(auto dir, TempDir::create("handle-"));
  std::unique_ptr<RunHandle> out(new RunHandle(std::move(dir), std::move(answer)));
  SKILLGRAD_CHECK(out->listen());
  out->thread_ = std::thread([handle = out.get()] { handle->serve(); });
  return out;
}

Result<> RunHandle::listen() {
  SKILLGRAD_TRY(const auto address, address_of(path_));
  SKILLGRAD_TRY(socket_, open_socket(path_.string()));
  if (::bind(socket_.get(), address.plain(), sizeof(address.name)) != 0 ||
      ::chmod(path_.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(socket_.get(), 64) != 0)
    return tl::unexpected(errno_error(errno, "cannot listen", path_.string()));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return tl::unexpected(errno_error(errno, "cannot make a pipe", path_.string()));
  wake_read_ = Descriptor(ends[0]);
  wake_write_ = Descriptor(ends[1]);
  return {};
}

RunHandle::~RunHandle() {
  wake_write_.reset();  // the reading end sees it
  if (thread_.joinable()) thread_.join();
}

void RunHandle::serve() {
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{socket_.get(), POLLIN, 0},
                                 pollfd{wake_read_.get(), POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    if (fds[0].revents == 0) continue;
    const Descriptor connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) answer_one(connection.get());
  }
}

void RunHandle::answer_one(int connection) const {
  const auto line = read_line(connection, wake_read_.get());
  if (!line) return;
  const auto request = parse_json(*line, "request");
  const Json answer =
      request && request->is_object()
          ? answer_(*request)
          : Json{{"error", {{"code", "usage"}, {"message", "the request is no JSON object"}}}};
  send_all(connection, dump_json(answer) + "\n");
}

Result<Json> ask_run(const std::filesystem::path& socket, const Json& request) {
  const char* mend = "ask while the program that the run started is at work";
  auto address = address_of(socket);
  if (!address)
    return fail(ErrorCode::infra, "the run does not answer: " + address.error().message,
                socket.string(), mend);
  SKILLGRAD_TRY(const auto connection, open_socket(socket.string()));
  if (::connect(connection.get(), address->plain(), sizeof(address->name)) != 0)
    return fail(ErrorCode::infra,
                std::string("the run does not answer: ") + std::strerror(errno),  // NOLINT
                socket.string(), mend);
  send_all(connection.get(), dump_json(request) + "\n");
  const auto line = read_line(connection.get(), -1);
  if (!line)
    return fail(ErrorCode::infra, "the run ended before it answered", socket.string(), mend);
  return parse_json(*line, "answer of the run");
}

}  // namespace skillgrad::optim
