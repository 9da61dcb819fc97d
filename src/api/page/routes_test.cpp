#include <gtest/gtest.h>

#include "api/page/import_chats.h"
#include "api/page/test_page.h"

namespace bise::api {
namespace {

TEST(PageRoutes, UsersSeeOnlyWhatIsTheirs) {
  PageService service(PageService::new_store());
  service.says("secret answer");
  service.gate().open();
  const std::string chat = service.new_chat();
  service.send(chat, "secret question");
  const std::string message = at(service.wait_for(chat, "state", "done"), "id");
  for (const auto& [method, path, body] :
       {std::tuple("GET", concat("/api/chats/", chat), ""),
        std::tuple("PATCH", concat("/api/chats/", chat), R"({"title":"mine"})"),
        std::tuple("DELETE", concat("/api/chats/", chat), ""),
        std::tuple("POST", concat("/api/chats/", chat, "/restore"), ""),
        std::tuple("GET", concat("/api/chats/", chat, "/export"), ""),
        std::tuple("POST", concat("/api/chats/", chat, "/runs"),
                   R"({"kind":"send","content":"mine"})"),
        std::tuple("GET", concat("/api/messages/", message, "/tokens"), ""),
        std::tuple("GET", concat("/api/messages/", message, "/prompt"), ""),
        std::tuple("PUT", concat("/api/messages/", message, "/feedback"), R"({"rating":1})")}) {
    const http::Answer theirs = service.ask(method, path, body, 2);
    EXPECT_EQ(theirs.status, 404) << method << " " << path;
    std::string nowhere = path;
    nowhere.replace(nowhere.find('_') + 1, 32, std::string(32, '0'));
    EXPECT_EQ(theirs.body, service.ask(method, nowhere, body, 2).body) << path;
    EXPECT_EQ(at(json_of(theirs), "error.code"), "not_found");
  }
  EXPECT_EQ(service.ask("GET", "/api/search?q=secret", "", 2).body, R"({"results":[]})");
  EXPECT_TRUE(json_of(service.ask("GET", "/api/boot", "", 2)).find("chats")->items().empty());
  EXPECT_EQ(at(service.get("/api/chats/" + chat), "chat.title"), "secret question");
}

TEST(PageRoutes, ChatsAreListedFoundChangedDeletedAndBroughtBack) {
  PageService service(PageService::new_store());
  service.says("the pump stops");
  service.gate().open();
  const std::string chat = service.new_chat();
  service.send(chat, "Why?");
  service.wait_for(chat, "state", "done");
  const std::string path = "/api/chats/" + chat;
  const Json changed = json_of(service.ask(
      "PATCH", path, R"({"title":"Line 4","pinned":true,"sampling":{"top_p":0.5},"draft":"d"})"));
  EXPECT_EQ(at(changed, "title_set"), "true");
  EXPECT_EQ(at(changed, "sampling.top_p"), "0.5");
  EXPECT_EQ(at(json_of(service.ask("PATCH", path, R"({"title":null})")), "title"), "Why?");
  EXPECT_EQ(service.ask("PATCH", path, R"({"sampling":{"top_p":"x"}})").status, 422);
  EXPECT_EQ(service.ask("PATCH", path, R"([1])").status, 422);
  EXPECT_EQ(service.ask("PATCH", path, "{").status, 400);
  const Json found = service.get("/api/search?q=PUMP");
  EXPECT_EQ(at(found, "results.0.snippet"), "the pump stops");
  EXPECT_EQ(at(found, "results.0.marks.0.0"), "4");
  EXPECT_EQ(at(found, "results.0.marks.0.1"), "8");
  const std::string other = service.new_chat();
  const Json list = service.get("/api/chats?limit=1");
  EXPECT_EQ(at(list, "chats.0.id"), chat);
  const Json rest = service.get("/api/chats?limit=1&before=" + at(list, "next"));
  EXPECT_EQ(at(rest, "chats.0.id"), other);
  EXPECT_EQ(at(rest, "next"), "null");
  EXPECT_EQ(service.ask("GET", "/api/chats?before=x").status, 422);
  EXPECT_EQ(service.ask("DELETE", path).status, 204);
  EXPECT_EQ(service.ask("GET", path).status, 404);
  EXPECT_EQ(service.ask("POST", path + "/restore").status, 200);
  EXPECT_EQ(service.ask("DELETE", "/api/chats").body, R"({"deleted":2})");
}

TEST(PageRoutes, ATemporaryChatIsNeverStored) {
  const auto store = PageService::new_store();
  PageService service(store);
  service.says("gone");
  service.gate().open();
  const Json made = service.post("/api/chats", R"({"temporary":true})");
  EXPECT_EQ(at(made, "temporary"), "true");
  service.send(at(made, "id"), "where");
  EXPECT_EQ(at(service.wait_for(at(made, "id"), "state", "done"), "content"), "gone");
  EXPECT_TRUE(store->chats(1, {})->empty());
  EXPECT_TRUE(service.get("/api/chats").find("chats")->items().empty());
}

TEST(PageRoutes, FeedbackIsKeptAndExported) {
  PageService service(PageService::new_store());
  service.says("5");
  service.gate().open();
  const std::string chat = service.new_chat();
  service.send(chat, "2+2");
  const std::string message = at(service.wait_for(chat, "state", "done"), "id");
  const std::string path = concat("/api/messages/", message, "/feedback");
  const Json told = json_of(service.ask(
      "PUT", path, R"({"rating":-1,"labels":["wrong"],"comment":"no","corrected":"4"})"));
  EXPECT_EQ(at(told, "feedback.labels.0"), "wrong");
  EXPECT_EQ(service.ask("GET", "/api/feedback/export").body,
            R"({"messages": [{"role": "user", "content": "2+2"}, )"
            R"({"role": "assistant", "content": "4"}], "weight": 1})"
            "\n");
  EXPECT_EQ(service.ask("PUT", path, R"({"rating":7})").status, 422);
  EXPECT_EQ(at(json_of(service.ask("DELETE", path)), "feedback"), "null");
  EXPECT_EQ(service.ask("GET", "/api/feedback/export").body, "");
}

TEST(PageRoutes, KeysAreShownOnceAndSettingsAreMerged) {
  PageService service(PageService::new_store());
  const Json made = service.post("/api/keys", R"({"name":"vim","scopes":["inference"]})");
  EXPECT_EQ(at(made, "secret").substr(0, 5), "bise_");
  const Json keys = service.get("/api/keys");
  EXPECT_EQ(at(keys, "keys.0.name"), "vim");
  EXPECT_EQ(at(keys, "keys.0.scopes.0"), "inference");
  EXPECT_EQ(write_json(keys).find(at(made, "secret")), std::string::npos);
  EXPECT_EQ(service.ask("POST", "/api/keys", R"({"name":"x","scopes":["admin"]})", 2).status, 403);
  EXPECT_EQ(service.ask("DELETE", "/api/keys/" + at(keys, "keys.0.id"), "", 2).status, 404);
  EXPECT_EQ(service.ask("DELETE", "/api/keys/" + at(keys, "keys.0.id")).status, 204);
  service.ask("PATCH", "/api/settings", R"({"theme":"dark","language":"ko"})");
  service.ask("PATCH", "/api/settings", R"({"theme":null})");
  EXPECT_EQ(service.ask("GET", "/api/settings").body, R"({"language":"ko"})");
  const Json boot = service.get("/api/boot");
  EXPECT_EQ(at(boot, "user.name"), "Mira");
  EXPECT_EQ(at(boot, "models.0.id"), "test");
  EXPECT_EQ(at(json_of(service.ask("PATCH", "/api/models/test", R"({"pinned":true})")), "pinned"),
            "true");
}

TEST(PageRoutes, AnExportComesBackAsItWas) {
  PageService service(PageService::new_store());
  service.says("An answer");
  service.gate().open();
  const std::string chat = service.new_chat();
  service.send(chat, "A question");
  service.wait_for(chat, "state", "done");
  const http::Answer file = service.ask("GET", concat("/api/chats/", chat, "/export?format=json"));
  EXPECT_EQ(file.headers.get("content-disposition"), "attachment; filename=\"A-question.json\"");
  const Json back = service.post("/api/import", concat("[", file.body, ",{\"a\":1}]"));
  EXPECT_EQ(at(back, "skipped.0.index"), "1");
  const Json copy = service.get("/api/chats/" + at(back, "chats.0"));
  EXPECT_EQ(at(copy, "messages.1.content"), "An answer");
  EXPECT_EQ(at(copy, "chat.leaf"), at(copy, "messages.1.id"));
  const http::Answer text =
      service.ask("GET", concat("/api/chats/", chat, "/export?format=markdown"));
  EXPECT_EQ(text.body, "# A question\n\n## You\n\nA question\n\n## test\n\nAn answer\n");
}

TEST(ImportChats, ReadsOpenWebUiAndChatGpt) {
  const Json file = read_json(R"([
    {"title":"ours","chat":{"history":{"currentId":"b","messages":{
      "b":{"id":"b","parentId":"a","role":"assistant","content":"pong","model":"x","timestamp":2},
      "a":{"id":"a","parentId":null,"role":"user","content":"ping","timestamp":1}}}}},
    {"title":"theirs","create_time":1700000000.5,"current_node":"d","mapping":{
      "root":{"parent":null,"message":null},
      "s":{"parent":"root","message":{"author":{"role":"system"},"content":{"parts":[""]}}},
      "c":{"parent":"s","message":{"author":{"role":"user"},"content":{"parts":["one","two"]}}},
      "d":{"parent":"c","message":{"author":{"role":"assistant"},"content":{"parts":["three"]}}}}},
    {"title":"a circle","chat":{"history":{"currentId":"a","messages":{
      "a":{"parentId":"b","role":"user","content":"x"},
      "b":{"parentId":"a","role":"assistant","content":"y"}}}}},
    {"mapping":{}}, 7])")
                        .value();
  const ImportedFile read = read_imported_chats(file, 5);
  ASSERT_EQ(read.chats.size(), 3u);
  EXPECT_EQ(read.skipped.size(), 2u);
  EXPECT_EQ(read.chats[0].messages[0].content, "ping");
  EXPECT_EQ(read.chats[0].messages[0].created_at, 1000);
  EXPECT_EQ(read.chats[0].messages[1].parent_id, "a");
  EXPECT_EQ(read.chats[0].active_leaf, "b");
  EXPECT_EQ(read.chats[1].created_at, 1700000000500);
  EXPECT_EQ(read.chats[1].messages[0].content, "one\n\ntwo");
  EXPECT_EQ(read.chats[1].messages[0].parent_id, "");
  EXPECT_EQ(read.chats[2].messages.size(), 2u);
  EXPECT_EQ(read.chats[2].messages[0].parent_id, "");
}

}  // namespace
}  // namespace bise::api
