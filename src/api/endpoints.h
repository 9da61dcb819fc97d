#pragma once

// One handler an endpoint, each in the file of its name. They run on a worker thread, answer the
// exchange now or later, and do not throw but for lack of memory.

#include "api/services.h"
#include "http/exchange.h"

namespace bise::api {

void serve_chat_completions(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_completions(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_fim_completions(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_messages(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_count_tokens(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_models(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_model(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_tokenize(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_detokenize(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_health(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_metrics(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_openapi(const ServicesPtr& services, const http::ExchangePtr& exchange);
void serve_docs(const ServicesPtr& services, const http::ExchangePtr& exchange);

}  // namespace bise::api
