// SPDX-License-Identifier: MIT
#include "optim/rollouts/damaged.hpp"

namespace skillgrad::optim {

Error damaged(Error error, const store::RunStore& store, const std::string& file) {
  error.message = "cannot go on from " + file + ": " + error.message;
  if (!error.where.empty()) error.message += " (" + error.where + ")";
  error.where = store.path(file).string();
  error.mend =
      "it was changed by hand or is damaged; delete it and resume: it is made again from the "
      "finished calls in the calls/ folder of the run";
  return error;
}

}  // namespace skillgrad::optim
