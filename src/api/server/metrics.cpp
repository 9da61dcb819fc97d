// GET /metrics: our own names, and beside them vLLM's for dashboards and routers that read those.

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "api/endpoints.h"
#include "api/server/metrics_text.h"
#include "base/text.h"
#include "kv/page_pool.h"

namespace bise::api {
namespace {

using Models = std::vector<ModelStats>;

struct Number {
  const char* name;
  const char* alias;  // vLLM's, or null
  const char* type;
  const char* help;
  double (*value)(const ModelStats& model);
};

double of(std::uint64_t count) {
  return static_cast<double>(count);
}

constexpr Number kNumbers[] = {
    {"bise_model_loaded", nullptr, "gauge", "1 while the model is in memory",
     [](const ModelStats& m) { return m.state == ModelState::ready ? 1.0 : 0.0; }},
    {"bise_model_resident_bytes", nullptr, "gauge", "Bytes the model is charged",
     [](const ModelStats& m) { return of(m.resident_bytes); }},
    {"bise_requests_running", "vllm:num_requests_running", "gauge", "Requests in steps",
     [](const ModelStats& m) { return 1.0 * m.requests_running; }},
    {"bise_requests_waiting", "vllm:num_requests_waiting", "gauge", "Requests in the queue",
     [](const ModelStats& m) { return 1.0 * m.requests_waiting; }},
    {"bise_sequences_running", nullptr, "gauge", "Sequences in steps",
     [](const ModelStats& m) { return 1.0 * m.sequences_running; }},
    {"bise_kv_usage_ratio", "vllm:kv_cache_usage_perc", "gauge",
     "Pages that sequences hold, of all",
     [](const ModelStats& m) {
       return m.pages_total == 0 ? 0.0 : 1.0 * m.pages_used / m.pages_total;
     }},
    {"bise_kv_pages", nullptr, "gauge", "Pages there are",
     [](const ModelStats& m) { return 1.0 * m.pages_total; }},
    {"bise_kv_pages_used", nullptr, "gauge", "Pages that sequences hold",
     [](const ModelStats& m) { return 1.0 * m.pages_used; }},
    {"bise_kv_pages_kept", nullptr, "gauge", "Pages that the prefix cache keeps",
     [](const ModelStats& m) { return 1.0 * m.pages_kept; }},
    {"bise_prompt_tokens_total", "vllm:prompt_tokens_total", "counter",
     "Tokens of prompts, cached ones included",
     [](const ModelStats& m) { return of(m.prompt_tokens); }},
    {"bise_prefill_tokens_total", nullptr, "counter", "Tokens of prompts that were computed",
     [](const ModelStats& m) { return of(m.prefill_tokens); }},
    {"bise_generated_tokens_total", "vllm:generation_tokens_total", "counter", "Tokens of answers",
     [](const ModelStats& m) { return of(m.generated_tokens); }},
    {"bise_prefix_tokens_queried_total", "vllm:prefix_cache_queries_total", "counter",
     "Tokens looked for in the prefix cache",
     [](const ModelStats& m) { return of(m.prefix_tokens_queried); }},
    {"bise_prefix_tokens_hit_total", "vllm:prefix_cache_hits_total", "counter",
     "Tokens found in the prefix cache",
     [](const ModelStats& m) { return of(m.prefix_tokens_hit); }},
    {"bise_prefix_pages_evicted_total", nullptr, "counter", "Pages given up by the prefix cache",
     [](const ModelStats& m) { return of(m.prefix_pages_evicted); }},
    {"bise_steps_total", nullptr, "counter", "Steps",
     [](const ModelStats& m) { return of(m.steps); }},
    {"bise_model_loads_total", nullptr, "counter", "Times the model was loaded",
     [](const ModelStats& m) { return of(m.loads); }},
};

struct Times {
  const char* name;
  const char* alias;
  const char* help;
  Histogram ModelStats::*histogram;
};

constexpr Times kHistograms[] = {
    {"bise_first_token_seconds", "vllm:time_to_first_token_seconds", "From arrival to first token",
     &ModelStats::first_token_s},
    {"bise_between_tokens_seconds", "vllm:inter_token_latency_seconds", "Between two tokens",
     &ModelStats::between_tokens_s},
    {"bise_request_seconds", "vllm:e2e_request_latency_seconds", "From arrival to the last token",
     &ModelStats::request_s},
    {"bise_queue_seconds", "vllm:request_queue_time_seconds", "In the queue", &ModelStats::queue_s},
    {"bise_prefill_seconds", "vllm:request_prefill_time_seconds", "From the queue to first token",
     &ModelStats::prefill_s},
    {"bise_decode_seconds", "vllm:request_decode_time_seconds", "From first to last token",
     &ModelStats::decode_s},
    {"bise_request_prompt_tokens", "vllm:request_prompt_tokens", "Tokens of a prompt",
     &ModelStats::request_prompt_tokens},
    {"bise_request_generated_tokens", "vllm:request_generation_tokens", "Tokens of an answer",
     &ModelStats::request_generated_tokens},
    {"bise_step_tokens", "vllm:iteration_tokens_total", "Tokens in a step",
     &ModelStats::step_tokens},
    {"bise_step_seconds", nullptr, "A step", &ModelStats::step_s},
    {"bise_step_overhead_seconds", nullptr, "Of a step, outside the forward pass",
     &ModelStats::step_overhead_s},
};

constexpr std::array<const char*, kFinishReasonCount> kReasons = {
    "end_token", "stop_string", "stopped", "length", "context_full", "cancelled", "error"};

void write_numbers(const Models& models, MetricsText& text) {
  for (const Number& number : kNumbers) {
    text.family(number.name, number.type, number.help);
    for (const ModelStats& model : models)
      text.sample({{"model", model.name}}, number.value(model));
    if (number.alias == nullptr) continue;
    text.family(number.alias, number.type, number.help);
    for (const ModelStats& model : models) {
      text.sample({{"model_name", model.name}, {"engine", "0"}}, number.value(model));
    }
  }
}

void write_histograms(const Models& models, MetricsText& text) {
  for (const Times& times : kHistograms) {
    text.family(times.name, "histogram", times.help);
    for (const ModelStats& model : models) {
      text.histogram({{"model", model.name}}, model.*times.histogram);
    }
    if (times.alias == nullptr) continue;
    text.family(times.alias, "histogram", times.help);
    for (const ModelStats& model : models) {
      text.histogram({{"model_name", model.name}, {"engine", "0"}}, model.*times.histogram);
    }
  }
}

void write_labelled(const Models& models, MetricsText& text) {
  text.family("bise_lane_requests", "gauge", "Requests by lane, running and waiting");
  for (const ModelStats& model : models) {
    for (std::size_t i = 0; i < kLaneCount; ++i) {
      const std::string_view lane = lane_name(static_cast<Lane>(i));
      text.sample({{"model", model.name}, {"lane", lane}, {"state", "running"}},
                  1.0 * model.running_by_lane[i]);
      text.sample({{"model", model.name}, {"lane", lane}, {"state", "waiting"}},
                  1.0 * model.waiting_by_lane[i]);
    }
  }
  text.family("bise_choices_finished_total", "counter", "Choices by how they ended");
  for (const ModelStats& model : models) {
    for (std::size_t i = 0; i < kReasons.size(); ++i) {
      text.sample({{"model", model.name}, {"reason", kReasons[i]}}, model.finished[i]);
    }
  }
  text.family("vllm:request_success_total", "counter", "Choices by how they ended");
  for (const ModelStats& model : models) {
    const auto count = [&](FinishReason reason) {
      return model.finished[static_cast<std::size_t>(reason)];
    };
    const auto add = [&](std::string_view reason, std::uint64_t value) {
      text.sample({{"model_name", model.name}, {"engine", "0"}, {"finished_reason", reason}},
                  value);
    };
    add("stop", count(FinishReason::end_token) + count(FinishReason::stop_string) +
                    count(FinishReason::stopped));
    add("length", count(FinishReason::length) + count(FinishReason::context_full));
    add("abort", count(FinishReason::cancelled) + count(FinishReason::error));
  }
  text.family("vllm:cache_config_info", "gauge", "Pages of the cache");
  for (const ModelStats& model : models) {
    const std::string pages = concat(model.pages_total);
    const std::string slots = concat(kPageSlots);
    text.sample({{"model_name", model.name},
                 {"engine", "0"},
                 {"block_size", slots},
                 {"num_gpu_blocks", pages}},
                1.0);
  }
}

void write_engine(const EngineStats& stats, MetricsText& text) {
  if (stats.budget_bytes != UINT64_MAX) {
    text.family("bise_memory_budget_bytes", "gauge", "Bytes that loaded models may take");
    text.sample({}, stats.budget_bytes);
  }
  text.family("bise_memory_resident_bytes", "gauge", "Bytes that loaded models are charged");
  text.sample({}, stats.resident_bytes);
  text.family("bise_requests_refused_total", "counter", "Requests that found the queue full");
  text.sample({}, stats.refused);
  text.family("vllm:num_preemptions_total", "counter", "Always 0: sequences keep their pages");
  for (const ModelStats& model : stats.models) {
    text.sample({{"model_name", model.name}, {"engine", "0"}}, std::uint64_t{0});
  }
  text.family("bise_undelivered_tokens", "gauge", "Tokens on their way to clients");
  text.sample({}, 1.0 * stats.undelivered_tokens);
}

void write_process(const ApiContext& context, MetricsText& text) {
  text.family("bise_build_info", "gauge", "The program's version");
  text.sample({{"version", context.version}}, 1.0);
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  text.family("process_cpu_seconds_total", "counter", "Processor time");
  text.sample({}, seconds(usage.ru_utime) + seconds(usage.ru_stime));
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    unsigned long long all = 0;
    unsigned long long resident = 0;
    const bool read = std::fscanf(file, "%llu %llu", &all, &resident) == 2;
    std::fclose(file);
    if (read) {
      text.family("process_resident_memory_bytes", "gauge", "Resident memory");
      text.sample({}, std::uint64_t{resident} * static_cast<std::uint64_t>(::getpagesize()));
    }
  }
  if (!context.server_statistics) return;
  const http::ServerStatistics server = context.server_statistics();
  text.family("bise_http_connections", "gauge", "Open connections");
  text.sample({}, std::uint64_t{server.connections});
  text.family("bise_http_requests_running", "gauge", "Requests that are being answered");
  text.sample({}, std::uint64_t{server.running_requests});
  text.family("bise_http_connections_total", "counter", "Connections since the start");
  text.sample({}, server.accepted);
}

}  // namespace

void serve_metrics(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const std::string_view accept = exchange->request().headers.get("accept");
  const bool open = accept.find("application/openmetrics-text") != std::string_view::npos;
  MetricsText text(open ? MetricsForm::open_metrics : MetricsForm::prometheus);
  const EngineStats stats = services->context.engine->stats();
  write_numbers(stats.models, text);
  write_labelled(stats.models, text);
  write_histograms(stats.models, text);
  write_engine(stats, text);
  write_process(services->context, text);
  exchange->respond(
      {.status = 200,
       .headers = {{"Content-Type",
                    open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                         : "text/plain; version=0.0.4; charset=utf-8"}},
       .body = text.finish()});
}

}  // namespace bise::api
