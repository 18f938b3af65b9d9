// SPDX-License-Identifier: MIT
#pragma once

namespace skillgrad::exec {

/// Where a command may change modes and times of files: folders by their real, absolute paths.
struct OwnFolders {
  const char* const* paths = nullptr;
  unsigned count = 0;
};

/// Takes one request of a confined process to change the mode or the times of a file (see
/// FilterRules::Attributes::asked) and answers it: done, if the file lies in one of its own folders
/// and no set-id bit is wanted, else refused. The file is opened first and changed through that
/// descriptor, so that a name which leads elsewhere a moment later changes nothing. For the
/// supervisor; async-signal-safe.
void answer_attribute_request(int listener, const OwnFolders& folders);

}  // namespace skillgrad::exec
