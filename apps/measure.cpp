#include "apps/measure.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <vector>

namespace bise {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Eight sums, so that additions do not wait for each other.
std::uint64_t sum_words(const std::uint64_t* words, std::size_t count) {
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + 8 <= count; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t lane : sums) sum += lane;
  return sum;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Rounds that take about a fiftieth of a second on one thread.
std::int64_t calibrate(const ArithmeticLoop& loop) {
  std::int64_t rounds = 1000;
  while (true) {
    const double begin = now();
    loop.run(rounds);
    if (now() - begin > 0.01) return rounds * 2;
    rounds *= 2;
  }
}

double measure_loop(ThreadPool& pool, const ArithmeticLoop& loop) {
  if (loop.run == nullptr) return 0;
  const std::int64_t rounds = calibrate(loop);
  std::vector<double> rates;
  for (int pass = 0; pass < 7; ++pass) {
    std::vector<double> operations(pool.thread_count());
    const double begin = now();
    pool.run(pool.thread_count(), [&](int piece, int) { operations[piece] = loop.run(rounds); });
    double all = 0;
    for (const double count : operations) all += count;
    rates.push_back(all / (now() - begin));
  }
  return median_of(rates);
}

}  // namespace

BandwidthMeasured measure_read_bandwidth(ThreadPool& pool, std::size_t buffer_bytes) {
  void* memory =
      ::mmap(nullptr, buffer_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {0, 0};
  const auto* words = static_cast<const std::uint64_t*>(memory);
  const std::size_t piece_words = (std::size_t{4} << 20) / sizeof(std::uint64_t);
  const int pieces = static_cast<int>(buffer_bytes / sizeof(std::uint64_t) / piece_words);
  pool.run(pieces, [&](int piece, int) {
    std::memset(static_cast<std::byte*>(memory) + piece * piece_words * sizeof(std::uint64_t), 1,
                piece_words * sizeof(std::uint64_t));
  });
  std::vector<double> rates;
  std::atomic<std::uint64_t> sink{0};
  for (int pass = 0; pass < 9; ++pass) {
    const double begin = now();
    pool.run(pieces, [&](int piece, int) {
      sink.fetch_add(sum_words(words + piece * piece_words, piece_words),
                     std::memory_order_relaxed);
    });
    const double bytes = static_cast<double>(pieces) * static_cast<double>(piece_words) * 8;
    rates.push_back(bytes / (now() - begin));
  }
  ::munmap(memory, buffer_bytes);
  return {median_of(rates), *std::max_element(rates.begin(), rates.end())};
}

ArithmeticMeasured measure_arithmetic(ThreadPool& pool) {
  const ArithmeticLoop fp32 = fp32_loop();
  const ArithmeticLoop int8 = int8_loop();
  return {measure_loop(pool, fp32), measure_loop(pool, int8), fp32.instruction, int8.instruction};
}

}  // namespace bise
