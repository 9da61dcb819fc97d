#include "apps/doctor.h"

#include <gnu/libc-version.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <thread>

#include "apps/command_line.h"
#include "apps/machine.h"
#include "apps/measure.h"
#include "apps/memory_need.h"
#include "apps/model_store.h"
#include "apps/serve/server_check.h"
#include "apps/units.h"
#include "apps/version.h"
#include "backends/cpu/cpu_features.h"
#include "backends/cpu/select_kernels.h"
#include "base/text.h"
#include "base/thread_pool.h"

namespace bise {
namespace {

struct KernelFacts {
  std::string chosen;
  std::string built;
  std::string error;
};

KernelFacts kernel_facts() {
  KernelFacts out;
  for (const cpu::KernelSet& set : cpu::kernel_sets()) {
    out.built += concat(out.built.empty() ? "" : " ", set.name);
  }
  const auto table = cpu::select_kernels("");
  if (table.ok()) {
    out.chosen = table->name;
  } else {
    out.error = table.error().message;
  }
  return out;
}

struct StoreFacts {
  DataFolder folder;
  bool exists;
  std::vector<StoredModel> models;
  std::uint64_t history_bytes;
  std::int64_t chat_count;
};

StoreFacts store_facts() {
  std::error_code error;
  StoreFacts out = {data_folder(), false, {}, 0, 0};
  out.exists = std::filesystem::is_directory(out.folder.path, error);
  out.models = list_models(out.folder);
  const auto size = std::filesystem::file_size(out.folder.history(), error);
  if (!error) out.history_bytes = size;
  for (const auto& entry : std::filesystem::directory_iterator(out.folder.chats(), error)) {
    out.chat_count += entry.path().extension() == ".json" ? 1 : 0;
  }
  return out;
}

struct Measured {
  BandwidthMeasured bandwidth;
  ArithmeticMeasured arithmetic;
};

Measured measure(const MemoryAvailable& available) {
  ThreadPool pool(default_thread_count());
  const std::size_t buffer =
      std::clamp<std::size_t>(available.bytes / 8, std::size_t{16} << 20, std::size_t{512} << 20);
  return {measure_read_bandwidth(pool, buffer), measure_arithmetic(pool)};
}

Json measured_json(const Measured& measured) {
  return Json::object({{"read_bytes_per_s", measured.bandwidth.median},
                       {"read_bytes_per_s_best", measured.bandwidth.best},
                       {"fp32_flop_per_s", measured.arithmetic.fp32_fma},
                       {"fp32_instruction", measured.arithmetic.fp32_instruction},
                       {"int8_op_per_s", measured.arithmetic.int8_dot},
                       {"int8_instruction", measured.arithmetic.int8_instruction}});
}

void print_json(const DoctorOptions& options) {
  const KernelFacts kernels = kernel_facts();
  const MemoryAvailable available = memory_available(0);
  const StoreFacts store = store_facts();
  Json out = machine_json({default_thread_count(), kernels.chosen});
  out.set("features", cpu::description(cpu::detect_cpu_features()));
  out.set("kernels_built", kernels.built);
  if (!kernels.error.empty()) out.set("kernels_error", kernels.error);
  out.set("memory_bytes", machine_memory_bytes());
  out.set("memory_available_bytes", available.bytes);
  out.set("memory_limited_by", available.limited_by);
  if (options.measure) out.set("measured", measured_json(measure(available)));
  Json models = Json::array();
  for (const StoredModel& model : store.models) {
    models.push(Json::object({{"name", model.name}, {"bytes", model.bytes}}));
  }
  out.set("data_folder", Json::object({{"path", store.folder.path},
                                       {"exists", store.exists},
                                       {"models", std::move(models)},
                                       {"history_bytes", store.history_bytes},
                                       {"chats", store.chat_count}}));
  Json findings = Json::array();
  for (const ServerFinding& finding : check_server(store.folder.path)) {
    findings.push(Json::object(
        {{"subject", finding.subject}, {"good", finding.good}, {"text", finding.text}}));
  }
  out.set("server", std::move(findings));
  out.set("libraries", Json::object({{"libc", gnu_get_libc_version()},
                                     {"libstdcxx", _GLIBCXX_RELEASE},
                                     {"compiler", __VERSION__},
                                     {"cli11", cli11_version()}}));
  std::printf("%s\n", write_json(out).c_str());
}

void print_line(const char* key, const std::string& value) {
  std::printf("%-14s%s\n", key, value.c_str());
}

std::string rate_text(double per_s, double unit, const char* name) {
  return per_s > 0 ? concat(number_text(per_s / unit), " ", name) : "not measured here";
}

void print_measured(const Measured& measured) {
  print_line("reads", concat(rate_text(measured.bandwidth.median, 1e9, "GB/s"), " from memory, ",
                             rate_text(measured.bandwidth.best, 1e9, "GB/s"), " at best"));
  print_line("float32", concat(rate_text(measured.arithmetic.fp32_fma, 1e9, "GFLOP/s"), " (",
                               measured.arithmetic.fp32_instruction, ")"));
  print_line("int8", concat(rate_text(measured.arithmetic.int8_dot, 1e9, "GOP/s"), " (",
                            measured.arithmetic.int8_instruction, ")"));
}

void print_store(const StoreFacts& store) {
  print_line("data folder", concat(store.folder.path, store.exists ? "" : " (not made yet)"));
  std::uint64_t bytes = 0;
  std::string names;
  for (const StoredModel& model : store.models) {
    bytes += model.bytes;
    names += concat(names.empty() ? "" : ", ", model.name);
  }
  print_line("  models/", store.models.empty()
                              ? "none yet"
                              : concat(store.models.size(), " (", names, "), ", byte_text(bytes)));
  print_line("  history", concat("lines typed in the chat, ", byte_text(store.history_bytes)));
  print_line("  chats/", concat(store.chat_count, " saved with /save"));
}

void print_text(const DoctorOptions& options) {
  const KernelFacts kernels = kernel_facts();
  const MemoryAvailable available = memory_available(0);
  print_line("bise", kVersion);
  print_line("processor", concat(processor_name(), ", ", std::thread::hardware_concurrency(),
                                 " cores, ", default_thread_count(), " threads used"));
  print_line("features", cpu::description(cpu::detect_cpu_features()));
  print_line("kernels", kernels.error.empty()
                            ? concat(kernels.chosen, " (built in: ", kernels.built,
                                     "; BISE_CPU_ISA=NAME takes another)")
                            : kernels.error);
  print_line("memory", concat(byte_text(machine_memory_bytes()), ", ", byte_text(available.bytes),
                              " available (", available.limited_by, ")"));
  if (options.measure) {
    std::fflush(stdout);
    print_measured(measure(available));
  }
  const StoreFacts store = store_facts();
  print_store(store);
  for (const ServerFinding& finding : check_server(store.folder.path)) {
    print_line(finding.subject.c_str(), concat(finding.good ? "" : "! ", finding.text));
  }
  print_line("libraries", concat("C library ", gnu_get_libc_version(), ", libstdc++ ",
                                 _GLIBCXX_RELEASE, ", CLI11 ", cli11_version()));
  print_line("not built in", "GPU backends (the processor does everything)");
}

}  // namespace

int run_doctor(const DoctorOptions& options) {
  if (options.json) {
    print_json(options);
  } else {
    print_text(options);
  }
  return 0;
}

}  // namespace bise
