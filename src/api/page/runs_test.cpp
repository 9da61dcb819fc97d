#include <gtest/gtest.h>

#include "api/page/test_page.h"
#include "store/memory/memory_store.h"

namespace bise::api {
namespace {

// An open stream of events, read event by event.
class EventStream {
 public:
  EventStream(PageService& service, std::string_view query, std::string_view last_id = "")
      : client_(service.port()) {
    client_.send(concat("GET /api/events", query, " HTTP/1.1\r\nHost: test\r\n",
                        last_id.empty() ? "" : concat("Last-Event-ID: ", last_id, "\r\n"), "\r\n"));
    client_.receive_until(": here");
  }
  struct Event {
    std::string id, name;
    Json data;
  };
  // The next of that name; those before it are passed over.
  Event next(std::string_view name) {
    while (true) {
      const std::string& text = client_.received();
      const std::size_t begin = text.find("event: ");
      const std::size_t end = begin == std::string::npos ? begin : text.find("\n\n", begin);
      if (end == std::string::npos) {
        if (!client_.receive()) return {};
        continue;
      }
      Event event = read(text.substr(begin, end - begin));
      client_.received().erase(0, end + 2);
      if (event.name == name) return event;
    }
  }

  bool ends() {
    while (client_.receive()) {
    }
    return client_.has_ended();
  }

