#include "store/test_stores.h"

namespace bise::store {
namespace {

class ChatContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, ChatContract, testing::Values("memory", "sqlite"),
                         [](const auto& suite) { return std::string(suite.param); });

TEST_P(ChatContract, AChatKeepsItsFieldsAndChangesWhatIsSet) {
  const Chat made =
      store->add_chat(mira.id, {.title = "Line 4", .model = "starter", .sampling = "{\"top_p\":1}"})
          .value();
  now += 10;
  Chat chat = store->chat(mira.id, made.id).value();
  EXPECT_EQ(chat.title, "Line 4");
  EXPECT_EQ(chat.model, "starter");
  EXPECT_EQ(chat.system_prompt, std::nullopt);
  EXPECT_EQ(chat.sampling, "{\"top_p\":1}");
  EXPECT_EQ(chat.active_leaf, "");
  ChatChange change;
  change.title = "Line 5";
  change.title_is_own = true;
  change.system_prompt = std::optional<std::string>("");
  change.pinned = true;
  chat = store->change_chat(mira.id, made.id, change).value();
  EXPECT_EQ(chat.title, "Line 5");
  EXPECT_TRUE(chat.title_is_own);
  EXPECT_EQ(chat.system_prompt, "");
  EXPECT_TRUE(chat.pinned);
  EXPECT_EQ(chat.model, "starter");
  EXPECT_EQ(chat.updated_at, made.updated_at);
  change = {};
  change.system_prompt = std::optional<std::string>();
  EXPECT_EQ(store->change_chat(mira.id, made.id, change)->system_prompt, std::nullopt);
}

TEST_P(ChatContract, ListsGoFromPinnedToNewestInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(store->add_chat(mira.id, {.pinned = i == 1, .archived = i == 4})->id);
    now += 10;
  }
  ASSERT_TRUE(store->add_chat(noe.id, {}).ok());
  ASSERT_TRUE(store->add_message(mira.id, ids[0], {.content = "moves it up"}).ok());
  ChatFilter filter{.limit = 2};
  const auto first = store->chats(mira.id, filter).value();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].id, ids[1]);
  EXPECT_EQ(first[1].id, ids[0]);
  filter.after = ChatCursor{first[1].pinned, first[1].updated_at, first[1].id};
  const auto second = store->chats(mira.id, filter).value();
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[0].id, ids[3]);
  EXPECT_EQ(second[1].id, ids[2]);
  filter.after = ChatCursor{second[1].pinned, second[1].updated_at, second[1].id};
  EXPECT_TRUE(store->chats(mira.id, filter)->empty());
  EXPECT_EQ(store->chats(mira.id, {.archived = true}).value()[0].id, ids[4]);
}

TEST_P(ChatContract, WhatIsSomebodyElsesIsNotThere) {
  const Chat chat = store->add_chat(mira.id, {.title = "hers"}).value();
  const Message message = ask(chat, "", "question", "answer");
  const std::string gone = "chat_00000000000000000000000000000000";
  for (const std::string& id : {chat.id, gone}) {
    EXPECT_TRUE(is_missing(store->chat(noe.id, id), "chat"));
    EXPECT_TRUE(is_missing(store->change_chat(noe.id, id, {}), "chat"));
    EXPECT_TRUE(is_missing(store->delete_chat(noe.id, id), "chat"));
    EXPECT_TRUE(is_missing(store->undelete_chat(noe.id, id), "chat"));
    EXPECT_TRUE(is_missing(store->messages(noe.id, id), "chat"));
    EXPECT_TRUE(is_missing(store->add_message(noe.id, id, {}), "chat"));
  }
  for (const std::string& id : {message.id, std::string("msg_0")}) {
    EXPECT_TRUE(is_missing(store->message(noe.id, id), "message"));
    EXPECT_TRUE(is_missing(store->tokens_of(noe.id, id), "message"));
    EXPECT_TRUE(is_missing(store->set_feedback(noe.id, id, Feedback{}), "message"));
  }
  MessageChange change{.user_id = noe.id, .message_id = message.id};
  change.content = "overwritten";
  ASSERT_TRUE(store->change_messages({&change, 1}).ok());
  EXPECT_EQ(store->message(mira.id, message.id)->content, "answer");
  EXPECT_TRUE(store->chats(noe.id, {})->empty());
  EXPECT_TRUE(store->search(noe.id, "answer", 10)->empty());
  EXPECT_TRUE(store->search(noe.id, "hers", 10)->empty());
}

