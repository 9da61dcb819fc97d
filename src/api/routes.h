#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/model_catalog.h"
#include "api/request_record.h"
#include "engine/engine.h"
#include "http/router.h"
#include "http/server.h"

namespace bise::api {

// What the routes stand on; engine and catalog outlive the server.
struct ApiContext {
  Engine* engine = nullptr;
  ModelCatalog* catalog = nullptr;
  std::string version;        // of bise: in /openapi.json and bise_build_info
  bool strict = false;        // unknown keys of a request are 400
  bool metrics_open = false;  // /metrics without credentials
  // Once for each request that reached a model route; from any thread, must not block.
  std::function<void(const RequestRecord&)> on_request;
  // Empty: requests are accepted. Else why not ("loading", "draining"): /health answers 503.
  std::function<std::string_view()> not_ready;
  std::function<http::ServerStatistics()> server_statistics;  // for /metrics; none: left out
};

// The APIs of OpenAI, Mistral and Anthropic, tokenizing, health, metrics and the OpenAPI document.
void mount_api(http::Router& router, const ApiContext& context);

// What the server answers itself, in the words of the API whose route it is.
http::Response describe_failure(const http::Failure& failure, const http::Request* request);

// The fields of every answer that carry Request::id.
std::vector<std::string> id_headers();

}  // namespace bise::api
