// The first byte chooses a route and a family, the rest is the body. An engine that takes nothing
// stands behind: whatever the body is, the answer is a refusal in the route's own form, or, where
// no engine is needed, an answer.

#include <array>
#include <cstdint>
#include <string>

#include "api/endpoints.h"
#include "api/test_service.h"
#include "base/check.h"
#include "http/exchange_state.h"

namespace {

using namespace bise;
using namespace bise::api;

struct Route {
  const char* path;
  void (*serve)(const ServicesPtr&, const http::ExchangePtr&);
};
constexpr std::array<Route, 7> kRoutes = {{{"/v1/chat/completions", serve_chat_completions},
                                           {"/v1/completions", serve_completions},
                                           {"/v1/fim/completions", serve_fim_completions},
                                           {"/v1/messages", serve_messages},
                                           {"/v1/messages/count_tokens", serve_count_tokens},
                                           {"/tokenize", serve_tokenize},
                                           {"/detokenize", serve_detokenize}}};

class Server {
 public:
  Server() : engine_(entries(), {.sampling_threads = 1}) {
    engine_.drain();
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    for (const Layout layout : {Layout::v15, Layout::v3}) {
      ServedModel model;
      model.id = layout_name(layout);
      model.context_tokens = kContext;
      model.tokenizer = tokenizer;
      model.layout = make_chat_layout(layout, *tokenizer, {}).value();
      find_abilities(model);
      catalog_.add(std::move(model)).value();
    }
    ApiContext context;
    context.engine = &engine_;
    context.catalog = &catalog_;
    services_ = std::make_shared<const ApiServices>(ApiServices{context, FieldTable()});
  }

  http::Response ask(const Route& route, std::string body) const {
    const auto state = std::make_shared<http::detail::ExchangeState>();
    state->request.method = "POST";
    state->request.path = route.path;
    state->request.body = std::move(body);
    Principal principal;
    principal.scopes = Scopes::all();
    state->request.identity = principal;
    route.serve(services_, std::make_shared<http::Exchange>(state));
    std::optional<http::Failure> failure;
    CHECK(state->is_answered());
    http::Response response = state->take_answer(failure);
    CHECK(!failure);
    return response;
  }

 private:
  static constexpr int kContext = 4096;

  static std::vector<ModelEntry> entries() {
    std::vector<ModelEntry> entries;
    for (const Layout layout : {Layout::v15, Layout::v3}) {
      entries.push_back({.name = layout_name(layout),
                         .vocab_size = kByteVocab,
                         .context_tokens = kContext,
                         .bytes = 1,
                         .load = []() -> Result<EngineModel> {
                           return Error{ErrorCode::internal, "nothing is loaded"};
                         }});
    }
    return entries;
  }

  Engine engine_;
  ModelCatalog catalog_;
  ServicesPtr services_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Server server;
  if (size == 0) return 0;
  const Route& route = kRoutes[data[0] % kRoutes.size()];
  const http::Response response =
      server.ask(route, std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  const int status = response.status;
  CHECK(status == 200 || (status >= 400 && status < 500) || status == 529);
  const Result<Json> json = read_json(response.body);
  CHECK(json.ok() && json->is_object());
  if (status == 200) return 0;
  CHECK(json->find("error") != nullptr);
  CHECK(!json->find("error")->find("message")->as_string().empty());
  return 0;
}
