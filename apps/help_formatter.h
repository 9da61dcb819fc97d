#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <string>

namespace bise {

// --help as a person reads it: within 80 columns, the name of a value without its type and range.
// The first line of an app's description is its line in the list of verbs; the rest follows in its
// own help.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(kColumn);
    label("Subcommands", "Verbs");
    label("SUBCOMMAND", "VERB");
    label("Positionals", "Arguments");
  }

  std::string make_description(const CLI::App* app) const override {
    std::string text = app->get_description();
    std::string out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out += wrapped(line, 0, kWidth) + "\n";
    return out + "\n";
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0 || option->get_positional()) return "";
    const std::string type = option->get_type_name();
    return " " + type.substr(0, type.find(':'));
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    const std::string name = make_option_name(option, is_positional) + make_option_opts(option);
    return row(name, option->get_description());
  }

  std::string make_subcommand(const CLI::App* app) const override {
    const std::string text = app->get_description();
    return row(app->get_name(), text.substr(0, text.find('\n')));
  }

 private:
  static constexpr std::size_t kWidth = 80;
  static constexpr std::size_t kColumn = 28;

  // Broken between words; the lines after the first begin at `margin`.
  static std::string wrapped(const std::string& text, std::size_t margin, std::size_t width) {
    std::string out;
    std::size_t column = margin;
    // What a line is indented with stays.
    const std::size_t indent = std::min(text.find_first_not_of(' '), text.size());
    out.append(indent, ' ');
    column += indent;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const bool first = out.size() == indent;
      if (!first && column + 1 + word.size() > width) {
        out += "\n" + std::string(margin + indent, ' ');
        column = margin + indent;
      } else if (!first) {
        out += " ";
        ++column;
      }
      out += word;
      column += word.size();
    }
    return out;
  }

  static std::string row(const std::string& name, const std::string& text) {
    std::string out = "  " + name;
    if (out.size() + 2 > kColumn) {
      out += "\n" + std::string(kColumn, ' ');
    } else {
      out.append(kColumn - out.size(), ' ');
    }
    return out + wrapped(text, kColumn, kWidth) + "\n";
  }
};

}  // namespace bise
