#pragma once

namespace bise {

struct ListOptions {
  bool json = false;
};

// The models in the local store. Returns the exit code.
int run_list(const ListOptions& options);

}  // namespace bise
