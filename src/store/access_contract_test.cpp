#include "store/test_stores.h"
#include "store/words.h"

namespace bise::store {
namespace {

class AccessContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, AccessContract, testing::Values("memory", "sqlite"),
                         [](const auto& suite) { return std::string(suite.param); });

TEST_P(AccessContract, TheFirstUserIsOwnerAndNamesAreOnes) {
  EXPECT_TRUE(mira.is_owner);
  EXPECT_FALSE(noe.is_owner);
  EXPECT_EQ(mira.public_id.substr(0, 5), "user_");
  EXPECT_EQ(mira.public_id.size(), 37u);
  EXPECT_NE(mira.public_id, noe.public_id);
  EXPECT_EQ(mira.created_at, now);
  EXPECT_EQ(store->add_user("MIRA").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store->rename_user(noe.id, "Mira").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store->rename_user(mira.id, "mira").value().name, "mira");
  EXPECT_FALSE(store->user(mira.id)->password_hash);
  ASSERT_TRUE(store->set_password_hash(mira.id, "$argon2id$…").ok());
  EXPECT_EQ(store->user(mira.id)->password_hash, "$argon2id$…");
  EXPECT_TRUE(is_missing(store->user(99), "user"));
  EXPECT_TRUE(is_missing(store->rename_user(99, "x"), "user"));
  ASSERT_EQ(store->users()->size(), 2u);
  EXPECT_EQ(store->users().value()[1].name, "Noé");
}

TEST_P(AccessContract, ALinkWorksOnceAndNotTooLate) {
  ASSERT_TRUE(store->add_sign_in_link(mira.id, digest_of(1), now + 1000).ok());
  ASSERT_TRUE(store->add_sign_in_link(noe.id, digest_of(2), now + 1000).ok());
  EXPECT_TRUE(is_missing(store->add_sign_in_link(99, digest_of(3), now + 1000), "user"));
  EXPECT_EQ(store->use_sign_in_link(digest_of(1)).value()->id, mira.id);
  EXPECT_FALSE(store->use_sign_in_link(digest_of(1)).value());
  EXPECT_FALSE(store->use_sign_in_link(digest_of(3)).value());
  now += 1000;
  EXPECT_FALSE(store->use_sign_in_link(digest_of(2)).value());
}

TEST_P(AccessContract, SessionsAreFoundSeenAndEnded) {
  const Session first = store->add_session({mira.id, digest_of(1), "Firefox"}).value();
  now += 5;
  const Session second = store->add_session({mira.id, digest_of(2), "Chromium"}).value();
  EXPECT_EQ(second.last_seen_at, now);
  EXPECT_NE(first.public_id, second.public_id);
  EXPECT_TRUE(is_missing(store->add_session({99, digest_of(9), ""}), "user"));
  const auto found = store->find_session(digest_of(1)).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->session.user_agent, "Firefox");
  EXPECT_EQ(found->user.name, "Mira");
  EXPECT_FALSE(store->find_session(digest_of(3)).value());
  EXPECT_EQ(store->sessions(mira.id).value()[0].id, second.id);
  now += 5;
  ASSERT_TRUE(store->touch_session(first.id).ok());
  EXPECT_EQ(store->sessions(mira.id).value()[0].id, first.id);
  EXPECT_EQ(store->sessions(mira.id).value()[0].last_seen_at, now);

  EXPECT_TRUE(is_missing(store->end_session(noe.id, first.public_id), "session"));
  ASSERT_TRUE(store->end_session(mira.id, first.public_id).ok());
  EXPECT_TRUE(is_missing(store->end_session(mira.id, first.public_id), "session"));
  EXPECT_FALSE(store->find_session(digest_of(1)).value());
  ASSERT_TRUE(store->add_session({mira.id, digest_of(4), ""}).ok());
  EXPECT_EQ(store->end_other_sessions(mira.id, second.id).value(), 1);
  EXPECT_TRUE(store->find_session(digest_of(2)).value());
}

TEST_P(AccessContract, KeysKeepWhatTheyWereMadeWith) {
  const Key key = store
                      ->add_key({.user_id = mira.id,
                                 .digest = digest_of(7),
                                 .name = "editor",
                                 .hint = "bise_9tQv",
                                 .scopes = 5,
                                 .lane = 2,
                                 .expires_at = now + 60'000,
                                 .requests_per_minute = 30,
                                 .tokens_per_day = 1000})
                      .value();
  const auto found = store->find_key(digest_of(7)).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user.id, mira.id);
  EXPECT_EQ(found->key.public_id, key.public_id);
  EXPECT_EQ(found->key.scopes, 5u);
  EXPECT_EQ(found->key.lane, 2);
  EXPECT_EQ(found->key.expires_at, now + 60'000);
  EXPECT_EQ(found->key.requests_per_minute, 30);
  EXPECT_EQ(found->key.tokens_per_day, 1000);
  EXPECT_EQ(found->key.hint, "bise_9tQv");
  EXPECT_FALSE(found->key.last_used_at);
  EXPECT_FALSE(store->find_key(digest_of(8)).value());

  EXPECT_TRUE(is_missing(store->rename_key(noe.id, key.public_id, "mine"), "key"));
  EXPECT_TRUE(is_missing(store->revoke_key(noe.id, key.public_id), "key"));
  EXPECT_EQ(store->rename_key(mira.id, key.public_id, "vim").value().name, "vim");
  EXPECT_TRUE(store->keys(noe.id)->empty());
  ASSERT_TRUE(store->revoke_key(mira.id, key.public_id).ok());
  EXPECT_TRUE(is_missing(store->revoke_key(mira.id, key.public_id), "key"));
  EXPECT_FALSE(store->find_key(digest_of(7)).value());
  EXPECT_TRUE(store->keys(mira.id)->empty());
}

