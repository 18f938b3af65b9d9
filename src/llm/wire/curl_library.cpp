// SPDX-License-Identifier: MIT
#include "llm/wire/curl_library.hpp"

#include <string>

#include <dlfcn.h>

namespace skillgrad::llm {

namespace {

/// The name of libcurl's interface since 2006; a distribution's own name for it may differ.
constexpr const char* kLibrary = "libcurl.so.4";

Error missing(const char* file) {
  // Read at once, by the thread that met it.
  const char* why = ::dlerror();  // NOLINT(concurrency-mt-unsafe)
  return {ErrorCode::infra,
          std::string("the library for requests cannot be loaded: ") +
              (why != nullptr ? why : "no reason is given"),
          file,
          "install libcurl 7.85 or later (Debian: apt-get install libcurl4)",
          {}};
}

template <class Function>
bool look_up(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<CurlLibrary> load_curl(const char* file) {
  void* library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return tl::unexpected(missing(file));
  CurlLibrary out;
  const bool whole = look_up(library, "curl_global_init", out.global_init) &&
                     look_up(library, "curl_getdate", out.getdate) &&
                     look_up(library, "curl_slist_append", out.slist_append) &&
                     look_up(library, "curl_slist_free_all", out.slist_free_all) &&
                     look_up(library, "curl_easy_init", out.easy_init) &&
                     look_up(library, "curl_easy_cleanup", out.easy_cleanup) &&
                     look_up(library, "curl_easy_setopt", out.easy_setopt) &&
                     look_up(library, "curl_easy_getinfo", out.easy_getinfo) &&
                     look_up(library, "curl_easy_strerror", out.easy_strerror) &&
                     look_up(library, "curl_multi_init", out.multi_init) &&
                     look_up(library, "curl_multi_cleanup", out.multi_cleanup) &&
                     look_up(library, "curl_multi_add_handle", out.multi_add_handle) &&
                     look_up(library, "curl_multi_remove_handle", out.multi_remove_handle) &&
                     look_up(library, "curl_multi_perform", out.multi_perform) &&
                     look_up(library, "curl_multi_info_read", out.multi_info_read) &&
                     look_up(library, "curl_multi_poll", out.multi_poll) &&
                     look_up(library, "curl_multi_wakeup", out.multi_wakeup);
  if (!whole) return tl::unexpected(missing(file));
  return out;
}

const Result<CurlLibrary>& curl_library() {
  // Never unloaded: threads of its own may end after everything else.
  static const Result<CurlLibrary> library = [] {
    auto loaded = load_curl(kLibrary);
    if (loaded) loaded->global_init(CURL_GLOBAL_DEFAULT);
    return loaded;
  }();
  return library;
}

}  // namespace skillgrad::llm
