#pragma once

#include "api/access/principal.h"
#include "api/page/page.h"
#include "api/page/page_result.h"
#include "base/json.h"
#include "http/router.h"

namespace bise::api {

// Answers at once; what it returns is JSON, or an error in the page's words.
using PageHandler = PageResult<http::Response> (*)(Page&, const http::Request&);
void add_route(http::Router& router, Page& page, const char* method, const char* pattern,
               RouteAccess who, PageHandler handler);

// The body as an object; an empty body is an empty object.
PageResult<Json> read_page_body(const http::Request& request);
http::Response no_content();

// A person's own affairs: not for keys that were made for something else.
std::optional<PageError> check_person(const Principal& principal);

void mount_chats(http::Router& router, Page& page);
void mount_messages(http::Router& router, Page& page);
void mount_runs(http::Router& router, Page& page);
void mount_transfer(http::Router& router, Page& page);
void mount_settings(http::Router& router, Page& page);
void mount_people(http::Router& router, Page& page);
void mount_models(http::Router& router, Page& page);

// One place for what several routes do.
Json shown_chat(Page& page, store::Store& where, const store::Chat& chat);
void publish_chat(Page& page, std::int64_t user_id, const Json& chat);
PageResult<Json> list_chats(Page& page, std::int64_t user_id, const store::ChatFilter& filter);

}  // namespace bise::api
