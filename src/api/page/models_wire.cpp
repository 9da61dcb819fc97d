#include "api/page/models_wire.h"

#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include "api/page/runs.h"
#include "base/text.h"

namespace bise::api {
namespace {

std::string state_word(const Engine::ModelFacts& facts) {
  switch (facts.state) {
    case ModelState::ready:
      return "ready";
    case ModelState::loading:
      return "loading";
    case ModelState::unloading:
      return "unloading";
    case ModelState::unloaded:
      break;
  }
  return facts.last_error.empty() ? "unloaded" : "failed";
}

Json defaults_json(const SamplingOptions& sampling) {
  // Shortest forms: 0.2, not 0.20000000298.
  const auto shown = [](float value) { return Json(Json::Number{concat(value)}); };
  return Json::object(
      {{"temperature", shown(sampling.temperature)}, {"top_p", shown(sampling.top_p)}});
}

void add_details(const ModelDetails& details, const std::optional<double>& bandwidth, Json& out) {
  out.set("architecture", details.architecture);
  out.set("parameters", details.parameters);
  out.set("quantization", details.quantization);
  out.set("file_bytes", details.file_bytes);
  out.set("bytes", Json::object({{"weights", details.weight_bytes},
                                 {"context", details.context_bytes},
                                 {"working", details.working_bytes}}));
  if (bandwidth && details.bytes_per_token != 0) {
    out.set("roof_tokens_per_s", *bandwidth / static_cast<double>(details.bytes_per_token));
  }
}

Json model_json(const PageContext& context, const Runs& runs, const ServedModel& model,
                const Engine::ModelFacts& facts) {
  Json aliases = Json::array();
  for (const std::string& alias : model.aliases) aliases.push(alias);
  Json out = Json::object(
      {{"id", model.id},
       {"aliases", std::move(aliases)},
       {"state", state_word(facts)},
       {"error", text_or_null(facts.last_error)},
       {"pinned", facts.pinned},
       {"bytes", Json::object({{"weights", facts.bytes}, {"context", 0}, {"working", 0}})},
       {"context_tokens", model.context_tokens},
       {"vocab_size", facts.vocab_size},
       {"thinking", model.has_thinking},
       {"tools", model.has_tools},
       {"system", model.layout != nullptr},
       {"vision", false},
       {"defaults", defaults_json(model.sampling)}});
  const auto speed = runs.tokens_per_s(model.id);
  out.set("tokens_per_s", speed ? Json(*speed) : Json());
  out.set("roof_tokens_per_s", Json());
  if (const auto details = context.model_details(model.id)) {
    add_details(*details, context.machine().bandwidth, out);
  }
  return out;
}

}  // namespace

Json models_json(const PageContext& context, const Runs& runs) {
  const std::vector<Engine::ModelFacts> known = context.engine->models();
  Json models = Json::array();
  for (const ServedModelPtr& model : context.catalog->list()) {
    for (const Engine::ModelFacts& facts : known) {
      if (facts.name == model->id) models.push(model_json(context, runs, *model, facts));
    }
  }
  const std::uint64_t budget = context.engine->stats().budget_bytes;
  // Without a limit there is none to draw.
  return Json::object({{"models", std::move(models)},
                       {"budget_bytes", budget == UINT64_MAX ? Json() : Json(budget)}});
}

Json machine_json(const PageContext& context) {
  const MachineFacts facts = context.machine();
  Json out = Json::object({{"cpu", text_or_null(facts.cpu)},
                           {"cores", facts.cores},
                           {"isa", text_or_null(facts.isa)},
                           {"memory_bytes", facts.memory_bytes},
                           {"bandwidth", facts.bandwidth ? Json(*facts.bandwidth) : Json()},
                           {"data_folder", text_or_null(facts.data_folder)},
                           {"address", text_or_null(facts.address)},
                           {"outgoing", Json::array()}});
  struct sysinfo memory;
  if (sysinfo(&memory) == 0) {
    const std::uint64_t unit = memory.mem_unit;
    out.set("memory_free_bytes", (memory.freeram + memory.bufferram) * unit);
  }
  struct statvfs disk;
  if (!facts.data_folder.empty() && statvfs(facts.data_folder.c_str(), &disk) == 0) {
    out.set("disk_free_bytes", static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize);
  }
  if (const auto bytes = context.store->size_bytes(); bytes.ok()) out.set("store_bytes", *bytes);
  return out;
}

}  // namespace bise::api
