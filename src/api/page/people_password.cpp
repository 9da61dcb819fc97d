#include "api/page/people_password.h"

#include "api/access/access_control.h"
#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/wire.h"
#include "base/text.h"

namespace bise::api {
namespace {

using Response = PageResult<http::Response>;

struct PasswordChange {
  std::optional<std::string> password;  // none: it is removed
  std::string current;                  // "": not given
  std::optional<std::string> name;      // changed with it
};

std::size_t letters_of(std::string_view text) {
  std::size_t letters = 0;
  for (const char c : text) letters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return letters;
}

PageResult<PasswordChange> read_change(const Json& body, std::optional<std::string> name) {
  PasswordChange change = {.password = {}, .current = {}, .name = std::move(name)};
  const Json& password = *body.find("password");
  if (!password.is_string() && !password.is_null()) return bad_field("password", "is no text");
  if (password.is_string()) {
    change.password = password.as_string();
    if (letters_of(*change.password) < kPasswordLettersMin) {
      return bad_field("password", concat("has fewer than ", kPasswordLettersMin, " characters"));
    }
    if (change.password->size() > kPasswordBytesMax) return bad_field("password", "is too long");
  }
  const Json* current = member(body, "current_password");
  if (current != nullptr && !current->is_string()) {
    return bad_field("current_password", "is no text");
  }
  if (current != nullptr) change.current = current->as_string();
  return change;
}

// Whoever else is signed in as this user is not any more.
Result<void> end_other_sessions(Page& page, const Principal& principal) {
  store::Store& store = *page.context().store;
  const std::vector<store::Session> sessions = TRY(store.sessions(principal.user_id));
  TRY(store.end_other_sessions(principal.user_id, principal.session_id));
  for (const store::Session& session : sessions) {
    if (session.id != principal.session_id) page.events().sign_out(session.id);
  }
  return {};
}

// On the thread of passwords.
Response change_password(Page& page, const http::Request& request, const PasswordChange& change) {
  const Principal& principal = principal_of(request);
  store::Store& store = *page.context().store;
  Passwords& passwords = page.context().access->passwords();
  const store::User user = TRY(store.user(principal.user_id));
  if (user.password_hash) {
    if (!passwords.matches(change.current, user.password_hash)) {
      return ApiError{.status = 403,
                      .message = "current_password: is not the password that is set",
                      .param = "current_password",
                      .code = "wrong_password"};
    }
  }
  passwords.forgive_attempt(request.peer_address, user.public_id);
  std::optional<std::string> hash;
  if (change.password) hash = TRY(passwords.hash(*change.password));
  if (change.name) TRY(store.rename_user(principal.user_id, *change.name));
  TRY_VOID(store.set_password_hash(principal.user_id, std::move(hash)));
  TRY_VOID(end_other_sessions(page, principal));
  http::Response response = json_response(user_json(TRY(store.user(principal.user_id))));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

void patch_password(Page& page, const http::ExchangePtr& exchange, const Json& body,
                    std::optional<std::string> name) {
  const http::Request& request = exchange->request();
  AccessControl* access = page.context().access;
  if (access == nullptr) {
    return exchange->respond(
        page_error_response(page_error({ErrorCode::not_found, "nobody signs in here"})));
  }
  auto change = read_change(body, std::move(name));
  if (!change.ok()) return exchange->respond(page_error_response(change.error()));
  const Result<store::User> user = page.context().store->user(principal_of(request).user_id);
  if (!user.ok()) return exchange->respond(page_error_response(page_error(user.error())));
  // Of the user's id, so that who tries to sign in by the name does not use these up.
  const int wait_s = access->passwords().take_attempt(request.peer_address, user->public_id);
  if (wait_s > 0) {
    return exchange->respond(error_response(too_many_attempts(wait_s), &request));
  }
  const bool is_posted = access->passwords().post([&page, exchange, change = std::move(*change)] {
    auto answered = change_password(page, exchange->request(), change);
    exchange->respond(answered.ok() ? std::move(*answered) : page_error_response(answered.error()));
  });
  if (!is_posted) exchange->respond(error_response(passwords_busy(), &request));
}

}  // namespace bise::api
