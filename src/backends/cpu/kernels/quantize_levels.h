#pragma once

// How a group of activations becomes int8, for every instruction set.
//
// A group of 32 is rounded twice, so that its largest magnitude falls on level 127 and on 126; each
// time the scale is the one with the least squared error for the levels that came out,
// s = <x, q> / <q, q>, which leaves |x|^2 - <x, q>^2 / <q, q>. The better of the two has a ninth
// less squared error than max|x| / 127 for normally distributed values. (Level 125 as a third try
// takes off a twentieth more; single positions of small models came out worse with it than by
// chance.) Wider groups would gain a few hundredths: theirs is max|x| / 127.

namespace bise::cpu {

inline constexpr float kLevels = 127;
inline constexpr int kFittedGroup = 32;
inline constexpr int kLevelRatioCount = 2;
inline constexpr float kLevelRatios[kLevelRatioCount] = {1, 126.0f / 127};

// Groups whose largest magnitude is below it count as zeros: 127 over it would overflow.
inline constexpr float kLargestMin = 0x1p-100f;

// Of x times 127 / max|x| and its levels q. `squares` is exact: at most 32 * 127^2 < 2^24.
struct LevelFit {
  float dot;      // <x, q>
  float squares;  // <q, q>, at least 126^2
};

inline bool is_better(const LevelFit& one, const LevelFit& other) {
  return one.dot * one.dot / one.squares > other.dot * other.dot / other.squares;
}

inline float scale_of(float largest, const LevelFit& fit) {
  return largest / kLevels * (fit.dot / fit.squares);
}

}  // namespace bise::cpu
