#include "api/routes.h"

#include "api/access/principal.h"
#include "api/endpoints.h"

namespace bise::api {
namespace {

using Serve = void (*)(const ServicesPtr&, const http::ExchangePtr&);

void add(http::Router& router, const ServicesPtr& services, const char* method, const char* pattern,
         RouteAccess who, Serve serve) {
  router.add(
      {.method = method,
       .pattern = pattern,
       .access = access(who),
       .handler = [services, serve](http::ExchangePtr exchange) { serve(services, exchange); }});
}

}  // namespace

void mount_api(http::Router& router, const ApiContext& context) {
  const auto services = std::make_shared<const ApiServices>(ApiServices{context, FieldTable()});
  const auto post = [&](const char* pattern, Serve serve) {
    add(router, services, "POST", pattern, RouteAccess::inference, serve);
  };
  const auto get = [&](const char* pattern, RouteAccess who, Serve serve) {
    add(router, services, "GET", pattern, who, serve);
  };
  get("/v1/models", RouteAccess::inference, serve_models);
  get("/v1/models/{id}", RouteAccess::inference, serve_model);
  post("/v1/chat/completions", serve_chat_completions);
  post("/v1/messages", serve_messages);
  post("/v1/messages/count_tokens", serve_count_tokens);
  post("/v1/completions", serve_completions);
  post("/v1/fim/completions", serve_fim_completions);
  post("/tokenize", serve_tokenize);
  post("/detokenize", serve_detokenize);
  get("/metrics", context.metrics_open ? RouteAccess::open : RouteAccess::metrics, serve_metrics);
  get("/openapi.json", RouteAccess::inference, serve_openapi);
  get("/docs", RouteAccess::inference, serve_docs);
  get("/health", RouteAccess::open, serve_health);
  get("/ready", RouteAccess::open, serve_health);
}

}  // namespace bise::api
