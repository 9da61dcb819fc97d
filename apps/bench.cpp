#include "apps/bench.h"

namespace bise {

int run_bench(const BenchOptions&) {
  return 2;
}

}  // namespace bise
