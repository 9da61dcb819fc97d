#include "api/access/proxies.h"

#include <gtest/gtest.h>

#include "api/access/access_control.h"
#include "store/open_store.h"

namespace bise::api {
namespace {

TrustedProxies trusting(std::initializer_list<const char*> networks) {
  std::vector<ProxyNetwork> all;
  for (const char* text : networks) all.push_back(parse_proxy_network(text).value());
  return TrustedProxies(std::move(all));
}

// "ADDRESS", with " tls" behind it, as the server takes it to be.
std::string seen(const TrustedProxies& proxies, const std::string& peer, http::Headers headers) {
  http::Request request;
  request.peer_address = peer;
  request.headers = std::move(headers);
  proxies.apply(request);
  return request.peer_address + (request.over_tls ? " tls" : "");
}

TEST(Proxies, NetworksAreReadAndHoldAddresses) {
  const TrustedProxies proxies = trusting({"10.1.0.0/15", "192.0.2.7", "2001:db8::/33"});
  for (const char* in : {"10.0.255.1", "10.1.0.0", "::ffff:10.1.2.3", "192.0.2.7", "2001:db8::1",
                         "2001:db8:7fff::"}) {
    EXPECT_TRUE(proxies.trusts(in)) << in;
  }
  for (const char* out : {"10.2.0.0", "192.0.2.8", "2001:db8:8000::", "unix", "", "10.1.0.0/15",
                          "::1", "localhost"}) {
    EXPECT_FALSE(proxies.trusts(out)) << out;
  }
  EXPECT_TRUE(trusting({"0.0.0.0/0"}).trusts("203.0.113.1"));
  EXPECT_FALSE(trusting({"0.0.0.0/0"}).trusts("2001:db8::1"));
  EXPECT_TRUE(trusting({"unix"}).trusts("unix"));
  EXPECT_FALSE(trusting({"::/0"}).trusts("unix"));
  for (const char* bad :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "::/129", "10.0.0/8",
        "localhost", "10.0.0.0/0x8", "10.0.0.0/8/8", "10.0.0.0/99999999999", "[::1]"}) {
    EXPECT_FALSE(parse_proxy_network(bad)) << bad;
  }
}

TEST(Proxies, OnlyTheirWordCounts) {
  const TrustedProxies proxies = trusting({"10.0.0.0/8"});
  const http::Headers says = {{"X-Forwarded-For", "198.51.100.1"}, {"X-Forwarded-Proto", "https"}};
  EXPECT_EQ(seen(proxies, "10.0.0.1", says), "198.51.100.1 tls");
  EXPECT_EQ(seen(proxies, "11.0.0.1", says), "11.0.0.1");
  EXPECT_EQ(seen(proxies, "unix", says), "unix");
  EXPECT_EQ(seen(TrustedProxies(), "10.0.0.1", says), "10.0.0.1");
  EXPECT_EQ(seen(trusting({"unix"}), "unix", says), "198.51.100.1 tls");
  EXPECT_EQ(seen(proxies, "10.0.0.1", {}), "10.0.0.1");
}

TEST(Proxies, WhatAClientWroteInFrontIsPassedOver) {
  const TrustedProxies proxies = trusting({"10.0.0.0/8"});
  const auto by_x = [&](const char* list) {
    return seen(proxies, "10.0.0.1", {{"X-Forwarded-For", list}});
  };
  EXPECT_EQ(by_x("127.0.0.1, 198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(by_x("127.0.0.1, 198.51.100.1, 10.0.0.9"), "198.51.100.1");
  EXPECT_EQ(by_x("10.0.0.8,10.0.0.9"), "10.0.0.8");
  EXPECT_EQ(by_x("198.51.100.1:4711"), "198.51.100.1");
  EXPECT_EQ(by_x("[2001:DB8::1]:80"), "2001:db8::1");
  EXPECT_EQ(by_x("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(by_x("::ffff:198.51.100.1"), "198.51.100.1");
  // What is no address ends the chain at the one who vouched for it.
  for (const char* bad : {"unknown", "", ",", "unix", "198.51.100.1, ", "1.2.3", "[::1", "[::1]x",
                          "198.51.100.1, evil", "1.2.3.4.5", "::1%lo"}) {
    EXPECT_EQ(by_x(bad), "10.0.0.1") << bad;
  }
  EXPECT_EQ(by_x("198.51.100.1, _hidden, 10.0.0.9"), "10.0.0.9");
  // Fields of the same name are one list.
  EXPECT_EQ(seen(proxies, "10.0.0.1",
                 {{"x-forwarded-for", "127.0.0.1"}, {"X-Forwarded-For", "198.51.100.1"}}),
            "198.51.100.1");
  std::string many = "198.51.100.1";
  for (int i = 0; i < 200; ++i) many += ",10.0.0.9";
  EXPECT_EQ(by_x(many.c_str()), "10.0.0.1");
}

TEST(Proxies, ForwardedIsReadAsItsRuleSays) {
  const TrustedProxies proxies = trusting({"10.0.0.0/8"});
  const auto by_forwarded = [&](const char* text) {
    return seen(proxies, "10.0.0.1", {{"Forwarded", text}});
  };
  EXPECT_EQ(by_forwarded("for=198.51.100.1;proto=https"), "198.51.100.1 tls");
  EXPECT_EQ(by_forwarded("For=\"[2001:db8::1]:4711\" ; Proto=HTTPS;by=_x"), "2001:db8::1 tls");
  EXPECT_EQ(by_forwarded("for=127.0.0.1;proto=http, for=198.51.100.1;proto=https, for=10.0.0.9"),
            "198.51.100.1 tls");
  EXPECT_EQ(by_forwarded("for=\"a,for=127.0.0.1\", for=198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(by_forwarded("for=198.51.100.1:80"), "198.51.100.1");
  for (const char* bad : {"for", "for=", "for=\"198.51.100.1", "=198.51.100.1", "for 198.51.100.1",
                          "for=198.51.100.1 proto=https", "for=\"\\", "for=unknown", "for=_x",
                          "for=\"198.51.100.1\"x"}) {
    EXPECT_EQ(by_forwarded(bad), "10.0.0.1") << bad;
  }
}

TEST(Proxies, KindsThatDoNotAgreeCountForNothing) {
  const TrustedProxies proxies = trusting({"10.0.0.0/8"});
  EXPECT_EQ(seen(proxies, "10.0.0.1",
                 {{"X-Forwarded-For", "198.51.100.1"}, {"Forwarded", "for=127.0.0.1"}}),
            "10.0.0.1");
  EXPECT_EQ(seen(proxies, "10.0.0.1",
                 {{"X-Forwarded-For", "198.51.100.1"}, {"Forwarded", "for=198.51.100.1"}}),
            "198.51.100.1");
  EXPECT_EQ(seen(proxies, "10.0.0.1",
                 {{"X-Forwarded-For", "198.51.100.1"},
                  {"X-Forwarded-Proto", "http"},
                  {"Forwarded", "for=198.51.100.1;proto=https"}}),
            "10.0.0.1");
  EXPECT_EQ(seen(proxies, "10.0.0.1", {{"X-Forwarded-Proto", "https"}}), "10.0.0.1 tls");
  EXPECT_EQ(seen(proxies, "10.0.0.1", {{"X-Forwarded-Proto", "gopher"}}), "10.0.0.1");
  EXPECT_EQ(
      seen(proxies, "10.0.0.1",
           {{"X-Forwarded-For", "127.0.0.1, 198.51.100.1"}, {"X-Forwarded-Proto", "http, https"}}),
      "198.51.100.1 tls");
}

TEST(Proxies, DecideTheCookieAndTheHostThatIsAskedFor) {
  const auto store = store::memory_store();
  const store::User user = store->add_user("owner").value();
  AccessOptions options;
  options.trusted_proxies = trusting({"unix"});
  AccessControl access(*store, std::move(options));
  const http::Route route = {"GET", "/signin", api::access(RouteAccess::open), nullptr};
  http::Router::Match match;
  match.outcome = http::Router::Outcome::found;
  match.route = &route;
  http::Request request;
  request.method = "GET";
  request.peer_address = "unix";
  request.host = "evil.org";
  request.headers = {{"X-Forwarded-For", "198.51.100.1"}, {"X-Forwarded-Proto", "https"}};
  // Who comes from elsewhere through the socket is not local.
  http::Request foreign = request;
  EXPECT_EQ(access.gate(foreign, match)->status, 421);
  request.host = "localhost";
  EXPECT_FALSE(access.gate(request, match));
  request.query = {{"link", access.make_link(user.id).value()}};
  const http::Response response = access.sign_in(request);
  EXPECT_NE(response.headers.get("set-cookie").find("; Secure"), std::string_view::npos);
}

}  // namespace
}  // namespace bise::api
