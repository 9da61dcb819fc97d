#include <algorithm>
#include <cmath>

#include "sampling/exponential.h"
#include "sampling/sampler.h"

namespace bise {
namespace {

using Candidate = Sampler::Candidate;

bool is_likelier(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

double weight_sum(std::span<const Candidate> candidates) {
  double sum = 0;
  for (const Candidate& candidate : candidates) sum += static_cast<double>(candidate.weight);
  return sum;
}

// Sorted by `is_before`, the first candidates that together reach the mass (at least one) stay;
// their order stays too. Halves instead of sorting: the sum of the front half says in which half
// the mass is reached.
template <class Before>
void cut_at_mass(std::vector<Candidate>& candidates, double mass, const Before& is_before) {
  std::vector<Candidate> order = candidates;
  auto first = order.begin();
  auto end = order.end();
  double sum = 0;
  constexpr std::ptrdiff_t kSortMax = 64;
  while (end - first > kSortMax) {
    const auto middle = first + (end - first) / 2;
    std::nth_element(first, middle, end, is_before);
    const double front = weight_sum({first, middle});
    if (sum + front >= mass) {
      end = middle;
    } else {
      sum += front;
      first = middle;
    }
  }
  std::sort(first, end, is_before);
  for (; first + 1 < end; ++first) {
    sum += static_cast<double>(first->weight);
    if (sum >= mass) break;
  }
  std::erase_if(candidates, [&](const Candidate& c) { return is_before(*first, c); });
}

}  // namespace

void Sampler::add_candidate(TokenId id, float inverse_temperature) {
  const float score = (scan_.logits()[id] - scan_.max()) * inverse_temperature;
  candidates_.push_back({id, score, exp_nonpositive(score)});
}

void Sampler::take_top_k_of_all(int top_k, float inverse_temperature) {
  ids_.clear();
  scan_.largest(top_k, ids_);
  std::sort(ids_.begin(), ids_.end());
  for (const TokenId id : ids_) add_candidate(id, inverse_temperature);
}

void Sampler::take_all_above(float limit, float inverse_temperature) {
  ids_.clear();
  scan_.collect(limit, ids_);
  for (const TokenId id : ids_) add_candidate(id, inverse_temperature);
}

// The mass lies in few tokens most of the time: looks at those within e^-2 of the likeliest, then
// e^-3, e^-4.5 and so on.
void Sampler::take_top_p_of_all(float top_p, float inverse_temperature) {
  weigh_all(inverse_temperature);
  const double mass = static_cast<double>(top_p) * total_weight_;
  for (float depth = 2;; depth *= 1.5F) {
    ids_.clear();
    scan_.collect(scan_.max() - depth / inverse_temperature, ids_);
    double sum = 0;
    for (const TokenId id : ids_) sum += static_cast<double>(weights_[id]);
    if (sum >= mass || depth > 88) break;
  }
  for (const TokenId id : ids_) add_candidate(id, inverse_temperature);
  cut_at_mass(candidates_, mass, is_likelier);
}

void Sampler::keep_top_p(float top_p) {
  cut_at_mass(candidates_, static_cast<double>(top_p) * weight_sum(candidates_), is_likelier);
}

// Locally typical sampling (Meister et al., 2022): in order of |surprise - entropy|. With scores s
// and p = e^s / z the surprise is ln z - s and the entropy ln z - sum(p s), so that the difference
// needs no logarithm: it is |s - mean|, the mean being sum(p s).
void Sampler::keep_typical(float typical_p) {
  const double total = weight_sum(candidates_);
  double mean = 0;
  for (const Candidate& candidate : candidates_) {
    // A weight of 0 may have a score of -infinity.
    const double score = static_cast<double>(std::max(candidate.score, -88.0F));
    mean += static_cast<double>(candidate.weight) * score / total;
  }
  cut_at_typical_mass(mean, static_cast<double>(typical_p) * total);
}

// As take_top_p_of_all: looks at tokens within e^1 of the mean, then e^1.5 and so on.
void Sampler::take_typical_of_all(float typical_p, float inverse_temperature) {
  weigh_all(inverse_temperature);
  const std::span<const float> logits = scan_.logits();
  double mean = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float score = std::max((logits[i] - scan_.max()) * inverse_temperature, -88.0F);
    mean += static_cast<double>(weights_[i]) * static_cast<double>(score);
  }
  mean /= total_weight_;
  const double mass = static_cast<double>(typical_p) * total_weight_;
  for (double reach = 1;; reach *= 1.5) {
    candidates_.clear();
    const double lowest = static_cast<double>(scan_.max()) +
                          (mean - reach) / static_cast<double>(inverse_temperature);
    take_all_above(static_cast<float>(lowest), inverse_temperature);
    double sum = 0;
    for (const Candidate& candidate : candidates_) {
      if (std::abs(static_cast<double>(candidate.score) - mean) <= reach) {
        sum += static_cast<double>(candidate.weight);
      }
    }
    if (sum >= mass || reach > 88) break;
  }
  cut_at_typical_mass(mean, mass);
}

void Sampler::cut_at_typical_mass(double mean, double mass) {
  cut_at_mass(candidates_, mass, [mean](const Candidate& a, const Candidate& b) {
    const double distance_a = std::abs(static_cast<double>(a.score) - mean);
    const double distance_b = std::abs(static_cast<double>(b.score) - mean);
    return distance_a != distance_b ? distance_a < distance_b : is_likelier(a, b);
  });
}

void Sampler::keep_min_p(float min_p) {
  float likeliest = 0;
  for (const Candidate& candidate : candidates_) likeliest = std::max(likeliest, candidate.weight);
  const float limit = likeliest * min_p;
  std::erase_if(candidates_, [limit](const Candidate& c) { return c.weight < limit; });
}

}  // namespace bise