 private:
  static Event read(const std::string& text) {
    const auto field = [&](std::string_view mark) {
      const std::size_t at = text.find(mark);
      if (at == std::string::npos) return std::string();
      return text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
    };
    return {field("id: "), field("event: "), read_json(field("data: ")).value()};
  }
  http::TestClient client_;
};

TEST(Runs, AnAnswerIsWrittenAndCanBeLookedInto) {
  PageService service(PageService::new_store());
  service.says("[THINK]hm[/THINK]Hi, you");
  service.gate().open();
  const std::string chat = service.new_chat();
  const Json run = service.send(chat, "Hello  there");
  EXPECT_EQ(at(run, "chat.title"), "Hello there");
  EXPECT_EQ(at(run, "messages.1.state"), "queued");
  EXPECT_EQ(at(run, "messages.1.parent"), at(run, "messages.0.id"));
  const Json answer = service.wait_for(chat, "state", "done");
  EXPECT_EQ(at(answer, "content"), "Hi, you");
  EXPECT_EQ(at(answer, "thinking"), "hm");
  EXPECT_EQ(at(answer, "n"), "11");
  EXPECT_EQ(at(answer, "facts.tokens"), "11");
  EXPECT_NE(at(answer, "facts.seed"), "null");
  EXPECT_EQ(at(service.get("/api/chats/" + chat), "chat.leaf"), at(answer, "id"));

  const Json tokens = service.get(concat("/api/messages/", at(answer, "id"), "/tokens"));
  EXPECT_EQ(at(tokens, "tokens.0.part"), "control");
  EXPECT_EQ(at(tokens, "tokens.1.part"), "thinking");
  EXPECT_EQ(at(tokens, "tokens.4.text"), "H");
  EXPECT_EQ(at(tokens, "tokens.4.top.0.1"), "H");
  EXPECT_EQ(tokens.find("tokens")->items().size(), 11u);
  const Json prompt = service.get(concat("/api/messages/", at(answer, "id"), "/prompt"));
  EXPECT_EQ(at(prompt, "pieces.1.text"), "[INST]");
  EXPECT_EQ(at(prompt, "pieces.1.control"), "true");
  EXPECT_EQ(at(prompt, "pieces.2.text"), "Hello  there");
}

TEST(Runs, OneOutlivesItsConnection) {
  PageService service(PageService::new_store());
  service.says("A long answer");
  const std::string chat = service.new_chat();
  {
    EventStream events(service, "");
    service.send(chat, "go");
    service.gate().allow(3);
    EXPECT_EQ(at(events.next("delta").data, "from"), "0");
  }
  service.gate().open();
  EXPECT_EQ(at(service.wait_for(chat, "state", "done"), "content"), "A long answer");
}

TEST(Runs, EventsGoOnWhereTheyWereLeft) {
  PageService service(PageService::new_store());
  service.says("0123456789");
  const std::string chat = service.new_chat();
  std::string text, last_id;
  {
    EventStream events(service, concat("?after=", at(service.get("/api/boot"), "event")));
    service.send(chat, "go");
    service.gate().allow(4);
    while (text.size() < 3) {
      const auto event = events.next("delta");
      ASSERT_NE(event.id, "");
      text += at(event.data, "text");
      last_id = event.id;
    }
  }
  service.gate().open();
  service.wait_for(chat, "state", "done");
  EventStream again(service, "?after=1", last_id);
  while (text.size() < 10) {
    const auto event = again.next("delta");
    ASSERT_GT(std::stoull(event.id), std::stoull(last_id));
    EXPECT_EQ(at(event.data, "from"), concat(text.size()));
    text += at(event.data, "text");
  }
  EXPECT_EQ(text, "0123456789");
  EXPECT_EQ(at(again.next("message").data, "message.state"), "done");
  EventStream too_old(service, "?after=1");
  EXPECT_NE(too_old.next("reset").id, "");
}

TEST(Runs, AStoppedOneGoesOnFromItsTokens) {
  PageService service(PageService::new_store());
  service.says("Half and half");
  const std::string chat = service.new_chat();
  const Json run = service.send(chat, "go");
  service.gate().allow(5);
  service.wait_for(chat, "n", "5");
  const http::Answer busy =
      service.ask("POST", concat("/api/chats/", chat, "/runs"), R"({"kind":"send","content":"x"})");
  EXPECT_EQ(busy.status, 409);
  EXPECT_EQ(at(json_of(busy), "error.code"), "busy");
  const std::string stop = concat("/api/runs/", at(run, "run"), "/stop");
  EXPECT_EQ(service.ask("POST", stop, "", 2).status, 204) << "not theirs: nothing happens";
  EXPECT_EQ(service.ask("POST", stop).status, 204);
  service.gate().allow(1);
  const Json stopped = service.wait_for(chat, "state", "stopped");
  const std::string text = at(stopped, "content");
  EXPECT_EQ(text, std::string("Half and half").substr(0, text.size()));
  ASSERT_LT(text.size(), 13u);
  service.gate().open();
  const Json more =
      service.post(concat("/api/chats/", chat, "/runs"),
                   concat(R"({"kind":"continue","message":")", at(stopped, "id"), "\"}"));
  EXPECT_EQ(at(more, "messages.0.content"), text);
  const Json answer = service.wait_for(chat, "state", "done");
  EXPECT_EQ(at(answer, "content"), "Half and half");
  EXPECT_EQ(at(answer, "id"), at(stopped, "id"));
  EXPECT_EQ(at(answer, "n"), "13");
}

TEST(Runs, WhatAServerLeftIsStoppedAndGoesOn) {
  const auto store = PageService::new_store();
  std::string chat, answer;
  {
    PageService service(store);
    service.says("Before and after");
    chat = service.new_chat();
    answer = at(service.send(chat, "go"), "messages.1.id");
    service.gate().allow(8);
    ASSERT_TRUE(http::comes_true([&] { return store->message(1, answer)->token_count >= 6; }));
    // Ends while the answer is being written.
    service.gate().allow(1);
  }
  // As a server leaves it that is killed.
  store::MessageChange running{.user_id = 1, .message_id = answer};
  running.status = store::MessageStatus::running;
  ASSERT_TRUE(store->change_messages({&running, 1}).ok());
  PageService service(store);
  service.says("Before and after");
  const Json stopped = service.wait_for(chat, "state", "stopped");
  EXPECT_EQ(at(stopped, "id"), answer);
  EXPECT_EQ(at(stopped, "content").substr(0, 6), "Before");
  service.gate().open();
  service.post(concat("/api/chats/", chat, "/runs"),
               concat(R"({"kind":"continue","message":")", answer, "\"}"));
  EXPECT_EQ(at(service.wait_for(chat, "state", "done"), "content"), "Before and after");
}

// Takes no changes while its disk is full.
class FullStore final : public store::MemoryStore {
 public:
  FullStore() : MemoryStore(store::system_time_ms) {}
  Result<void> change_messages(std::span<const store::MessageChange> changes) override {
    if (is_full) return Error{ErrorCode::io, "there is no room left on the disk"};
    return MemoryStore::change_messages(changes);
  }
  std::atomic<bool> is_full{true};
};

TEST(Runs, WhatAFullDiskDoesNotTakeIsKeptUntilThereIsRoom) {
  const auto store = std::make_shared<FullStore>();
  ASSERT_EQ(store->add_user("Mira")->id, 1);
  PageService service(store);
  service.says("Kept");
  service.gate().open();
  const std::string chat = service.new_chat();
  const std::string id = at(service.send(chat, "go"), "messages.1.id");
  EXPECT_EQ(at(service.wait_for(chat, "content", "Kept"), "state"), "writing");
  EXPECT_EQ(store->message(1, id)->content, "");
  store->is_full = false;
  EXPECT_EQ(at(service.wait_for(chat, "state", "done"), "content"), "Kept");
  EXPECT_EQ(store->message(1, id)->token_count, 4);
  EXPECT_EQ(read_token_log(store->tokens_of(1, id).value())->size(), 4u);
}

