#pragma once

namespace bise {

struct DoctorOptions {
  bool json = false;
  bool measure = true;  // bandwidth and arithmetic, two seconds or so
};

// What this machine and this program can do. Returns the exit code.
int run_doctor(const DoctorOptions& options);

}  // namespace bise
