// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <skillgrad/core/error.hpp>

namespace skillgrad::llm {

/// The functions of libcurl that are used here. The library is loaded with the first of them that
/// is needed: with its family (TLS, LDAP, Kerberos, SSH) it costs as much as the rest of the
/// program's start, and most commands make no request.
struct CurlLibrary {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_getdate) getdate = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_wakeup) multi_wakeup = nullptr;
};

/// Loads `file` and looks the functions up. Errors: infra (there is no such library, or it is too
/// old), with the package that has it.
[[nodiscard]] Result<CurlLibrary> load_curl(const char* file);

/// The library of this process, ready for use, or why there is none. Loaded once, thread-safe.
[[nodiscard]] const Result<CurlLibrary>& curl_library();

}  // namespace skillgrad::llm
