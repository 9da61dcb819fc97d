#include "apps/doctor.h"

namespace bise {

int run_doctor(const DoctorOptions&) {
  return 2;
}

}  // namespace bise
