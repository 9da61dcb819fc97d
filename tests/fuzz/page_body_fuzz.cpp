// The first byte chooses a route of the page, the rest is the body, in which @c, @q and @a stand
// for a chat, its question and its answer. Whatever the body is, the server does it or refuses it
// in words: none of it is a fault of its own.

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "api/page/test_page.h"
#include "base/check.h"
#include "base/json.h"

namespace {

using namespace bise;
using namespace bise::api;

struct Route {
  const char* method;
  const char* path;
};
constexpr std::array<Route, 12> kRoutes = {{{"POST", "/api/chats"},
                                            {"PATCH", "/api/chats/@c"},
                                            {"POST", "/api/chats/@c/messages"},
                                            {"POST", "/api/chats/@c/runs"},
                                            {"PUT", "/api/messages/@a/feedback"},
                                            {"POST", "/api/import"},
                                            {"PATCH", "/api/me"},
                                            {"POST", "/api/keys"},
                                            {"PATCH", "/api/settings"},
                                            {"POST", "/api/prompts"},
                                            {"PATCH", "/api/models/test"},
                                            {"POST", "/api/users"}}};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class Fixture {
 public:
  Fixture() : service_(store_) {
    service_.says("ok");
    service_.gate().open();
  }

  http::Answer ask(const Route& route, std::string body) {
    const store::Chat chat = store_->add_chat(1, {}).value();
    store::MessageFields fields;
    fields.role = store::Role::user;
    fields.content = "question";
    const std::string question = store_->add_message(1, chat.id, fields).value().id;
    fields.parent_id = question;
    fields.role = store::Role::assistant;
    const std::string answer = store_->add_message(1, chat.id, fields).value().id;
    const auto filled = [&](std::string text) {
      return replaced(replaced(replaced(std::move(text), "@c", chat.id), "@q", question), "@a",
                      answer);
    };
    const http::Answer got =
        service_.ask(route.method, filled(route.path), filled(std::move(body)));
    store_->purge_chats_of(1).value();
    return got;
  }

 private:
  const std::shared_ptr<store::Store> store_ = PageService::new_store();
  PageService service_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Now and then a new one, for what inputs leave in it.
  static std::unique_ptr<Fixture> fixture;
  static int inputs = 0;
  if (size == 0) return 0;
  if (inputs++ % 1000 == 0) fixture = std::make_unique<Fixture>();
  const http::Answer answer =
      fixture->ask(kRoutes[data[0] % kRoutes.size()],
                   std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  CHECK(answer.whole);
  CHECK(answer.status >= 200 && answer.status < 500);
  if (answer.status < 400) return 0;
  const Result<Json> json = read_json(answer.body);
  CHECK(json.ok() && json->find("error") != nullptr);
  CHECK(!json->find("error")->find("message")->as_string().empty());
  return 0;
}
