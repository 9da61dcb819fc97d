#pragma once

#include <string>
#include <vector>

namespace bise {

// One thing that `bise doctor` found of the server and what it keeps in the data folder.
struct ServerFinding {
  std::string subject;  // "server", "store", ...
  bool good = true;
  std::string text;  // with what to do where it is not good
};

// Does the server run and answer, can its store be read, are its secrets for their owner alone, who
// reaches it, is there room on the disk. Changes nothing.
std::vector<ServerFinding> check_server(const std::string& folder);

}  // namespace bise
