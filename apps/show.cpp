#include "apps/show.h"

#include <cstdio>

#include "apps/model_facts.h"
#include "apps/model_store.h"

namespace bise {
namespace {

Result<std::string> show(const ShowOptions& options) {
  const std::string path = TRY(resolve_model(options.model, data_folder()));
  const ModelFacts facts = TRY(read_model_facts(path, options.layout));
  return options.json ? write_json(to_json(facts)) + "\n" : to_text(facts);
}

}  // namespace

int run_show(const ShowOptions& options) {
  const Result<std::string> text = show(options);
  if (!text.ok()) {
    std::fprintf(stderr, "bise show: %s\n", text.error().message.c_str());
    return 2;
  }
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace bise