TEST_P(ChatContract, MessagesMakeATreeWithinTheirChat) {
  const Chat chat = store->add_chat(mira.id, {}).value();
  const Chat other = store->add_chat(mira.id, {}).value();
  const Message answer = ask(chat, "", "one", "1");
  const Message branch = ask(chat, answer.id, "two", "2");
  now += 10;
  const Message again =
      store
          ->add_message(mira.id, chat.id,
                        {.parent_id = branch.parent_id, .role = Role::assistant, .content = "II"})
          .value();
  const auto all = store->messages(mira.id, chat.id).value();
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[0].parent_id, "");
  EXPECT_EQ(all[1].parent_id, all[0].id);
  EXPECT_EQ(all[4].id, again.id);
  EXPECT_EQ(all[4].parent_id, all[3].parent_id);
  EXPECT_EQ(store->chat(mira.id, chat.id)->active_leaf, again.id);
  EXPECT_EQ(store->chat(mira.id, chat.id)->updated_at, now);
  ChatChange change;
  change.active_leaf = branch.id;
  EXPECT_EQ(store->change_chat(mira.id, chat.id, change)->active_leaf, branch.id);
  EXPECT_TRUE(is_missing(store->change_chat(mira.id, other.id, change), "message"));
  EXPECT_TRUE(
      is_missing(store->add_message(mira.id, other.id, {.parent_id = answer.id}), "message"));
}

TEST_P(ChatContract, AnAnswerGrowsAndKeepsItsTokens) {
  const Chat chat = store->add_chat(mira.id, {}).value();
  const std::string tokens("\0\1\xFF", 3);
  const Message answer = store
                             ->add_message(mira.id, chat.id,
                                           {.role = Role::assistant,
                                            .status = MessageStatus::running,
                                            .model = "starter",
                                            .tokens = tokens})
                             .value();
  std::vector<MessageChange> changes(2);
  changes[0] = {.user_id = mira.id, .message_id = answer.id, .more_tokens = tokens};
  changes[0].content = "Half";
  changes[0].seed = UINT64_MAX;
  changes[0].token_count = 2;
  changes[1] = {.user_id = mira.id, .message_id = "msg_gone", .more_tokens = "x"};
  changes[1].content = "nobody's";
  ASSERT_TRUE(store->change_messages(changes).ok());
  EXPECT_TRUE(store->search(mira.id, "half", 10)->empty()) << "while it is being written";
  MessageChange end{.user_id = mira.id, .message_id = answer.id, .more_tokens = "end"};
  end.content = "Half and more";
  end.thinking = "hm";
  end.status = MessageStatus::done;
  end.finish_reason = "stop";
  end.metrics = "{}";
  ASSERT_TRUE(store->change_messages({&end, 1}).ok());
  const Message read = store->message(mira.id, answer.id).value();
  EXPECT_EQ(read.content, "Half and more");
  EXPECT_EQ(read.thinking, "hm");
  EXPECT_EQ(read.status, MessageStatus::done);
  EXPECT_EQ(read.finish_reason, "stop");
  EXPECT_EQ(read.model, "starter");
  EXPECT_EQ(read.seed, UINT64_MAX);
  EXPECT_EQ(read.token_count, 2);
  EXPECT_EQ(read.tokens, "");
  EXPECT_EQ(store->tokens_of(mira.id, answer.id).value(), tokens + tokens + "end");
  EXPECT_EQ(store->search(mira.id, "half", 10)->size(), 1u);
}

TEST_P(ChatContract, WhatRanWhenTheServerEndedIsStopped) {
  const Chat chat = store->add_chat(mira.id, {}).value();
  const MessageFields fields{.content = "interrupted text", .status = MessageStatus::running};
  const Message message = store->add_message(mira.id, chat.id, fields).value();
  ASSERT_TRUE(ask(chat, "", "q", "a").status == MessageStatus::done);
  EXPECT_EQ(store->stop_running_messages().value(), 1);
  EXPECT_EQ(store->stop_running_messages().value(), 0);
  EXPECT_EQ(store->message(mira.id, message.id)->status, MessageStatus::stopped);
  EXPECT_EQ(store->search(mira.id, "interrupted", 10)->size(), 1u);
}

TEST_P(ChatContract, ADeletedChatComesBackUntilItIsPurged) {
  const Chat chat = store->add_chat(mira.id, {.title = "gone soon"}).value();
  const Message message = ask(chat, "", "where", "here");
  ASSERT_TRUE(store->delete_chat(mira.id, chat.id).ok());
  EXPECT_TRUE(is_missing(store->chat(mira.id, chat.id), "chat"));
  EXPECT_TRUE(is_missing(store->delete_chat(mira.id, chat.id), "chat"));
  EXPECT_TRUE(is_missing(store->messages(mira.id, chat.id), "chat"));
  EXPECT_TRUE(is_missing(store->message(mira.id, message.id), "message"));
  EXPECT_TRUE(store->search(mira.id, "here", 10)->empty());
  EXPECT_TRUE(store->search(mira.id, "gone", 10)->empty());
  EXPECT_TRUE(store->chats(mira.id, {})->empty());
  EXPECT_TRUE(is_missing(store->undelete_chat(noe.id, chat.id), "chat"));
  EXPECT_EQ(store->undelete_chat(mira.id, chat.id)->title, "gone soon");
  EXPECT_EQ(store->messages(mira.id, chat.id)->size(), 2u);
  ASSERT_TRUE(store->delete_chat(mira.id, chat.id).ok());
  EXPECT_EQ(store->purge_chats_deleted_before(now).value(), 0);
  EXPECT_EQ(store->purge_chats_deleted_before(now + 1).value(), 1);
  EXPECT_TRUE(is_missing(store->undelete_chat(mira.id, chat.id), "chat"));
}