TEST(Runs, AServerThatDrainsLetsGoOfListenersAndStopsRuns) {
  PageService service(PageService::new_store());
  service.says_endlessly();
  const std::string chat = service.new_chat();
  EventStream events(service, "");
  service.send(chat, "go");
  service.gate().allow(2);
  service.wait_for(chat, "n", "2");
  service.page().drain();
  EXPECT_TRUE(events.ends());
  service.gate().open();
  service.wait_for(chat, "state", "stopped");
  EXPECT_EQ(
      service
          .ask("POST", concat("/api/chats/", chat, "/runs"), R"({"kind":"send","content":"more"})")
          .status,
      503);
}

TEST(Runs, OneThatNobodyLooksAtStops) {
  PageService service(PageService::new_store(), std::chrono::milliseconds(1));
  service.says_endlessly();
  const std::string chat = service.new_chat();
  service.send(chat, "go");
  // The model waits until the run has been given up.
  ASSERT_TRUE(http::comes_true([&] {
    service.gate().allow(1);
    return at(service.get("/api/chats/" + chat), "messages.1.state") == "stopped";
  }));
  EXPECT_EQ(at(service.get("/api/chats/" + chat), "chat.run"), "null");
}

TEST(Runs, AnotherAnswerAndAnotherToken) {
  PageService service(PageService::new_store());
  service.says("yes");
  service.gate().open();
  const std::string chat = service.new_chat();
  service.send(chat, "well");
  const std::string first = at(service.wait_for(chat, "state", "done"), "id");
  const std::string runs = concat("/api/chats/", chat, "/runs");
  const Json again =
      service.post(runs, concat(R"({"kind":"regenerate","message":")", first, "\"}"));
  EXPECT_NE(at(again, "messages.0.id"), first);
  EXPECT_EQ(at(service.wait_for(chat, "state", "done"), "content"), "yes");
  service.says("yolk");
  const Json taken = service.post(
      runs, concat(R"({"kind":"take","index":1,"token":111,"message":")", first, "\"}"));
  EXPECT_EQ(at(taken, "messages.0.content"), "yo");
  const Json answer = service.wait_for(chat, "state", "done");
  EXPECT_EQ(at(answer, "content"), "yolk");
  const Json tokens = service.get(concat("/api/messages/", at(answer, "id"), "/tokens"));
  EXPECT_EQ(at(tokens, "tokens.0.text"), "y");
  EXPECT_EQ(tokens.find("tokens")->items().size(), 4u);
  EXPECT_EQ(service.get("/api/chats/" + chat).find("messages")->items().size(), 4u);
  EXPECT_EQ(service
                .ask("POST", runs,
                     concat(R"({"kind":"take","index":9,"token":1,"message":")", first, "\"}"))
                .status,
            422);
}

TEST(Runs, TheSameRequestTwiceStartsOneRun) {
  PageService service(PageService::new_store());
  service.says("once");
  service.gate().open();
  const std::string chat = service.new_chat();
  const Json first = service.send(chat, "go", R"(,"id":"page-1")");
  service.wait_for(chat, "state", "done");
  EXPECT_EQ(at(service.send(chat, "go", R"(,"id":"page-1")"), "run"), at(first, "run"));
  EXPECT_EQ(service.get("/api/chats/" + chat).find("messages")->items().size(), 2u);
}

TEST(Runs, WhatDoesNotFitIsSaidWithNumbersAndLeavesNothing) {
  PageService service(PageService::new_store());
  const std::string chat = service.new_chat();
  const http::Answer answer =
      service.ask("POST", concat("/api/chats/", chat, "/runs"),
                  concat(R"({"kind":"send","content":")", std::string(5000, 'x'), "\"}"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(at(json_of(answer), "error.code"), "context_full");
  EXPECT_EQ(at(json_of(answer), "error.context"), "4096");
  EXPECT_EQ(at(json_of(answer), "error.needed"), "5003");
  EXPECT_TRUE(service.get("/api/chats/" + chat).find("messages")->items().empty());
}

}  // namespace
}  // namespace bise::api
