#include "engine/step_cost.h"

#include <algorithm>

namespace bise {
namespace {

constexpr double kForget = 0.95;  // of what is known, at each step
constexpr double kRowsUnknown = 32;
// One row of a model that reads its weights from memory takes about as long as so many rows more of
// one that is bound by its arithmetic.
constexpr double kBaseRows = 6;

}  // namespace

double StepCost::rows_within(double ms) const {
  if (row_ms <= 0) return kRowsUnknown;
  return std::max(0.0, (ms - base_ms) / row_ms);
}

void StepCostEstimate::add(double weighted_rows, double ms) {
  weight_ = weight_ * kForget + 1;
  x_ = x_ * kForget + weighted_rows;
  y_ = y_ * kForget + ms;
  xx_ = xx_ * kForget + weighted_rows * weighted_rows;
  xy_ = xy_ * kForget + weighted_rows * ms;

  // Steps of nearly one size say nothing about base and slope apart: then the usual relation.
  const double row_ms_usual = y_ / (x_ + kBaseRows * weight_);
  const double spread = xx_ - x_ * x_ / weight_;
  const double mean = x_ / weight_;
  double row_ms = row_ms_usual;
  if (spread > 0.01 * weight_ * mean * mean) {
    // Never beyond what the base would have to be negative for.
    row_ms = std::clamp((xy_ - x_ * y_ / weight_) / spread, 0.25 * row_ms_usual, y_ / x_);
  }
  cost_.row_ms = row_ms;
  cost_.base_ms = std::max(0.0, (y_ - row_ms * x_) / weight_);
}

}  // namespace bise
