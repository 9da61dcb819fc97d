#include <gtest/gtest.h>
#include <sodium.h>

#include <thread>

#include "api/page/test_page.h"

namespace bise::api {
namespace {

constexpr const char* kRight = "correct horse";
constexpr const char* kOther = "battery staple";

// A server with two users, Mira and Noe, and hashes that cost nothing.
class PasswordSignIn : public testing::Test {
 protected:
  static constexpr PasswordCost kCheap = {.passes = 1, .memory_bytes = 8192};

  std::atomic<store::TimeMs> now_{1'800'000'000'000};
  std::shared_ptr<store::Store> store_ = PageService::new_store();
  AccessControl access_{*store_, options()};
  PageService service_{store_, std::chrono::minutes(10), &access_};

  AccessOptions options() {
    AccessOptions options;
    options.password_cost = kCheap;
    options.now = [this] { return now_.load(); };
    return options;
  }

  http::Answer ask(std::string_view method, std::string_view path, std::string_view body,
                   std::string_view cookie = "",
                   std::string_view origin = "Sec-Fetch-Site: same-origin") {
    http::TestClient client(service_.port());
    return client.ask(concat(method, " ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                             cookie.empty() ? "" : "Cookie: ", cookie, cookie.empty() ? "" : "\r\n",
                             origin, origin.empty() ? "" : "\r\n", "Content-Length: ", body.size(),
                             "\r\n\r\n", body));
  }
  http::Answer sign_in(std::string_view name, std::string_view password) {
    return ask("POST", "/api/signin",
               write_json(Json::object({{"name", name}, {"password", password}})));
  }
  static std::string cookie_of(const http::Answer& answer) {
    const std::string cookie(answer.headers.get("set-cookie"));
    return cookie.substr(0, cookie.find(';'));
  }
  std::string link_cookie(std::int64_t user_id) {
    http::Request request;
    request.query = {{"link", access_.make_link(user_id).value()}};
    const std::string cookie(access_.sign_in(request).headers.get("set-cookie"));
    return cookie.substr(0, cookie.find(';'));
  }
  http::Answer set_password(std::string_view cookie, std::string_view body) {
    return ask("PATCH", "/api/me", body, cookie);
  }
  int status_with(const std::string& cookie) { return ask("GET", "/api/me", "", cookie).status; }
};

TEST_F(PasswordSignIn, WorksOnceOneIsSet) {
  EXPECT_EQ(sign_in("Mira", kRight).status, 401);
  const std::string cookie = link_cookie(1);
  const http::Answer set = set_password(cookie, R"({"password":"correct horse","name":"Mira K"})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(at(json_of(set), "has_password"), "true");
  EXPECT_EQ(at(json_of(set), "name"), "Mira K");
  EXPECT_EQ(set.body.find("argon2"), std::string::npos);
  EXPECT_TRUE(store_->user(1)->password_hash->starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
  EXPECT_EQ(sign_in("Mira", kRight).status, 401);
  EXPECT_EQ(sign_in("mIRA k", kRight).status, 204);
  const http::Answer in = sign_in("Mira K", kRight);
  ASSERT_EQ(in.status, 204);
  EXPECT_NE(in.headers.get("set-cookie").find("HttpOnly; SameSite=Lax"), std::string_view::npos);
  EXPECT_EQ(at(json_of(ask("GET", "/api/me", "", cookie_of(in))), "id"),
            store_->user(1)->public_id);
  const std::string boot = ask("GET", "/api/boot", "", cookie_of(in)).body;
  EXPECT_NE(boot.find("\"password\""), std::string::npos);
}

TEST_F(PasswordSignIn, EveryFailureIsTheSame) {
  ASSERT_EQ(set_password(link_cookie(1), R"({"password":"correct horse"})").status, 200);
  const std::string wrong = at(json_of(sign_in("Mira", kOther)), "message");
  EXPECT_EQ(wrong, "name or password is wrong");
  const std::string too_long = kRight + std::string(kPasswordBytesMax, 'x');
  for (const auto& [name, password] : {std::pair<std::string, std::string>("Nobody", kRight),
                                       {"Noe", kRight},
                                       {"Noe", ""},
                                       {"Mira", ""},
                                       {"Mira", too_long},
                                       {"", ""}}) {
    const http::Answer answer = sign_in(name, password);
    EXPECT_EQ(answer.status, 401) << name;
    EXPECT_EQ(at(json_of(answer), "message"), wrong) << name;
    EXPECT_FALSE(answer.headers.contains("set-cookie"));
  }
  for (const char* body : {"", "{", "[]", "{}", R"({"name":"Mira"})",
                           R"({"name":"Mira","password":7})", R"({"name":null,"password":"x"})"}) {
    const int status = ask("POST", "/api/signin", body).status;
    EXPECT_TRUE(status == 400 || status == 422) << body;
  }
}

TEST_F(PasswordSignIn, IsForThisServersPageAlone) {
  const std::string body = R"({"name":"Mira","password":"x"})";
  EXPECT_EQ(ask("POST", "/api/signin", body, "", "").status, 403);
  EXPECT_EQ(ask("POST", "/api/signin", body, "", "Sec-Fetch-Site: cross-site").status, 403);
  EXPECT_EQ(ask("POST", "/api/signin", body, "", "Origin: https://evil.org").status, 403);
  EXPECT_EQ(ask("POST", "/api/signin", body, "", "Origin: http://127.0.0.1").status, 401);
}

TEST_F(PasswordSignIn, ChangingItNeedsTheOldOneAndEndsOtherSessions) {
  const std::string mine = link_cookie(1), other = link_cookie(1), noes = link_cookie(2);
  ASSERT_EQ(set_password(mine, R"({"password":"correct horse"})").status, 200);
  EXPECT_EQ(status_with(other), 401);
  EXPECT_EQ(status_with(mine), 200);
  EXPECT_EQ(status_with(noes), 200);
  const std::string second = cookie_of(sign_in("Mira", kRight));
  for (const char* body :
       {R"({"password":"battery staple"})", R"({"password":null})",
        R"({"password":"battery staple","current_password":"wrong","name":"M"})"}) {
    const http::Answer refused = set_password(mine, body);
    EXPECT_EQ(refused.status, 403) << body;
    EXPECT_EQ(at(json_of(refused), "error.code"), "wrong_password");
  }
  EXPECT_EQ(store_->user(1)->name, "Mira");
  EXPECT_EQ(status_with(second), 200);
  ASSERT_EQ(
      set_password(mine, R"({"password":"battery staple","current_password":"correct horse"})")
          .status,
      200);
  EXPECT_EQ(status_with(second), 401);
  EXPECT_EQ(sign_in("Mira", kRight).status, 401);
  EXPECT_EQ(sign_in("Mira", kOther).status, 204);
  ASSERT_EQ(set_password(mine, R"({"password":null,"current_password":"battery staple"})").status,
            200);
  EXPECT_FALSE(store_->user(1)->password_hash);
  EXPECT_EQ(sign_in("Mira", kOther).status, 401);
}

TEST_F(PasswordSignIn, BadOnesAreNotTaken) {
  const std::string cookie = link_cookie(1);
  const std::string too_long = concat(R"({"password":")", std::string(1025, 'x'), "\"}");
  for (const std::string& body :
       {std::string(R"({"password":"7 bytes"})"), std::string(R"({"password":"비밀번호"})"),
        std::string(R"({"password":true})"), too_long,
        std::string(R"({"password":"long enough","current_password":1})"),
        std::string(R"({"password":"long enough","name":" "})")}) {
    EXPECT_EQ(set_password(cookie, body).status, 422) << body.substr(0, 60);
  }
  EXPECT_FALSE(store_->user(1)->password_hash);
}

TEST_F(PasswordSignIn, TooManyAttemptsHaveToWait) {
  ASSERT_EQ(set_password(link_cookie(1), R"({"password":"correct horse"})").status, 200);
  // Those that were right do not count.
  for (int i = 0; i < 30; ++i) ASSERT_EQ(sign_in("Mira", kRight).status, 204) << i;
  const auto tries_until_refused = [&](const std::string& name) {
    int tries = 0;
    while (tries < 100 && sign_in(name, kOther).status == 401) ++tries;
    return tries;
  };
  const int of_name = tries_until_refused("Mira");
  EXPECT_EQ(of_name, 10);
  EXPECT_EQ(sign_in("mira", kOther).status, 429);
  const http::Answer refused = sign_in("Mira", kRight);
  EXPECT_EQ(refused.status, 429);
  EXPECT_FALSE(refused.headers.get("retry-after").empty());
  now_ += 31'000;
  EXPECT_EQ(sign_in("Mira", kRight).status, 204);
  // A name that nobody has is counted like one that somebody has, and the address over all names.
  now_ += 3'600'000;
  EXPECT_EQ(tries_until_refused("Nobody"), of_name);
  EXPECT_EQ(tries_until_refused("Noe"), 20 - of_name - 1);
}

TEST_F(PasswordSignIn, ManyAtOnceAreAllAnswered) {
  ASSERT_EQ(set_password(link_cookie(1), R"({"password":"correct horse"})").status, 200);
  std::vector<std::thread> clients;
  std::atomic<int> good = 0, busy = 0, other = 0;
  for (int i = 0; i < 24; ++i) {
    clients.emplace_back([&] {
      const int status = sign_in("Mira", kRight).status;
      (status == 204 ? good : status == 429 ? busy : other) += 1;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GE(good, 1);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(good + busy, 24);
}

TEST(Passwords, NobodysHashCostsWhatAnyHashDoes) {
  const PasswordCost cost = {.passes = 2, .memory_bytes = 1u << 20};
  const std::string text = hash_of_nobody(cost);
  EXPECT_EQ(::crypto_pwhash_argon2id_str_needs_rehash(text.c_str(), 2, 1u << 20), 0);
  const Passwords passwords(cost, store::system_time_ms);
  const std::string real = passwords.hash("x").value();
  EXPECT_EQ(real.size(), text.size());
  EXPECT_TRUE(passwords.matches("x", real));
  EXPECT_FALSE(passwords.matches("y", real));
  EXPECT_FALSE(passwords.matches("x", std::nullopt));
  EXPECT_FALSE(passwords.matches("x", "no hash"));
}

TEST(Attempts, StayBounded) {
  Attempts attempts({.burst = 1, .per_minute = 1});
  for (int i = 0; i < 10'000; ++i) attempts.take(concat("name ", i), i);
  EXPECT_EQ(attempts.size(), Attempts::kNamesMax);
  EXPECT_EQ(attempts.take("name 9999", 9999), 60);
  const std::string longer(Attempts::kNameBytesMax, 'x');
  EXPECT_EQ(attempts.take(longer + "a", 10'000), 0);
  EXPECT_NE(attempts.take(longer + "b", 10'000), 0);
  attempts.give_back(longer);
  EXPECT_EQ(attempts.take(longer, 10'000), 0);
}

}  // namespace
}  // namespace bise::api
