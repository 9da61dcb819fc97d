#pragma once

#include <cstdint>

namespace bise {

// How long a step takes, as far as is known: base_ms + row_ms for each row, where a row counts more
// the longer the context it looks back on.
struct StepCost {
  double base_ms = 0;
  double row_ms = 0;  // 0: nothing is known yet
  // Positions of context that cost as much as the rest of a row.
  double context_per_row = 4096;

  double row_weight(std::int64_t position) const {
    return 1 + static_cast<double>(position) / context_per_row;
  }
  // Weighted rows that fit into so many milliseconds; a careful number while nothing is known.
  double rows_within(double ms) const;
};

// Learns the cost from the steps that were run: a line through them, the newest counting most.
class StepCostEstimate {
 public:
  explicit StepCostEstimate(double context_per_row) { cost_.context_per_row = context_per_row; }

  void add(double weighted_rows, double ms);
  const StepCost& cost() const { return cost_; }

 private:
  StepCost cost_;
  double weight_ = 0, x_ = 0, y_ = 0, xx_ = 0, xy_ = 0;
};

}  // namespace bise
