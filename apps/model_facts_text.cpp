#include <cstdio>

#include "apps/model_facts.h"
#include "apps/units.h"
#include "base/text.h"

namespace bise {
namespace {

// "  key          value": values under each other.
void add_line(std::string& out, std::string_view key, std::string_view value) {
  char padded[32];
  std::snprintf(padded, sizeof padded, "%-14.*s", static_cast<int>(key.size()), key.data());
  out += concat(padded, value, "\n");
}

std::string right(std::string_view text, std::size_t width) {
  return concat(std::string(width > text.size() ? width - text.size() : 0, ' '), text);
}

std::string left(std::string_view text, std::size_t width) {
  return concat(text, std::string(width > text.size() ? width - text.size() : 0, ' '));
}

std::string form_text(const ModelFacts& facts) {
  const char* form = facts.form == CheckpointForm::gguf ? "GGUF"
                     : facts.form == CheckpointForm::hf ? "Hugging Face folder"
                                                        : "consolidated folder (params.json)";
  return concat(
      form, ", ", byte_text(facts.file_bytes),
      facts.files.size() > 1 ? concat(" in ", facts.files.size(), " files") : std::string());
}

std::string parameter_text(std::uint64_t parameters) {
  const double count = static_cast<double>(parameters);
  if (count >= 1e9) return concat(number_text(count / 1e9), " billion");
  if (count >= 1e6) return concat(number_text(count / 1e6), " million");
  return count_text(static_cast<std::int64_t>(parameters));
}

std::string context_text(const ModelSpec& spec) {
  std::string text = concat(count_text(spec.context_tokens), " tokens");
  if (spec.rope.yarn) {
    text += concat(" (YaRN, ", short_text(spec.rope.yarn->factor), " x ",
                   count_text(static_cast<std::int64_t>(spec.rope.yarn->original_tokens)), ")");
  }
  if (spec.query_scale_beta != 0) {
    text += concat(", queries scaled by position (beta ", short_text(spec.query_scale_beta), ")");
  }
  const int window = spec.layers.front().window_tokens;
  if (window > 0) text += concat(", attention window ", count_text(window));
  return text;
}

void add_spec(std::string& out, const ModelFacts& facts) {
  const ModelSpec& spec = facts.spec;
  const LayerSpec& layer = spec.layers.front();
  add_line(out, "file", facts.path);
  add_line(out, "form", form_text(facts));
  if (!spec.name.empty()) add_line(out, "name", quoted(spec.name, 200));
  add_line(
      out, "architecture",
      concat(quoted(spec.architecture), ", ", parameter_text(facts.parameters), " parameters"));
  add_line(out, "layers",
           concat(spec.layers.size(), " of width ", count_text(spec.hidden_dim), ", feed-forward ",
                  count_text(layer.ffn_dim), ", ", layer.query_heads, " query and ", layer.kv_heads,
                  " KV heads of ", layer.head_dim));
  add_line(out, "vocabulary",
           concat(count_text(spec.vocab_size), " tokens, head ",
                  spec.tied_head ? "tied to the embedding" : "of its own"));
  add_line(out, "context", context_text(spec));
  if (facts.tokenizer) {
    add_line(out, "tokenizer", facts.tokenizer->description);
    add_line(out, "chat layout",
             concat(facts.tokenizer->layout, " (", facts.tokenizer->layout_reason, ")"));
  } else {
    add_line(out, "tokenizer", concat("none: ", facts.no_tokenizer));
  }
}

void add_parts(std::string& out, const ModelFacts& facts) {
  out += "\npart        format   tensors       bytes\n";
  std::uint64_t vision = 0;
  for (const PartFacts& part : facts.parts) {
    out += concat(left(tensor_part_name(part.part), 12), left(bise::facts(part.type).name, 8),
                  right(concat(part.tensors), 8), right(byte_text(part.bytes), 12),
                  part.part == TensorPart::vision ? "  not used yet" : "", "\n");
    if (part.part == TensorPart::vision) vision += part.bytes;
  }
  if (vision > 0) {
    out += "The vision tensors are passed over: bise reads the text model only, for now.\n";
  }
}

void add_memory(std::string& out, const ModelFacts& facts) {
  static constexpr KvElement kShown[] = {KvElement::q8, KvElement::f16, KvElement::bf16,
                                         KvElement::f32};
  out += concat("\nMemory it will need: weights ", byte_text(facts.need.weight_bytes),
                " (shared with other processes), own ", byte_text(facts.need.private_bytes),
                ", and keys and values; together\n");
  out += right("context", 12);
  for (const KvElement element : kShown) out += right(concat("kv ", kv_element_name(element)), 11);
  out += "\n";
  for (const MemoryRow& row : facts.memory) {
    out += right(count_text(row.context_tokens), 12);
    for (const KvElement element : kShown) {
      out += right(byte_text(row.total_bytes[static_cast<int>(element)]), 11);
    }
    out += "\n";
  }
  out += concat("Available here now: ", byte_text(memory_available(0).bytes), "\n");
}

}  // namespace

std::string to_text(const ModelFacts& facts) {
  std::string out;
  add_spec(out, facts);
  add_parts(out, facts);
  add_memory(out, facts);
  return out;
}

}  // namespace bise
