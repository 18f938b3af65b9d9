// SPDX-License-Identifier: MIT
#include "exec/memory_file.hpp"

#include <cerrno>

#include <sys/mman.h>

namespace skillgrad::exec {

Result<Descriptor> make_memory_file(const char* name, std::string_view text) {
  Descriptor fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd || !write_all(fd.get(), text)) {
    return tl::unexpected(errno_error(errno, "cannot create a file in memory", name));
  }
  return fd;
}

}  // namespace skillgrad::exec
