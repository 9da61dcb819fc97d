#include "tokenizer/chat/python_regex.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "tokenizer/chat/pattern_scanner.h"

namespace bise {
namespace {

constexpr std::uint64_t kRepeatMax = 4'294'967'295;  // sre's MAXREPEAT
constexpr int kNestingMax = 200;                     // well within Python's recursion limit

// The fewest and most characters a part can match.
struct Width {
  std::uint64_t low = 0, high = 0;

  Width& operator+=(const Width& more) {
    low = std::min(low + more.low, kRepeatMax - 1);
    high = std::min(high + more.high, kRepeatMax);
    return *this;
  }
  Width repeated(std::uint64_t times_low, std::uint64_t times_high) const {
    return {std::min(low * times_low, kRepeatMax - 1), std::min(high * times_high, kRepeatMax)};
  }
  Width or_else(const Width& other) const {
    return {std::min(low, other.low), std::max(high, other.high)};
  }
};

enum class ItemKind { anchor, repeat, other };
struct Item {
  ItemKind kind;
  Width width;
};

// What stands for a single character of a class is its code point; \d and its like are nothing.
using ClassItem = std::optional<char32_t>;

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
bool is_octal(char32_t c) {
  return c >= '0' && c <= '7';
}
bool is_letter(char32_t c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
bool is_hex(char32_t c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

bool is_flag(const PatternStep& step) {
  return !step.escaped && step.character < 0x80 &&
         std::string_view("iLmsxau").find(static_cast<char>(step.character)) !=
             std::string_view::npos;
}

// Letters beyond ASCII pass without a look at their class.
bool is_identifier(const std::u32string& name) {
  if (name.empty() || is_digit(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char32_t c) {
    return is_letter(c) || is_digit(c) || c == '_' || c >= 0x80;
  });
}

struct Flags {
  bool verbose_on = false, verbose_off = false;
  bool global = false;  // (?x) with no group
};

class Checker : private PatternScanner {
 public:
  explicit Checker(std::string_view pattern) : PatternScanner(pattern) {}

  Result<void> run() {
    TRY(alternatives(false, 0));
    if (!next().at_end()) return fail("a ) without its (");
    for (const std::size_t group : conditions_) {
      if (group >= groups_.size()) return fail("a condition names a group that is not there");
    }
    return {};
  }

 private:
  Result<Width> alternatives(bool verbose, int nesting);
  Result<Width> sequence(bool& verbose, int nesting, bool first);
  Result<void> repeat(char32_t sign, std::vector<Item>& items);
  Result<std::optional<Width>> bounds(std::vector<Item>& items);
  Result<Item> escape(char32_t letter);
  Result<Item> reference(char32_t first_digit);
  Result<std::optional<char32_t>> numeric_escape(char32_t letter);
  Result<ClassItem> class_item(const Step& step);
  Result<void> character_class();
  Result<std::optional<Item>> group(bool& verbose, int nesting, bool at_begin);
  Result<Item> lookaround(bool behind, bool verbose, int nesting);
  Result<Item> condition(bool verbose, int nesting);
  Result<Item> named_reference();
  Result<Item> contents(bool capture, const std::u32string& name, bool verbose, int nesting);
  Result<std::u32string> name_until(char32_t end);
  Result<Flags> flags(Step step);
  Result<Item> reference_to(std::size_t group);

  // Of each group its width, once it is closed; group 0 is the whole.
  std::vector<std::optional<Width>> groups_ = {std::nullopt};
  std::map<std::u32string, std::size_t> names_;
  std::vector<std::size_t> conditions_;
  std::optional<std::size_t> lookbehind_groups_;  // how many groups were there before it
};

Result<Width> Checker::alternatives(bool verbose, int nesting) {
  if (nesting > kNestingMax) return fail("groups nested too deeply");
  Width width = TRY(sequence(verbose, nesting, nesting == 0));
  while (take('|')) width = width.or_else(TRY(sequence(verbose, nesting, false)));
  return width;
}

Result<Width> Checker::sequence(bool& verbose, int nesting, bool first) {
  std::vector<Item> items;
  while (!next().at_end() && !next().is('|') && !next().is(')')) {
    const Step step = get();
    const char32_t c = step.character;
    if (c == '\\' && !step.escaped) return fail("a \\ with nothing after it");
    if (verbose && !step.escaped && (c == ' ' || (c >= '\t' && c <= '\r'))) continue;
    if (verbose && step.is('#')) {
      while (!next().at_end() && !get().is('\n')) {
      }
      continue;
    }
    if (step.escaped) {
      items.push_back(TRY(escape(c)));
    } else if (c == '[') {
      TRY_VOID(character_class());
      items.push_back({ItemKind::other, {1, 1}});
    } else if (c == '*' || c == '+' || c == '?' || c == '{') {
      TRY_VOID(repeat(c, items));
    } else if (c == '(') {
      const std::optional<Item> item = TRY(group(verbose, nesting, first && items.empty()));
      if (item) items.push_back(*item);
    } else if (c == '^' || c == '$') {
      items.push_back({ItemKind::anchor, {}});
    } else {
      items.push_back({ItemKind::other, {1, 1}});
    }
  }
  Width width;
  for (const Item& item : items) width += item.width;
  return width;
}

Result<void> Checker::repeat(char32_t sign, std::vector<Item>& items) {
  std::uint64_t low = sign == '+' ? 1 : 0;
  std::uint64_t high = sign == '?' ? 1 : kRepeatMax;
  if (sign == '{') {
    const std::size_t begin = place();
    const std::u32string low_digits = take_digits(SIZE_MAX, is_digit);
    const bool comma = take(',');
    const std::u32string high_digits = comma ? take_digits(SIZE_MAX, is_digit) : low_digits;
    const bool empty = !comma && low_digits.empty();  // {} is text
    if (empty || !take('}')) {
      go_back(begin);
      items.push_back({ItemKind::other, {1, 1}});
      return {};
    }
    const auto value = [](const std::u32string& digits) {
      std::uint64_t number = 0;
      for (const char32_t digit : digits)
        number = std::min(number * 10 + (digit - '0'), kRepeatMax);
      return number;
    };
    if (!low_digits.empty()) low = value(low_digits);
    if (!high_digits.empty()) high = value(high_digits);
    if (low >= kRepeatMax || (!high_digits.empty() && high >= kRepeatMax)) {
      return fail("a repetition number that is too large");
    }
    if (high < low) return fail("{m,n} with m above n");
  }
  if (items.empty() || items.back().kind == ItemKind::anchor) return fail("nothing to repeat");
  if (items.back().kind == ItemKind::repeat) return fail("a repetition of a repetition");
  if (!take('?')) take('+');
  items.back() = {ItemKind::repeat, items.back().width.repeated(low, high)};
  return {};
}

Result<Item> Checker::reference_to(std::size_t group) {
  if (!groups_[group]) return fail("a reference to a group within itself");
  if (lookbehind_groups_ && group >= *lookbehind_groups_) {
    return fail("a reference to a group of the same lookbehind");
  }
  return Item{ItemKind::other, *groups_[group]};
}

// \12 is a reference, \012 and \123 are octal.
Result<Item> Checker::reference(char32_t first_digit) {
  std::u32string digits(1, first_digit);
  digits += take_digits(1, is_digit);
  if (digits.size() == 2 && is_octal(digits[0]) && is_octal(digits[1])) {
    const std::u32string third = take_digits(1, is_octal);
    if (!third.empty()) {
      if (digits[0] > '3') return fail("an octal escape above \\377");
      return Item{ItemKind::other, {1, 1}};
    }
  }
  std::size_t group = 0;
  for (const char32_t digit : digits) group = group * 10 + (digit - '0');
  if (group >= groups_.size()) return fail("a reference to a group that is not there");
  return reference_to(group);
}

// \x41, \u0041, \U00000041, \N{NAME}: the character; nothing for other letters.
Result<std::optional<char32_t>> Checker::numeric_escape(char32_t letter) {
  const std::size_t length = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (length > 0) {
    const std::u32string digits = take_digits(length, is_hex);
    if (digits.size() != length) return fail("an escape with too few digits");
    char32_t value = 0;
    for (const char32_t digit : digits) {
      value = value << 4 | (is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    if (value > 0x10ffff) return fail("an escape beyond the last character");
    return std::optional<char32_t>(value);
  }
  if (letter != 'N') return std::optional<char32_t>();
  if (!take('{')) return fail("\\N without a name");
  TRY(name_until('}'));
  return std::optional<char32_t>(U' ');
}

Result<Item> Checker::escape(char32_t letter) {
  if (letter == 'A' || letter == 'b' || letter == 'B' || letter == 'Z') {
    return Item{ItemKind::anchor, {}};
  }
  const Item one{ItemKind::other, {1, 1}};
  if (letter == '0') {
    take_digits(2, is_octal);
    return one;
  }
  if (is_digit(letter)) return reference(letter);
  if (TRY(numeric_escape(letter))) return one;
  constexpr std::string_view kKnown = "dDsSwWafnrtv";
  if (is_letter(letter) && kKnown.find(static_cast<char>(letter)) == kKnown.npos) {
    return fail("an escape that is not known");
  }
  return one;
}

Result<ClassItem> Checker::class_item(const Step& step) {
  if (!step.escaped) return ClassItem(step.character);
  const char32_t letter = step.character;
  constexpr std::string_view kPlain = "a\ab\bf\fn\nr\rt\tv\v";
  if (is_octal(letter)) {
    char32_t value = letter - '0';
    for (const char32_t digit : take_digits(2, is_octal)) value = value * 8 + (digit - '0');
    if (value > 0377) return fail("an octal escape above \\377");
    return ClassItem(value);
  }
  if (is_letter(letter)) {
    const std::size_t plain = kPlain.find(static_cast<char>(letter));
    if (plain != kPlain.npos) return ClassItem(static_cast<char32_t>(kPlain[plain + 1]));
    if (std::string_view("dDsSwW").find(static_cast<char>(letter)) != std::string_view::npos) {
      return ClassItem();
    }
    const std::optional<char32_t> value = TRY(numeric_escape(letter));
    if (value) return ClassItem(*value);
  }
  if (is_letter(letter) || is_digit(letter)) return fail("an escape that is not known");
  return ClassItem(letter);
}

Result<void> Checker::character_class() {
  take('^');
  const auto get_within = [&]() -> Result<Step> {
    const Step step = get();
    if (step.at_end()) return fail("a [ without its ]");
    if (step.is('\\')) return fail("a \\ with nothing after it");
    return step;
  };
  for (bool first = true;; first = false) {
    const Step step = TRY(get_within());
    if (step.is(']') && !first) return {};
    const ClassItem low = TRY(class_item(step));
    if (!take('-')) continue;
    const Step after = TRY(get_within());
    if (after.is(']')) return {};
    const ClassItem high = TRY(class_item(after));
    if (!low || !high || *high < *low) return fail("a character range that is none");
  }
}

Result<std::u32string> Checker::name_until(char32_t end) {
  std::u32string name;
  while (true) {
    const Step step = get();
    if (step.at_end()) return fail("a name that does not end");
    if (step.is(end)) break;
    if (step.escaped) name.push_back('\\');
    name.push_back(step.character);
  }
  if (name.empty()) return fail("an empty name");
  return name;
}

Result<Item> Checker::named_reference() {
  const std::u32string name = TRY(name_until(')'));
  const auto found = names_.find(name);
  if (found == names_.end()) return fail("a reference to a name that is not there");
  return reference_to(found->second);
}

Result<Item> Checker::lookaround(bool behind, bool verbose, int nesting) {
  const std::optional<std::size_t> outer = lookbehind_groups_;
  if (behind && !outer) lookbehind_groups_ = groups_.size();
  const Width width = TRY(alternatives(verbose, nesting + 1));
  if (behind && !outer) lookbehind_groups_ = std::nullopt;
  if (!take(')')) return fail("a ( without its )");
  if (behind && width.low != width.high) return fail("a lookbehind of no fixed width");
  return Item{ItemKind::other, {}};
}

Result<Item> Checker::condition(bool verbose, int nesting) {
  if (nesting > kNestingMax) return fail("groups nested too deeply");
  const std::u32string name = TRY(name_until(')'));
  std::size_t group = 0;
  if (is_identifier(name)) {
    const auto found = names_.find(name);
    if (found == names_.end()) return fail("a condition on a name that is not there");
    group = found->second;
  } else {
    if (!std::all_of(name.begin(), name.end(), is_digit)) return fail("a condition on no name");
    for (const char32_t digit : name) {
      group = std::min<std::size_t>(group * 10 + (digit - '0'), kRepeatMax);
    }
    if (group == 0) return fail("a condition on group 0");
    conditions_.push_back(group);
  }
  if (lookbehind_groups_) {
    if (group >= groups_.size()) return fail("a condition on a group that is not there yet");
    TRY(reference_to(group));
  }
  Width width = TRY(sequence(verbose, nesting + 1, false));
  if (take('|')) {
    width = width.or_else(TRY(sequence(verbose, nesting + 1, false)));
    if (next().is('|')) return fail("a condition with more than two branches");
  } else {
    width.low = 0;
  }
  if (!take(')')) return fail("a ( without its )");
  return Item{ItemKind::other, width};
}

// The letters after "(?", with what ends them.
Result<Flags> Checker::flags(Step step) {
  Flags result;
  std::u32string on, off;
  const auto add = [&](std::u32string& letters, std::string_view forbidden) -> Result<void> {
    if (!is_flag(step)) return fail("a flag that is not known");
    if (forbidden.find(static_cast<char>(step.character)) != forbidden.npos) {
      return fail("a flag that cannot stand here");
    }
    letters.push_back(step.character);
    step = get();
    return {};
  };
  while (!step.is('-') && !step.is(':') && !step.is(')')) TRY_VOID(add(on, "L"));
  const auto has = [](const std::u32string& letters, char32_t flag) {
    return letters.find(flag) != letters.npos;
  };
  if (has(on, 'a') && has(on, 'u')) return fail("the flags a and u together");
  result.global = step.is(')');
  result.verbose_on = has(on, 'x');
  if (result.global) return result;
  if (step.is('-')) {
    step = get();
    do {
      TRY_VOID(add(off, "aLu"));
    } while (!step.is(':'));
  }
  for (const char32_t flag : off) {
    if (has(on, flag)) return fail("a flag turned on and off");
  }
  result.verbose_off = has(off, 'x');
  return result;
}

Result<Item> Checker::contents(bool capture, const std::u32string& name, bool verbose,
                               int nesting) {
  const std::size_t index = groups_.size();
  if (capture) {
    groups_.emplace_back();
    if (!name.empty() && !names_.emplace(name, index).second) {
      return fail("two groups of the same name");
    }
  }
  const Width width = TRY(alternatives(verbose, nesting + 1));
  if (!take(')')) return fail("a ( without its )");
  if (capture) groups_[index] = width;
  return Item{ItemKind::other, width};
}

// What follows a "(". Comments and flags for the whole are no item.
Result<std::optional<Item>> Checker::group(bool& verbose, int nesting, bool at_begin) {
  if (!take('?')) return std::optional<Item>(TRY(contents(true, U"", verbose, nesting)));
  Step step = get();
  if (step.escaped || step.at_end()) return fail("a (? with no known letter after it");
  switch (step.character) {
    case 'P':
      if (take('=')) return std::optional<Item>(TRY(named_reference()));
      if (take('<')) {
        const std::u32string name = TRY(name_until('>'));
        if (!is_identifier(name)) return fail("a group name that is no identifier");
        return std::optional<Item>(TRY(contents(true, name, verbose, nesting)));
      }
      return fail("a (?P that is not known");
    case ':':
    case '>':
      return std::optional<Item>(TRY(contents(false, U"", verbose, nesting)));
    case '#':
      while (!next().at_end()) {
        if (get().is(')')) return std::optional<Item>();
      }
      return fail("a comment that does not end");
    case '=':
    case '!':
      return std::optional<Item>(TRY(lookaround(false, verbose, nesting)));
    case '<':
      if (take('=') || take('!')) {
        return std::optional<Item>(TRY(lookaround(true, verbose, nesting)));
      }
      return fail("a (?< that is not known; named groups are (?P<name>...)");
    case '(':
      return std::optional<Item>(TRY(condition(verbose, nesting)));
    default:
      break;
  }
  if (!is_flag(step) && !step.is('-')) return fail("a (? that is not known");
  const Flags set = TRY(flags(step));
  if (set.global) {
    if (!at_begin) return fail("flags for the whole that are not at its begin");
    verbose = verbose || set.verbose_on;
    return std::optional<Item>();
  }
  const bool inner_verbose = (verbose || set.verbose_on) && !set.verbose_off;
  return std::optional<Item>(TRY(contents(false, U"", inner_verbose, nesting)));
}

}  // namespace

Result<void> check_python_regex(std::string_view pattern) {
  return Checker(pattern).run();
}

}  // namespace bise