TEST_P(ChatContract, AllChatsOfAUserGoAtOnceHoweverLongTheyAre) {
  ImportedChat chat;
  for (int i = 0; i < 3000; ++i) {
    Message message;
    message.id = std::to_string(i);
    message.parent_id = i == 0 ? "" : std::to_string(i - 1);
    message.content = "some text";
    chat.messages.push_back(std::move(message));
  }
  ASSERT_TRUE(store->import_chat(mira.id, chat).ok());
  ASSERT_TRUE(store->add_chat(noe.id, {}).ok());
  EXPECT_EQ(store->purge_chats_of(mira.id).value(), 1);
  EXPECT_TRUE(store->chats(mira.id, {})->empty());
  EXPECT_TRUE(store->search(mira.id, "text", 10)->empty());
  EXPECT_EQ(store->chats(noe.id, {})->size(), 1u);
}

TEST_P(ChatContract, AnImportedChatGetsNewIdsOrDoesNotComeAtAll) {
  ImportedChat chat{.fields = {.title = "old"}, .created_at = 5, .updated_at = 6};
  chat.active_leaf = "b";
  chat.messages.resize(2);
  chat.messages[0].id = "a";
  chat.messages[0].content = "question";
  chat.messages[1].id = "b";
  chat.messages[1].parent_id = "a";
  chat.messages[1].role = Role::assistant;
  chat.messages[1].created_at = 6;
  const Chat made = store->import_chat(mira.id, chat).value();
  EXPECT_EQ(made.updated_at, 6);
  const auto all = store->messages(mira.id, made.id).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].id, made.active_leaf);
  EXPECT_EQ(all[1].parent_id, all[0].id);
  EXPECT_EQ(all[1].created_at, 6);
  EXPECT_NE(all[0].id, "a");
  std::swap(chat.messages[0], chat.messages[1]);
  EXPECT_EQ(store->import_chat(mira.id, chat).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store->chats(mira.id, {})->size(), 1u);
}

TEST_P(ChatContract, SearchFindsEveryWordAnywhere) {
  const Chat chat = store->add_chat(mira.id, {.title = "About pumps"}).value();
  ask(chat, "", "Why does the PUMP stop?", "The valve \"V-12\" is shut.");
  now += 10;
  const Message korean = ask(chat, "", "밸브 상태", "펌프가 멈췄습니다");
  const auto pump = store->search(mira.id, "pump", 10).value();
  ASSERT_EQ(pump.size(), 2u);
  EXPECT_EQ(pump[0].message_id, "");
  EXPECT_EQ(pump[0].excerpt, "About pumps");
  EXPECT_EQ(pump[1].excerpt, "Why does the PUMP stop?");
  EXPECT_EQ(pump[1].chat_title, "About pumps");
  EXPECT_EQ(store->search(mira.id, "stop pump", 10)->size(), 1u);
  EXPECT_EQ(store->search(mira.id, "valve\" pump", 10)->size(), 0u);
  EXPECT_EQ(store->search(mira.id, "\"V-12\" IS", 10)->size(), 1u);
  EXPECT_EQ(store->search(mira.id, "OR NEAR( * ^", 10)->size(), 0u);
  EXPECT_EQ(store->search(mira.id, "상태", 10).value()[0].message_id, korean.parent_id);
  EXPECT_EQ(store->search(mira.id, "멈췄습니다", 10).value()[0].message_id, korean.id);
  EXPECT_TRUE(store->search(mira.id, " \n", 10)->empty());
  EXPECT_TRUE(store->search(mira.id, "\xFF\xFE", 10)->empty());
  EXPECT_EQ(store->search(mira.id, "pump", 1)->size(), 1u);
}

TEST_P(ChatContract, FeedbackIsReplacedAndTakenBack) {
  const Chat chat = store->add_chat(mira.id, {}).value();
  const Message answer = ask(chat, "", "2+2", "5");
  EXPECT_FALSE(answer.feedback);
  EXPECT_TRUE(store->chats_with_feedback(mira.id)->empty());
  ASSERT_TRUE(store->set_feedback(mira.id, answer.id, Feedback{.thumb = Thumb::up}).ok());
  Feedback feedback{.thumb = Thumb::down, .labels = {"wrong", "style"}, .comment = "no"};
  feedback.correction = "4";
  ASSERT_TRUE(store->set_feedback(mira.id, answer.id, feedback).ok());
  const auto read = store->messages(mira.id, chat.id).value()[1].feedback;
  ASSERT_TRUE(read);
  EXPECT_EQ(read->thumb, Thumb::down);
  EXPECT_EQ(read->labels, feedback.labels);
  EXPECT_EQ(read->comment, "no");
  EXPECT_EQ(read->correction, "4");
  EXPECT_EQ(store->chats_with_feedback(mira.id).value(), std::vector<std::string>{chat.id});
  EXPECT_TRUE(store->chats_with_feedback(noe.id)->empty());
  ASSERT_TRUE(store->set_feedback(mira.id, answer.id, std::nullopt).ok());
  EXPECT_FALSE(store->message(mira.id, answer.id)->feedback);
}

}  // namespace
}  // namespace bise::store
