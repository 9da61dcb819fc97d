#include <gtest/gtest.h>

#include "api/server/metrics_text.h"
#include "api/server/openapi.h"
#include "api/test_service.h"

namespace bise::api {
namespace {

TEST(Models, AreCardsThatEveryFamilyReads) {
  TestService service;
  const Json list = read_json(service.get("/v1/models").body).value();
  const Json& card = list.find("data")->items()[0];
  EXPECT_EQ(*card.find("id"), Json("test"));
  EXPECT_EQ(*card.find("type"), Json("base"));
  EXPECT_EQ(write_json(*card.find("aliases")), R"(["test-latest"])");
  EXPECT_EQ(*card.find("capabilities")->find("function_calling"), Json(true));
  EXPECT_EQ(read_json(service.get("/v1/models/test-latest").body).value(), card);
  const http::Answer unknown = service.get("/v1/models/other");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.body.find("there are test"), std::string::npos);
  EXPECT_EQ(service.get("/v1/models", "anthropic-version: 2023-06-01").body,
            R"({"data":[{"type":"model","id":"test","display_name":"test",)"
            R"("created_at":"2023-11-14T22:13:20Z","max_input_tokens":1024,"max_tokens":1024}],)"
            R"("has_more":false,"first_id":"test","last_id":"test"})");
}

TEST(Health, IsToldToAnybody) {
  TestService service;
  EXPECT_EQ(service.get("/health").body, R"({"status":"ok"})");
  EXPECT_EQ(service.get("/ready").status, 200);
}

TEST(Metrics, CountUnderOwnNamesAndVllms) {
  TestService service;
  service.says("ab");
  service.post("/v1/completions", R"({"prompt":"x"})");
  const http::Answer answer = service.get("/metrics");
  EXPECT_EQ(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"bise_generated_tokens_total{model=\"test\"} 2\n",
        "vllm:generation_tokens_total{model_name=\"test\",engine=\"0\"} 2\n",
        "bise_choices_finished_total{model=\"test\",reason=\"end_token\"} 1\n",
        "vllm:time_to_first_token_seconds_count{model_name=\"test\",engine=\"0\"} 1\n",
        "# TYPE vllm:kv_cache_usage_perc gauge\n"}) {
    EXPECT_NE(answer.body.find(line), std::string::npos) << line << answer.body;
  }
  const std::string open =
      service.get("/metrics", "Accept: application/openmetrics-text; version=1.0.0").body;
  EXPECT_NE(open.find("# TYPE bise_steps counter\nbise_steps_total{"), std::string::npos);
  EXPECT_TRUE(open.ends_with("# EOF\n"));
}

TEST(MetricsText, EscapesLabelsAndAddsUpBuckets) {
  MetricsText text(MetricsForm::prometheus);
  text.family("x", "histogram", "A thing");
  const double bounds[] = {1, 2.5};
  Histogram histogram(bounds);
  histogram.add(1);
  histogram.add(2);
  histogram.add(9);
  text.histogram({{"model", "a\"b\\c\n"}}, histogram);
  EXPECT_EQ(text.finish(),
            "# HELP x A thing\n# TYPE x histogram\n"
            "x_bucket{model=\"a\\\"b\\\\c\\n\",le=\"1\"} 1\n"
            "x_bucket{model=\"a\\\"b\\\\c\\n\",le=\"2.5\"} 2\n"
            "x_bucket{model=\"a\\\"b\\\\c\\n\",le=\"+Inf\"} 3\n"
            "x_sum{model=\"a\\\"b\\\\c\\n\"} 12\nx_count{model=\"a\\\"b\\\\c\\n\"} 3\n");
}

TEST(OpenApi, NamesEveryRouteAndNoOther) {
  http::Router router;
  mount_api(router, {});
  std::vector<std::string> mounted;
  for (const auto& route : router.routes()) {
    if (route->pattern == "/docs") continue;  // a page for people
    std::string method = route->method;
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    mounted.push_back(concat(method, " ", route->pattern));
  }
  std::vector<std::string> documented;
  const Json document = openapi_document(FieldTable(), "1");
  for (const Json::Member& path : document.find("paths")->members()) {
    for (const Json::Member& method : path.second.members()) {
      documented.push_back(concat(method.first, " ", path.first));
    }
  }
  std::sort(mounted.begin(), mounted.end());
  std::sort(documented.begin(), documented.end());
  EXPECT_EQ(mounted, documented);
}

TEST(OpenApi, RefersOnlyToWhatItHolds) {
  const Json document = openapi_document(FieldTable(), "1");
  const Json& schemas = *document.find("components")->find("schemas");
  const std::string text = write_json(document, {.spaces = false});
  constexpr std::string_view kMark = "#/components/schemas/";
  for (std::size_t at = 0; (at = text.find(kMark, at)) != std::string::npos; ++at) {
    const std::size_t begin = at + kMark.size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_NE(schemas.find(name), nullptr) << name;
  }
}

TEST(Docs, AreAPageWithoutResources) {
  TestService service;
  const http::Answer answer = service.get("/docs");
  EXPECT_EQ(answer.headers.get("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(answer.body.find("POST /v1/chat/completions"), std::string::npos);
  EXPECT_EQ(answer.body.find("src="), std::string::npos);
}

}  // namespace
}  // namespace bise::api
