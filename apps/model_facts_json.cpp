#include "apps/model_facts.h"

namespace bise {
namespace {

const char* form_name(CheckpointForm form) {
  switch (form) {
    case CheckpointForm::gguf:
      return "gguf";
    case CheckpointForm::hf:
      return "hf";
    case CheckpointForm::consolidated:
      return "consolidated";
  }
  return "";
}

Json rope_json(const ModelSpec& spec) {
  Json rope =
      Json::object({{"base", spec.rope.base},
                    {"rotated_channels", spec.rope.rotated_channels},
                    {"pairs", spec.rope.pairs == RopePairs::adjacent ? "adjacent" : "halves"}});
  if (spec.rope.yarn) {
    const YarnSpec& yarn = *spec.rope.yarn;
    rope.set("yarn", Json::object({{"factor", yarn.factor},
                                   {"original_tokens", yarn.original_tokens},
                                   {"beta_fast", yarn.beta_fast},
                                   {"beta_slow", yarn.beta_slow},
                                   {"attention_factor", yarn.attention_factor}}));
  }
  if (spec.query_scale_beta != 0) {
    rope.set("query_scale", Json::object({{"beta", spec.query_scale_beta},
                                          {"original_tokens", spec.query_scale_original_tokens}}));
  }
  return rope;
}

Json memory_json(const ModelFacts& facts) {
  Json rows = Json::array();
  for (const MemoryRow& row : facts.memory) {
    for (int i = 0; i < kKvElementCount; ++i) {
      const std::uint64_t fixed = facts.need.weight_bytes + facts.need.private_bytes;
      rows.push(Json::object({{"context_tokens", row.context_tokens},
                              {"kv", kv_element_name(static_cast<KvElement>(i))},
                              {"kv_bytes", row.total_bytes[i] - fixed},
                              {"total_bytes", row.total_bytes[i]}}));
    }
  }
  return Json::object({{"weight_bytes", facts.need.weight_bytes},
                       {"private_bytes", facts.need.private_bytes},
                       {"rows", std::move(rows)}});
}

Json parts_json(const ModelFacts& facts) {
  Json rows = Json::array();
  for (const PartFacts& part : facts.parts) {
    rows.push(Json::object({{"part", tensor_part_name(part.part)},
                            {"format", bise::facts(part.type).name},
                            {"tensors", part.tensors},
                            {"elements", part.elements},
                            {"bytes", part.bytes},
                            {"used", part.part != TensorPart::vision}}));
  }
  return rows;
}

}  // namespace

Json to_json(const ModelFacts& facts) {
  const ModelSpec& spec = facts.spec;
  const LayerSpec& layer = spec.layers.front();
  Json files = Json::array();
  for (const std::string& file : facts.files) files.push(file);
  Json out = Json::object({{"path", facts.path},
                           {"form", form_name(facts.form)},
                           {"files", std::move(files)},
                           {"file_bytes", facts.file_bytes},
                           {"architecture", spec.architecture},
                           {"name", spec.name},
                           {"parameters", facts.parameters},
                           {"layer_count", static_cast<std::int64_t>(spec.layers.size())},
                           {"hidden_dim", spec.hidden_dim},
                           {"ffn_dim", layer.ffn_dim},
                           {"query_heads", layer.query_heads},
                           {"kv_heads", layer.kv_heads},
                           {"head_dim", layer.head_dim},
                           {"window_tokens", layer.window_tokens},
                           {"vocab_size", spec.vocab_size},
                           {"tied_head", spec.tied_head},
                           {"context_tokens", spec.context_tokens},
                           {"rope", rope_json(spec)}});
  if (facts.tokenizer) {
    out.set("tokenizer", Json::object({{"description", facts.tokenizer->description},
                                       {"layout", facts.tokenizer->layout},
                                       {"layout_reason", facts.tokenizer->layout_reason}}));
  } else {
    out.set("tokenizer", Json());
    out.set("no_tokenizer", facts.no_tokenizer);
  }
  out.set("parts", parts_json(facts));
  out.set("memory", memory_json(facts));
  return out;
}

}  // namespace bise
