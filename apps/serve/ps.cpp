#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "apps/model_store.h"
#include "apps/serve/admin_options.h"
#include "apps/serve/local_request.h"
#include "apps/units.h"
#include "base/json.h"
#include "base/text.h"

namespace bise {
namespace {

// Of a metric name its value by model: out of lines like
// name{model="starter"} 3
using Values = std::map<std::string, std::map<std::string, double>>;

constexpr std::string_view kLabel = "model=\"";
constexpr std::string_view kLabelsAfter = "\"";

Values read_metrics(const std::string& text) {
  Values values;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t brace = line.find('{'), end = line.rfind("} ");
    if (line.starts_with('#') || brace == std::string_view::npos || end == std::string_view::npos) {
      continue;
    }
    const std::string_view labels = line.substr(brace + 1, end - brace - 1);
    const std::size_t model = labels.find(kLabel);
    if (model != 0) continue;
    std::string_view name = labels.substr(model + kLabel.size());
    const std::size_t quote = name.find('"');
    // A line with further labels is a part of a number.
    if (name.substr(std::min(quote, name.size())) != kLabelsAfter) continue;
    name = name.substr(0, quote);
    values[std::string(name)][std::string(line.substr(0, brace))] =
        std::strtod(std::string(line.substr(end + 2)).c_str(), nullptr);
  }
  return values;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Result<void> show(const PsOptions& options) {
  const std::string folder = data_folder().path;
  const std::optional<ServerNote> note = read_server_note(folder);
  if (!note) {
    return Error{ErrorCode::not_found,
                 concat("no server runs on the data folder ", quoted(folder, 400))};
  }
  const std::string metrics = TRY(get_from_server(*note, "/metrics", first_line(folder + "/key")));
  Values models = read_metrics(metrics);
  if (options.json) {
    Json rows = Json::object();
    for (const auto& [model, values] : models) {
      Json row = Json::object();
      for (const auto& [name, value] : values) {
        if (name.starts_with("bise_")) row.set(name, value);
      }
      rows.set(model, std::move(row));
    }
    std::printf("%s\n", write_json(Json::object({{"pid", note->pid},
                                                 {"address", note->address},
                                                 {"models", std::move(rows)}}))
                            .c_str());
    return {};
  }
  std::printf("%s, process %d\n", note->address.c_str(), note->pid);
  for (auto& [model, found] : models) {
    std::map<std::string, double>& values = found;  // bindings cannot be captured in C++20's clang
    const auto count = [&values](const char* name) {
      return count_text(static_cast<std::int64_t>(values[name]));
    };
    std::printf(
        "%s: %s, %s running, %s waiting, %s tokens read, %s written\n", model.c_str(),
        values["bise_model_loaded"] > 0
            ? byte_text(static_cast<std::uint64_t>(values["bise_model_resident_bytes"])).c_str()
            : "not loaded",
        count("bise_requests_running").c_str(), count("bise_requests_waiting").c_str(),
        count("bise_prompt_tokens_total").c_str(), count("bise_generated_tokens_total").c_str());
  }
  return {};
}

}  // namespace

int run_ps(const PsOptions& options) {
  const Result<void> shown = show(options);
  if (shown.ok()) return 0;
  std::fprintf(stderr, "bise ps: %s\n", shown.error().message.c_str());
  return 2;
}

}  // namespace bise
