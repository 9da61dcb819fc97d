#pragma once

#include <string>

namespace bise {

struct ShowOptions {
  std::string model;
  std::string layout;
  bool json = false;
};

// What is in a model file and what running it takes. Returns the exit code.
int run_show(const ShowOptions& options);

}  // namespace bise