TEST_P(AccessContract, RequestsCountTowardsTheirKeysDay) {
  const Key key = store->add_key({.user_id = mira.id, .digest = digest_of(7), .name = "k"}).value();
  std::vector<RequestRow> rows(3);
  for (RequestRow& row : rows) {
    row.user_id = mira.id;
    row.key_id = key.id;
    row.began_at = now;
    row.prompt_tokens = 10;
    row.completion_tokens = 5;
    row.seed = UINT64_MAX;
    row.queue_s = 0.25;
  }
  rows[1].began_at = now + kDayMs;
  rows[2].key_id = 0;
  rows[2].user_id = noe.id;
  rows[2].id = "last";
  rows[2].outcome = "stop";
  ASSERT_TRUE(store->add_requests(rows).ok());
  EXPECT_EQ(store->tokens_of_day(key.id, now / kDayMs).value(), 15);
  EXPECT_EQ(store->tokens_of_day(key.id, now / kDayMs + 1).value(), 15);
  EXPECT_EQ(store->tokens_of_day(key.id, now / kDayMs + 2).value(), 0);
  EXPECT_EQ(store->keys(mira.id).value()[0].last_used_at, now + kDayMs);
  EXPECT_EQ(store->keys(mira.id).value()[0].tokens, 30);
  EXPECT_EQ(store->requests(std::nullopt, 10)->size(), 3u);
  EXPECT_EQ(store->requests(std::nullopt, 1).value()[0].began_at, now + kDayMs);
  const auto of_noe = store->requests(noe.id, 10).value();
  ASSERT_EQ(of_noe.size(), 1u);
  EXPECT_EQ(of_noe[0].id, "last");
  EXPECT_EQ(of_noe[0].outcome, "stop");
  EXPECT_EQ(of_noe[0].seed, UINT64_MAX);
  EXPECT_EQ(of_noe[0].queue_s, 0.25);
  EXPECT_EQ(store->remove_requests_before(now + 1).value(), 2);
  EXPECT_EQ(store->requests(std::nullopt, 10)->size(), 1u);
}

TEST_P(AccessContract, WithAUserGoesAllThatIsTheirs) {
  EXPECT_EQ(store->remove_user(mira.public_id).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(is_missing(store->remove_user("user_0"), "user"));
  ASSERT_TRUE(store->add_session({noe.id, digest_of(1), ""}).ok());
  ASSERT_TRUE(store->add_key({.user_id = noe.id, .digest = digest_of(2)}).ok());
  ASSERT_TRUE(store->set_setting(noe.id, "theme", "dark").ok());
  ASSERT_TRUE(store->add_saved_prompt(noe.id, "a", "b").ok());
  const Chat chat = store->add_chat(noe.id, {.title = "secret"}).value();
  ASSERT_TRUE(store->add_message(noe.id, chat.id, {.content = "secret words"}).ok());
  ASSERT_TRUE(store->remove_user(noe.public_id).ok());
  EXPECT_FALSE(store->find_session(digest_of(1)).value());
  EXPECT_FALSE(store->find_key(digest_of(2)).value());
  EXPECT_TRUE(store->settings(noe.id)->empty());
  EXPECT_TRUE(store->saved_prompts(noe.id)->empty());
  EXPECT_TRUE(store->search(noe.id, "secret", 10)->empty());
  EXPECT_TRUE(is_missing(store->chat(noe.id, chat.id), "chat"));
  EXPECT_NE(store->add_user("Noé").value().id, noe.id);
}

TEST_P(AccessContract, SettingsOfAUserAndOfTheServer) {
  ASSERT_TRUE(store->set_setting(mira.id, "theme", "dark").ok());
  ASSERT_TRUE(store->set_setting(mira.id, "language", "ko").ok());
  ASSERT_TRUE(store->set_setting(mira.id, "theme", "light").ok());
  ASSERT_TRUE(store->set_setting(0, "retention", "30").ok());
  const auto all = store->settings(mira.id).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "language");
  EXPECT_EQ(all[1].value, "light");
  EXPECT_EQ(store->settings(0)->size(), 1u);
  EXPECT_TRUE(store->settings(noe.id)->empty());
  ASSERT_TRUE(store->set_setting(mira.id, "theme", std::nullopt).ok());
  EXPECT_EQ(store->settings(mira.id)->size(), 1u);
}

TEST_P(AccessContract, SavedPromptsAreTheirWritersOwn) {
  const SavedPrompt b = store->add_saved_prompt(mira.id, "b", "Be short.").value();
  const SavedPrompt a = store->add_saved_prompt(mira.id, "a", "").value();
  EXPECT_EQ(store->saved_prompts(mira.id).value()[0].id, a.id);
  EXPECT_TRUE(store->saved_prompts(noe.id)->empty());
  EXPECT_TRUE(is_missing(store->change_saved_prompt(noe.id, {a.id, "x", "x"}), "prompt"));
  EXPECT_TRUE(is_missing(store->delete_saved_prompt(noe.id, a.id), "prompt"));
  ASSERT_TRUE(store->change_saved_prompt(mira.id, {a.id, "c", "New."}).ok());
  EXPECT_EQ(store->saved_prompts(mira.id).value()[1].text, "New.");
  ASSERT_TRUE(store->delete_saved_prompt(mira.id, b.id).ok());
  EXPECT_EQ(store->saved_prompts(mira.id)->size(), 1u);
}

}  // namespace
}  // namespace bise::store
